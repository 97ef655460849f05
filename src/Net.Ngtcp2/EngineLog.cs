using System.Net;
using Microsoft.Extensions.Logging;

namespace Net.Ngtcp2;

/// <summary>What the engine logs. Ids 1000 to 1099; an id is never used for something else.</summary>
internal static partial class EngineLog
{
    /// <summary>The category.</summary>
    internal const string Category = "Net.Ngtcp2";

    [LoggerMessage(1000, LogLevel.Critical, "A loop of the engine failed; its connections are lost and the engine takes no new ones.", EventName = "LoopFailed")]
    internal static partial void LoopFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1001, LogLevel.Debug, "Listening on {LocalEndPoint} with {Loops} loops.", EventName = "Listening")]
    internal static partial void Listening(this ILogger logger, IPEndPoint localEndPoint, int loops);

    [LoggerMessage(1002, LogLevel.Debug, "Connection {ConnectionId} with {RemoteEndPoint} is open: {ApplicationProtocol}, {Version}, resumed {IsResumed}.", EventName = "ConnectionOpened")]
    internal static partial void ConnectionOpened(
        this ILogger logger, long connectionId, IPEndPoint remoteEndPoint, string applicationProtocol, QuicVersion version, bool isResumed);

    [LoggerMessage(1003, LogLevel.Debug, "Connection {ConnectionId} with {RemoteEndPoint} is over: {Error}, {Reason}", EventName = "ConnectionEnded")]
    internal static partial void ConnectionEnded(this ILogger logger, long connectionId, IPEndPoint remoteEndPoint, TransportError error, string reason);

    [LoggerMessage(1004, LogLevel.Debug, "The handshake of connection {ConnectionId} with {RemoteEndPoint} failed: {Error}, {Reason}", EventName = "HandshakeFailed")]
    internal static partial void HandshakeFailed(this ILogger logger, long connectionId, IPEndPoint remoteEndPoint, TransportError error, string reason);

    [LoggerMessage(1005, LogLevel.Warning, "A certificate was rejected on connection {ConnectionId} with {RemoteEndPoint}: {Reason}", EventName = "CertificateRejected")]
    internal static partial void CertificateRejected(this ILogger logger, long connectionId, IPEndPoint remoteEndPoint, string reason);

    [LoggerMessage(1006, LogLevel.Warning, "Connection {ConnectionId} with {RemoteEndPoint} was cut off by this side: {Reason}", EventName = "PeerCutOff")]
    internal static partial void PeerCutOff(this ILogger logger, long connectionId, IPEndPoint remoteEndPoint, string reason);

    [LoggerMessage(1007, LogLevel.Debug, "Connection {ConnectionId} uses the path {LocalEndPoint} to {RemoteEndPoint}; the move succeeded: {IsValidated}.", EventName = "PathChanged")]
    internal static partial void PathChanged(this ILogger logger, long connectionId, IPEndPoint localEndPoint, IPEndPoint remoteEndPoint, bool isValidated);

    [LoggerMessage(1008, LogLevel.Error, "A client at {RemoteEndPoint} was refused because its connection could not be set up.", EventName = "AcceptFailed")]
    internal static partial void AcceptFailed(this ILogger logger, IPEndPoint remoteEndPoint, Exception exception);

    [LoggerMessage(1009, LogLevel.Error, "Connection {ConnectionId} was ended because its driver failed; others are not touched.", EventName = "DriverFailed")]
    internal static partial void DriverFailed(this ILogger logger, long connectionId, Exception exception);

    [LoggerMessage(1010, LogLevel.Error, "A piece of work posted to a loop failed.", EventName = "WorkFailed")]
    internal static partial void WorkFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1011, LogLevel.Warning, "{Member} of the session ticket store threw on connection {ConnectionId}, which goes on; what it was called for is lost.", EventName = "TicketStoreFailed")]
    internal static partial void TicketStoreFailed(this ILogger logger, long connectionId, string member, Exception exception);

    [LoggerMessage(1012, LogLevel.Warning, "The handshake of connection {ConnectionId} with {RemoteEndPoint} ended because code that it called threw.", EventName = "HandshakeCallbackFailed")]
    internal static partial void HandshakeCallbackFailed(this ILogger logger, long connectionId, IPEndPoint remoteEndPoint, Exception exception);

    [LoggerMessage(1013, LogLevel.Error, "A handler of an event of connection {ConnectionId} threw; the connection goes on.", EventName = "EventHandlerFailed")]
    internal static partial void EventHandlerFailed(this ILogger logger, long connectionId, Exception exception);
}
