using Net.Grpc.Messages;

namespace Net.Grpc;

/// <summary>The methods of <c>grpc.health.v1.Health</c>, for clients that ask a server whether it is ready.</summary>
public static class GrpcHealthMethods
{
    /// <summary>The service as its .proto file declares it.</summary>
    public static GrpcContract Contract { get; } = GrpcContract.From(HealthReflection.Descriptor, "Health");

    /// <summary>The state now; NOT_FOUND when the service is not known.</summary>
    public static GrpcUnaryMethod<HealthCheckRequest, HealthCheckResponse> Check { get; } = Contract.Unary<HealthCheckRequest, HealthCheckResponse>("Check");

    /// <summary>The state now and after each change.</summary>
    public static GrpcServerStreamingMethod<HealthCheckRequest, HealthCheckResponse> Watch { get; } = Contract.ServerStreaming<HealthCheckRequest, HealthCheckResponse>("Watch");
}
