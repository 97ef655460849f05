using System.Collections.Frozen;
using Google.Protobuf.Reflection;
using Net.Grpc;

namespace Net.Channels;

/// <summary>
/// What .proto files say of the methods of gRPC services: which may be executed more than once. For clients of gRPC that do not tell a channel, such as Grpc.Net.Client:
/// <see cref="ClientChannel.CreateHttpHandler(MethodIdempotency)"/>. Immutable; make it once.
/// </summary>
/// <example>
/// <code>
/// using var stock = GrpcChannel.ForAddress("https://a.example", new() { HttpHandler = channel.CreateHttpHandler(MethodIdempotency.Of(Greeter.Descriptor)) });
/// </code>
/// </example>
public sealed class MethodIdempotency
{
    private readonly FrozenDictionary<string, Known> _methods;

    private MethodIdempotency(IEnumerable<MethodDescriptor> methods) => _methods = methods
        .DistinctBy(PathOf, StringComparer.Ordinal)
        .ToFrozenDictionary(PathOf, static method => new Known(GrpcContract.IdempotencyOf(method), !method.IsClientStreaming), StringComparer.Ordinal);

    /// <summary>Reads the <c>idempotency_level</c> of each method of services.</summary>
    /// <param name="services">Their descriptors, such as <c>Greeter.Descriptor</c>, which code generated for gRPC has; of a file they are <c>GreetReflection.Descriptor.Services</c>.</param>
    /// <returns>What is known of them. A method without the option is taken as not idempotent, and so is one of a service that is not named.</returns>
    public static MethodIdempotency Of(params IEnumerable<ServiceDescriptor> services)
    {
        ArgumentNullException.ThrowIfNull(services);
        ServiceDescriptor[] all = [.. services];
        return all.Contains(null!) ? throw new ArgumentException("One of the services is null.", nameof(services)) : new MethodIdempotency(all.SelectMany(static service => service.Methods));
    }

    /// <summary>Finds what is known of a method.</summary>
    /// <param name="path">The path of a call's URI: <c>/package.Service/Method</c>.</param>
    internal Known? Find(string path) => _methods.TryGetValue(path, out Known known) ? known : null;

    private static string PathOf(MethodDescriptor method) => $"/{method.Service.FullName}/{method.Name}";

    /// <summary>What is known of a method.</summary>
    /// <param name="Idempotency">What the .proto file says.</param>
    /// <param name="TakesOneMessage">Whether the request's content is one message, which is there as a whole when the call is made.</param>
    internal readonly record struct Known(Idempotency Idempotency, bool TakesOneMessage);
}
