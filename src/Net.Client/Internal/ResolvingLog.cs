using Microsoft.Extensions.Logging;

namespace Net.Client.Internal;

/// <summary>Log events of resolving: 2220 to 2229.</summary>
internal static partial class ResolvingLog
{
    [LoggerMessage(2220, LogLevel.Warning, "{Resolver} could not be resolved; an earlier answer stays: {KeepsOld}", EventName = "ResolveFailed")]
    internal static partial void Failed(ILogger logger, Exception exception, string resolver, bool keepsOld);

    [LoggerMessage(2221, LogLevel.Information, "{Resolver} has {Count} end points: {EndPoints}", EventName = "Resolved")]
    internal static partial void Resolved(ILogger logger, string resolver, int count, string endPoints);

    [LoggerMessage(2222, LogLevel.Error, "A listener to failures of {Resolver} threw", EventName = "ResolveListenerBroke")]
    internal static partial void ListenerBroke(ILogger logger, Exception exception, string resolver);
}
