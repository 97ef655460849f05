using Microsoft.Extensions.Logging;

namespace Net.Client.Internal;

/// <summary>Log events of the pool: 2100 to 2199.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(2100, LogLevel.Debug, "Connection {ConnectionId} to {EndPoint} is ready: {Reason}.", EventName = "PoolConnectionOpened")]
    internal static partial void ConnectionOpened(ILogger logger, long connectionId, ChannelEndPoint? endPoint, string reason);

    [LoggerMessage(2101, LogLevel.Debug, "Connection {ConnectionId} to {EndPoint} takes no more calls: {Reason}.", EventName = "PoolConnectionDraining")]
    internal static partial void ConnectionDraining(ILogger logger, long connectionId, ChannelEndPoint? endPoint, string reason);

    [LoggerMessage(2102, LogLevel.Debug, "Connection {ConnectionId} to {EndPoint} is over: {Reason}", EventName = "PoolConnectionClosed")]
    internal static partial void ConnectionClosed(ILogger logger, long connectionId, ChannelEndPoint? endPoint, string reason);

    [LoggerMessage(2103, LogLevel.Warning, "No connection to {EndPoint} over {Protocol} came about, time {Failures} in a row; the next attempt is made in {Pause}.", EventName = "PoolConnectFailed")]
    internal static partial void ConnectFailed(ILogger logger, ChannelEndPoint endPoint, string protocol, int failures, TimeSpan pause, Exception exception);

    [LoggerMessage(2104, LogLevel.Debug, "No connection to {EndPoint} over {Protocol} came about; another attempt or the other transport goes on.", EventName = "PoolRaceFailed")]
    internal static partial void RaceFailed(ILogger logger, ChannelEndPoint endPoint, string protocol, Exception exception);

    [LoggerMessage(2105, LogLevel.Information, "Identity or trust have changed ({Reason}); older connections are being replaced.", EventName = "PoolGenerationChanged")]
    internal static partial void GenerationChanged(ILogger logger, string reason);

    [LoggerMessage(2106, LogLevel.Warning, "{EndPoint}: {Reason}.", EventName = "PoolTransportChanged")]
    internal static partial void TransportChanged(ILogger logger, ChannelEndPoint? endPoint, string reason);

    [LoggerMessage(2107, LogLevel.Warning, "A lease of connection {ConnectionId} to {EndPoint} was lost without being completed; it is given back as cancelled. Complete each lease, or dispose it.", EventName = "PoolLeaseLost")]
    internal static partial void LeaseLost(ILogger logger, long connectionId, ChannelEndPoint endPoint);

    [LoggerMessage(2108, LogLevel.Error, "A listener of the channel's event failed on {Kind}.", EventName = "PoolListenerFailed")]
    internal static partial void ListenerFailed(ILogger logger, ChannelEventKind kind, Exception exception);

    [LoggerMessage(2109, LogLevel.Warning, "A listener of the channel's event is too slow: more than {Limit} events wait, and the oldest are dropped.", EventName = "PoolEventsDropped")]
    internal static partial void EventsDropped(ILogger logger, int limit);

    [LoggerMessage(2110, LogLevel.Error, "Connection {ConnectionId} could not be closed.", EventName = "PoolCloseFailed")]
    internal static partial void CloseFailed(ILogger logger, long connectionId, Exception exception);

    [LoggerMessage(2111, LogLevel.Error, "The balancing policy {Policy} failed; the choice before stays.", EventName = "PoolPolicyFailed")]
    internal static partial void PolicyFailed(ILogger logger, string policy, Exception exception);

    [LoggerMessage(2112, LogLevel.Error, "The pool's upkeep failed and goes on with the next change.", EventName = "PoolUpkeepFailed")]
    internal static partial void UpkeepFailed(ILogger logger, Exception exception);

    [LoggerMessage(2113, LogLevel.Error, "The resolver {Resolver} ended against its contract; the end points that are known stay.", EventName = "PoolResolverEnded")]
    internal static partial void ResolverEnded(ILogger logger, string resolver, Exception exception);

    [LoggerMessage(2114, LogLevel.Debug, "Connection {ConnectionId} was asked whether its peer answers, and no answer came.", EventName = "PoolAskFailed")]
    internal static partial void AskFailed(ILogger logger, long connectionId, Exception exception);
}
