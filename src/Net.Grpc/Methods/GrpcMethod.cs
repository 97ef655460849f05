using Google.Protobuf.Reflection;

namespace Net.Grpc;

/// <summary>One method of a service, checked against its protobuf descriptor when it was made. <see cref="GrpcContract"/> makes it.</summary>
public abstract class GrpcMethod
{
    private protected GrpcMethod(MethodDescriptor descriptor, GrpcMethodKind kind)
    {
        Descriptor = descriptor;
        Kind = kind;
        FullName = $"{descriptor.Service.FullName}/{descriptor.Name}";
        Path = "/" + FullName;
        Idempotency = GrpcContract.IdempotencyOf(descriptor);
    }

    /// <summary>What the .proto file says about it.</summary>
    public MethodDescriptor Descriptor { get; }

    /// <summary>Which sides stream.</summary>
    public GrpcMethodKind Kind { get; }

    /// <summary>Package, service and method as OpenTelemetry's <c>rpc.method</c> has it: <c>echo.EchoService/Echo</c>.</summary>
    public string FullName { get; }

    /// <summary>The path on the wire: <c>/echo.EchoService/Echo</c>.</summary>
    public string Path { get; }

    /// <summary>The method's <c>idempotency_level</c> option. Retry, hedging and 0-RTT rest on it alone; without the option it is <see cref="Idempotency.NonIdempotent"/>.</summary>
    public Idempotency Idempotency { get; }

    /// <inheritdoc/>
    public override string ToString() => FullName;
}
