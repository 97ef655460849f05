namespace Net.Grpc;

/// <summary>A server that sends another number of responses than its method has (gRPC, "Status codes and their use": UNIMPLEMENTED).</summary>
internal static class ClientCardinality
{
    internal static GrpcException NoResponse(GrpcMethod method) =>
        new(GrpcStatusCode.Unimplemented, $"{method.FullName} has one response; the server ended the call with OK and sent none.");

    internal static GrpcException ManyResponses(GrpcMethod method) =>
        new(GrpcStatusCode.Unimplemented, $"{method.FullName} has one response; the server sent more.");
}
