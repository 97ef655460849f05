using Net.Grpc;
using Net.Protocol.Echo;

namespace Net.UnitTests.Grpc;

/// <summary>Echo's two methods with handlers that a test gives.</summary>
internal sealed class ServerCallFixture
{
    internal static readonly GrpcContract Contract = GrpcContract.From(EchoReflection.Descriptor, "EchoService");
    internal static readonly GrpcUnaryMethod<EchoRequest, EchoResponse> Echo = Contract.Unary<EchoRequest, EchoResponse>("Echo");
    internal static readonly GrpcDuplexMethod<EchoRequest, EchoResponse> EchoStream = Contract.Duplex<EchoRequest, EchoResponse>("EchoStream");

    internal static readonly GrpcServiceDefinition<ServerCallFixture> Definition = GrpcServiceDefinition.Create<ServerCallFixture>(Contract, methods => methods
        .Unary(Echo, static (service, request, context) => service.Unary(request, context))
        .Duplex(EchoStream, static (service, requests, responses, context) => service.Duplex(requests, responses, context)));

    internal Func<EchoRequest, GrpcServerContext, ValueTask<EchoResponse>> Unary { get; init; } =
        (request, _) => ValueTask.FromResult(new EchoResponse { Payload = request.Payload });

    internal Func<GrpcMessageReader<EchoRequest>, GrpcMessageWriter<EchoResponse>, GrpcServerContext, ValueTask> Duplex { get; init; } =
        async (requests, responses, _) =>
        {
            await foreach (EchoRequest request in requests)
            {
                await responses.WriteAsync(new EchoResponse { Payload = request.Payload });
            }
        };

    internal Task ServeUnaryAsync(MemoryExchange exchange, GrpcServerOptions? options = null) =>
        Definition.ServerMethods[0].ServeAsync(exchange, _ => this, options ?? new GrpcServerOptions());

    internal Task ServeDuplexAsync(MemoryExchange exchange, GrpcServerOptions? options = null) =>
        Definition.ServerMethods[1].ServeAsync(exchange, _ => this, options ?? new GrpcServerOptions());
}
