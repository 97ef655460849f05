using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Net.Grpc;

/// <summary>A method whose message types are known to the compiler.</summary>
/// <typeparam name="TRequest">What the client sends.</typeparam>
/// <typeparam name="TResponse">What the server sends.</typeparam>
public abstract class GrpcTypedMethod<TRequest, TResponse> : GrpcMethod
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private protected GrpcTypedMethod(MethodDescriptor descriptor, GrpcMethodKind kind)
        : base(descriptor, kind)
    {
        // GrpcContract has checked both types.
        RequestParser = (MessageParser<TRequest>)descriptor.InputType.Parser;
        ResponseParser = (MessageParser<TResponse>)descriptor.OutputType.Parser;
    }

    internal MessageParser<TRequest> RequestParser { get; }

    internal MessageParser<TResponse> ResponseParser { get; }
}
