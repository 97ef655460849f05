using Google.Protobuf;

namespace Net.Grpc;

/// <summary>Stands around every call of a client: authentication, retry, logging and metrics attach here. One object serves all calls at once.</summary>
/// <remarks>Most need only <see cref="Prepare"/> and <see cref="Completed"/>. The others may call their continuation again, which makes another attempt.</remarks>
public abstract class GrpcClientInterceptor
{
    /// <summary>Changes a call before it is made, of whatever kind; to add a token, for one.</summary>
    /// <param name="context">The call.</param>
    /// <returns>The call to make. By default the same.</returns>
    public virtual GrpcClientContext Prepare(GrpcClientContext context) => context;

    /// <summary>Sees how each attempt of a call ended. Must not throw.</summary>
    /// <param name="context">The call as it was made.</param>
    /// <param name="status">Its status.</param>
    /// <param name="duration">From the start to the status.</param>
    public virtual void Completed(GrpcClientContext context, GrpcStatus status, TimeSpan duration)
    {
    }

    /// <summary>Makes a unary call.</summary>
    /// <typeparam name="TRequest">The request.</typeparam>
    /// <typeparam name="TResponse">The response.</typeparam>
    /// <param name="request">The request.</param>
    /// <param name="context">The call.</param>
    /// <param name="continuation">Makes it; throws <see cref="GrpcException"/> when it ends with another status than OK.</param>
    /// <returns>The response.</returns>
    public virtual ValueTask<GrpcUnaryResponse<TResponse>> UnaryAsync<TRequest, TResponse>(
        TRequest request, GrpcClientContext context, Func<TRequest, GrpcClientContext, ValueTask<GrpcUnaryResponse<TResponse>>> continuation)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        ArgumentNullException.ThrowIfNull(continuation);
        return continuation(request, Prepare(context));
    }

    /// <summary>Starts a call with one request and a stream of responses.</summary>
    /// <typeparam name="TRequest">The request.</typeparam>
    /// <typeparam name="TResponse">The responses.</typeparam>
    /// <param name="request">The request.</param>
    /// <param name="context">The call.</param>
    /// <param name="continuation">Starts it.</param>
    /// <returns>The call; it or what wraps it is disposed by the caller.</returns>
    public virtual GrpcServerStreamingCall<TResponse> ServerStreaming<TRequest, TResponse>(
        TRequest request, GrpcClientContext context, Func<TRequest, GrpcClientContext, GrpcServerStreamingCall<TResponse>> continuation)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        ArgumentNullException.ThrowIfNull(continuation);
        return continuation(request, Prepare(context));
    }

    /// <summary>Starts a call with a stream of requests, and one response or a stream of them.</summary>
    /// <typeparam name="TRequest">The requests.</typeparam>
    /// <typeparam name="TResponse">The responses.</typeparam>
    /// <param name="context">The call.</param>
    /// <param name="continuation">Starts it.</param>
    /// <returns>The call; it or what wraps it is disposed by the caller.</returns>
    public virtual GrpcDuplexCall<TRequest, TResponse> Duplex<TRequest, TResponse>(
        GrpcClientContext context, Func<GrpcClientContext, GrpcDuplexCall<TRequest, TResponse>> continuation)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        ArgumentNullException.ThrowIfNull(continuation);
        return continuation(Prepare(context));
    }
}
