using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Net.Grpc;

/// <summary>A method with many requests and one response.</summary>
/// <typeparam name="TRequest">What the client sends.</typeparam>
/// <typeparam name="TResponse">What the server sends.</typeparam>
public sealed class GrpcClientStreamingMethod<TRequest, TResponse> : GrpcTypedMethod<TRequest, TResponse>
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    internal GrpcClientStreamingMethod(MethodDescriptor descriptor)
        : base(descriptor, GrpcMethodKind.ClientStreaming)
    {
    }
}
