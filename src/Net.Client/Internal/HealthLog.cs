using Microsoft.Extensions.Logging;

namespace Net.Client.Internal;

/// <summary>Log events of health checking: 2200 to 2219.</summary>
internal static partial class HealthLog
{
    [LoggerMessage(2200, LogLevel.Warning, "{EndPoint} is {State}: {Reason}", EventName = "EndPointWorse")]
    internal static partial void Worse(ILogger logger, string endPoint, HealthState state, string? reason);

    [LoggerMessage(2201, LogLevel.Information, "{EndPoint} is {State} again", EventName = "EndPointBetter")]
    internal static partial void Better(ILogger logger, string endPoint, HealthState state);

    [LoggerMessage(2202, LogLevel.Debug, "The watch {Probe} of {EndPoint} ended", EventName = "WatchEnded")]
    internal static partial void WatchEnded(ILogger logger, Exception exception, string probe, string endPoint);

    [LoggerMessage(2203, LogLevel.Error, "The check {Probe} of {EndPoint} broke; checking goes on", EventName = "CheckBroke")]
    internal static partial void CheckBroke(ILogger logger, Exception exception, string probe, string endPoint);
}
