using Google.Protobuf;
using Net.Grpc;
using Net.Security;

namespace Net.Server;

/// <summary>Asks with each message of a gRPC call whether it may go on: a stream that outlives its credential takes and gives nothing more.</summary>
internal sealed class AccessInterceptor : GrpcServerInterceptor
{
    internal static readonly AccessInterceptor Instance = new();

    public override ValueTask InvokeAsync(GrpcServerContext context, Func<GrpcServerContext, ValueTask> continuation)
    {
        // Whoever built a pipeline around the middleware gets no calls through, rather than calls of nobody.
        if (context.GetAccess() is null)
        {
            throw new GrpcException(GrpcStatusCode.Internal, "The call did not pass access control.");
        }

        return continuation(context);
    }

    public override ValueTask MessageReceivedAsync(GrpcServerContext context, IMessage message) => CheckAsync(context);

    public override ValueTask MessageSendingAsync(GrpcServerContext context, IMessage message) => CheckAsync(context);

    private static ValueTask CheckAsync(GrpcServerContext context)
    {
        AccessVerdict verdict = context.GetAccess()!.Check();
        return verdict.IsAllowed ? ValueTask.CompletedTask : throw AccessMiddleware.ToException(verdict);
    }
}
