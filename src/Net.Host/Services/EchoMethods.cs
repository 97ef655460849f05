using Net.Grpc;
using Net.Protocol.Echo;

namespace Net.Hosting.Services;

/// <summary>The methods of <c>echo.EchoService</c>, for clients.</summary>
public static class EchoMethods
{
    /// <summary>The service as its .proto file declares it.</summary>
    public static GrpcContract Contract { get; } = GrpcContract.From(EchoReflection.Descriptor, "EchoService");

    /// <summary>One answer.</summary>
    public static GrpcUnaryMethod<EchoRequest, EchoResponse> Echo { get; } = Contract.Unary<EchoRequest, EchoResponse>("Echo");

    /// <summary>One answer for each request, in order.</summary>
    public static GrpcDuplexMethod<EchoRequest, EchoResponse> EchoStream { get; } = Contract.Duplex<EchoRequest, EchoResponse>("EchoStream");
}
