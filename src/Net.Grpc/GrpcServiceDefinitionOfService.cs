namespace Net.Grpc;

/// <summary>A service's methods, each bound to the code that serves it. <see cref="GrpcServiceDefinition.Create"/> makes it, once, at start.</summary>
/// <typeparam name="TService">The class or interface that the handlers are members of.</typeparam>
/// <example>
/// <code>
/// GrpcServiceDefinition&lt;EchoService&gt; definition = GrpcServiceDefinition.Create&lt;EchoService&gt;(EchoMethods.Contract, methods => methods
///     .Unary(EchoMethods.Echo, static (service, request, context) => service.EchoAsync(request, context))
///     .Duplex(EchoMethods.EchoStream, static (service, requests, responses, context) => service.EchoStreamAsync(requests, responses, context)));
/// </code>
/// </example>
public sealed class GrpcServiceDefinition<TService> : GrpcServiceDefinition
    where TService : class
{
    internal GrpcServiceDefinition(GrpcContract contract, IReadOnlyList<GrpcServerMethod<TService>> methods)
        : base(contract, [.. methods.Select(m => m.Method)]) => ServerMethods = methods;

    internal IReadOnlyList<GrpcServerMethod<TService>> ServerMethods { get; }
}
