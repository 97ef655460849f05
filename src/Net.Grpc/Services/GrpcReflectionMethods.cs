using Net.Grpc.Messages;

namespace Net.Grpc;

/// <summary>The method of <c>grpc.reflection.v1.ServerReflection</c>.</summary>
public static class GrpcReflectionMethods
{
    /// <summary>The service as its .proto file declares it.</summary>
    public static GrpcContract Contract { get; } = GrpcContract.From(ReflectionReflection.Descriptor, "ServerReflection");

    /// <summary>One answer for each question, in order.</summary>
    public static GrpcDuplexMethod<ServerReflectionRequest, ServerReflectionResponse> ServerReflectionInfo { get; } =
        Contract.Duplex<ServerReflectionRequest, ServerReflectionResponse>("ServerReflectionInfo");
}
