using Google.Protobuf;
using Net.Grpc;
using Net.Security;

namespace Net.Server;

/// <summary>Asks with each message of a gRPC call whether it may go on, and of a stream between its messages as well: one that outlives its credential is ended.</summary>
internal sealed class AccessInterceptor : GrpcServerInterceptor
{
    internal static readonly AccessInterceptor Instance = new();

    public override ValueTask InvokeAsync(GrpcServerContext context, Func<GrpcServerContext, ValueTask> continuation)
    {
        // Whoever built a pipeline around the middleware gets no calls through, rather than calls of nobody.
        AccessCall access = context.GetAccess() ?? throw new GrpcException(GrpcStatusCode.Internal, "The call did not pass access control.");
        return context.Method.Kind == GrpcMethodKind.Unary ? continuation(context) : WatchAsync(context, access, continuation);
    }

    public override ValueTask MessageReceivedAsync(GrpcServerContext context, IMessage message) => CheckAsync(context);

    public override ValueTask MessageSendingAsync(GrpcServerContext context, IMessage message) => CheckAsync(context);

    private static async ValueTask WatchAsync(GrpcServerContext context, AccessCall access, Func<GrpcServerContext, ValueTask> continuation)
    {
        context.AllowCut();
        var watch = new GrpcStreamWatch(context, access);
        await using (watch.ConfigureAwait(false))
        {
            await continuation(context).ConfigureAwait(false);
        }
    }

    private static ValueTask CheckAsync(GrpcServerContext context)
    {
        AccessVerdict verdict = context.GetAccess()!.Check();
        return verdict.IsAllowed ? ValueTask.CompletedTask : throw AccessMiddleware.ToException(verdict);
    }
}
