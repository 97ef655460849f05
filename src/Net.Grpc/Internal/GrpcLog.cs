using Microsoft.Extensions.Logging;

namespace Net.Grpc;

/// <summary>What gRPC logs. Ids 3000 to 3099 belong to Net.Grpc and are never used again for something else.</summary>
internal static partial class GrpcLog
{
    [LoggerMessage(3000, LogLevel.Error, "The handler of {Method} failed; the client is told {Code} without the reason.", EventName = nameof(HandlerFailed))]
    internal static partial void HandlerFailed(ILogger logger, string method, string code, Exception exception);

    [LoggerMessage(3001, LogLevel.Debug, "A call of {Method} ended with {Code}: {Message}", EventName = nameof(CallRefused))]
    internal static partial void CallRefused(ILogger logger, string method, string code, string message);

    [LoggerMessage(3002, LogLevel.Debug, "The status of a call of {Method} could not be sent; the client is gone.", EventName = nameof(StatusNotSent))]
    internal static partial void StatusNotSent(ILogger logger, string method, Exception exception);

    [LoggerMessage(3003, LogLevel.Debug, "The deadline of a call of {Method} passed; its handler is asked to stop.", EventName = nameof(DeadlinePassed))]
    internal static partial void DeadlinePassed(ILogger logger, string method);

    [LoggerMessage(3004, LogLevel.Debug, "A call of {Method} is over, but its client has not read on for {Seconds} s; the stream is aborted without a status.", EventName = nameof(NotReadOn))]
    internal static partial void NotReadOn(ILogger logger, string method, double seconds);

    [LoggerMessage(3010, LogLevel.Debug, "A call of {Method} failed with {Code}: {Message}", EventName = nameof(CallFailed))]
    internal static partial void CallFailed(ILogger logger, string method, string code, string message);
}
