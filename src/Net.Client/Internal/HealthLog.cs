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

    [LoggerMessage(
        2204, LogLevel.Warning,
        "The check {Probe} cannot be made over {Protocol} ({EndPoint}): {Reason} It is the channel's only active check: end points that nobody calls are not checked where it cannot be made, and what is "
        + "known of them comes from calls and attempts to connect. Add a check that their processes answer, EchoProbe or GrpcHealthProbe (NetChannelBuilder.AddHealthCheck; Health:Echo or Health:Grpc in configuration).",
        EventName = "NothingChecks")]
    internal static partial void NothingChecks(ILogger logger, string probe, ChannelEndPoint endPoint, string protocol, string reason);

    [LoggerMessage(
        2205, LogLevel.Information, "The check {Probe} cannot be made over {Protocol} ({EndPoint}): {Reason} The channel's other checks go on.", EventName = "ProbeUnsupported")]
    internal static partial void ProbeUnsupported(ILogger logger, string probe, ChannelEndPoint endPoint, string protocol, string reason);
}
