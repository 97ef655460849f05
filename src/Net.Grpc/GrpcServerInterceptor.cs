using Google.Protobuf;

namespace Net.Grpc;

/// <summary>Stands around every call that a server serves: authentication, limits, logging and metrics attach here. One object serves all calls at once.</summary>
public abstract class GrpcServerInterceptor
{
    /// <summary>
    /// Runs a call. It begins before the first message is read, so that a call can be refused for the price of its headers, and <paramref name="continuation"/> ends when the handler
    /// has: normally for OK, with an exception for anything else. The status is sent after the outermost interceptor returns.
    /// </summary>
    /// <param name="context">The call.</param>
    /// <param name="continuation">The rest: further interceptors and the handler. Call it at most once.</param>
    /// <returns>Completes when the call is over.</returns>
    /// <exception cref="GrpcException">Ends the call with this status.</exception>
    public virtual ValueTask InvokeAsync(GrpcServerContext context, Func<GrpcServerContext, ValueTask> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        return continuation(context);
    }

    /// <summary>Sees each message of the client's before the handler does.</summary>
    /// <param name="context">The call.</param>
    /// <param name="message">The message.</param>
    /// <returns>Completes when the handler may have it.</returns>
    /// <exception cref="GrpcException">Goes to the handler, out of its read, and ends the call with this status when the handler lets it through.</exception>
    public virtual ValueTask MessageReceivedAsync(GrpcServerContext context, IMessage message) => ValueTask.CompletedTask;

    /// <summary>Sees each message of the handler's before it is sent.</summary>
    /// <param name="context">The call.</param>
    /// <param name="message">The message.</param>
    /// <returns>Completes when it may be sent.</returns>
    /// <exception cref="GrpcException">Goes to the handler, out of its write.</exception>
    public virtual ValueTask MessageSendingAsync(GrpcServerContext context, IMessage message) => ValueTask.CompletedTask;
}
