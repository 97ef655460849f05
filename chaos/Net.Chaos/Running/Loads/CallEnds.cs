using Net.Chaos.Ledgers;
using Net.Grpc;

namespace Net.Chaos.Running.Loads;

/// <summary>The one place that says how a failure counts: refused when it is proved that nothing was processed, failed when a server said so, else unknown.</summary>
internal static class CallEnds
{
    internal static CallResult ResultOf(Exception exception) => exception switch
    {
        GrpcException { IsSafeToRetry: true } => CallResult.Refused,
        GrpcException { Code: GrpcStatusCode.DeadlineExceeded } => CallResult.Unknown,

        // What the transport did has its cause with it; a status that came from the server has none.
        GrpcException { InnerException: null } => CallResult.Failed,
        TransportException { IsSafeToRetry: true } => CallResult.Refused,
        TransportException { Error: TransportError.DeadlineExceeded } => CallResult.Unknown,
        TransportException { Error: TransportError.StreamReset, ApplicationErrorCode: not null } => CallResult.Failed,
        _ => CallResult.Unknown,
    };

    /// <summary>One line, short enough for a table.</summary>
    internal static string Describe(Exception exception)
    {
        const int longest = 300;
        string text = exception switch
        {
            GrpcException grpc => $"{grpc.Code}: {grpc.Status.Message}{(grpc.InnerException is { } inner ? $" ({inner.Message})" : "")}",
            TransportException transport => $"{transport.Error}: {transport.Message}",
            _ => $"{exception.GetType().Name}: {exception.Message}",
        };
        text = text.ReplaceLineEndings(" ");
        return text.Length <= longest ? text : text[..longest];
    }
}
