using Microsoft.Extensions.Logging;

namespace Net.Chaos.Proxy;

/// <summary>What proxies log.</summary>
internal static partial class ChaosLog
{
    internal const string Category = "Net.Chaos";

    [LoggerMessage(EventId = 6000, EventName = "ProxyStarted", Level = LogLevel.Information, Message = "Proxy {Proxy} listens on {Listen} and passes on to {Upstream}")]
    internal static partial void ProxyStarted(ILogger logger, string proxy, string listen, string upstream);

    [LoggerMessage(EventId = 6001, EventName = "ProxyStopped", Level = LogLevel.Information, Message = "Proxy {Proxy} is down")]
    internal static partial void ProxyStopped(ILogger logger, string proxy);

    [LoggerMessage(EventId = 6002, EventName = "UpstreamRefused", Level = LogLevel.Warning, Message = "Proxy {Proxy} cannot reach its upstream: {Reason}")]
    internal static partial void UpstreamRefused(ILogger logger, string proxy, string reason);

    [LoggerMessage(EventId = 6003, EventName = "ToxicAdded", Level = LogLevel.Information, Message = "Proxy {Proxy}: toxic {Toxic} of type {Type} added")]
    internal static partial void ToxicAdded(ILogger logger, string proxy, string toxic, string type);

    [LoggerMessage(EventId = 6004, EventName = "ToxicRemoved", Level = LogLevel.Information, Message = "Proxy {Proxy}: toxic {Toxic} removed")]
    internal static partial void ToxicRemoved(ILogger logger, string proxy, string toxic);

    [LoggerMessage(EventId = 6005, EventName = "LoopFailed", Level = LogLevel.Error, Message = "Proxy {Proxy} has failed and carries nothing any more")]
    internal static partial void LoopFailed(ILogger logger, string proxy, Exception exception);

    [LoggerMessage(EventId = 6006, EventName = "AcceptFailed", Level = LogLevel.Warning, Message = "Proxy {Proxy} could not accept a connection: {Reason}")]
    internal static partial void AcceptFailed(ILogger logger, string proxy, string reason);

    [LoggerMessage(EventId = 6007, EventName = "RequestFailed", Level = LogLevel.Warning, Message = "A request of the API failed")]
    internal static partial void RequestFailed(ILogger logger, Exception exception);
}
