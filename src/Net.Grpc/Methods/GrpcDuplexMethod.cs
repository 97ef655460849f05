using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Net.Grpc;

/// <summary>A method with many requests and many responses.</summary>
/// <typeparam name="TRequest">What the client sends.</typeparam>
/// <typeparam name="TResponse">What the server sends.</typeparam>
public sealed class GrpcDuplexMethod<TRequest, TResponse> : GrpcTypedMethod<TRequest, TResponse>
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    internal GrpcDuplexMethod(MethodDescriptor descriptor)
        : base(descriptor, GrpcMethodKind.Duplex)
    {
    }
}
