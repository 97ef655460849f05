using System.Net;
using Microsoft.Extensions.Logging;

namespace Net.Server;

/// <summary>What the server logs. Ids 5000 to 5999 belong to Net.Server and are never used again for something else.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(5000, LogLevel.Information, "Listening on {EndPoint} with engine {Engine} for {Protocols}.", EventName = nameof(Listening))]
    internal static partial void Listening(ILogger logger, IPEndPoint endPoint, string engine, string protocols);

    [LoggerMessage(5001, LogLevel.Debug, "Connection {ConnectionId} from {RemoteEndPoint} with protocol {Protocol}.", EventName = nameof(ConnectionAccepted))]
    internal static partial void ConnectionAccepted(ILogger logger, long connectionId, IPEndPoint remoteEndPoint, string protocol);

    [LoggerMessage(5002, LogLevel.Debug, "Connection {ConnectionId} ended: {Close}", EventName = nameof(ConnectionEnded))]
    internal static partial void ConnectionEnded(ILogger logger, long connectionId, ConnectionClose close);

    [LoggerMessage(5003, LogLevel.Warning, "Connection from {RemoteEndPoint} refused: {MaxConnections} are open, which is the limit (NetServerOptions.MaxConnections).", EventName = nameof(ConnectionRefused))]
    internal static partial void ConnectionRefused(ILogger logger, IPEndPoint remoteEndPoint, int maxConnections);

    [LoggerMessage(5004, LogLevel.Error, "Serving connection {ConnectionId} failed.", EventName = nameof(ConnectionFailed))]
    internal static partial void ConnectionFailed(ILogger logger, long connectionId, Exception exception);

    [LoggerMessage(5005, LogLevel.Critical, "Accepting on UDP {EndPoint} failed; this port takes no more connections.", EventName = nameof(AcceptFailed))]
    internal static partial void AcceptFailed(ILogger logger, IPEndPoint endPoint, Exception exception);

    [LoggerMessage(5010, LogLevel.Debug, "Stream {StreamId} of connection {ConnectionId} refused with {Outcome}: {Reason}", EventName = nameof(StreamRefused))]
    internal static partial void StreamRefused(ILogger logger, long connectionId, long streamId, string outcome, string reason);

    [LoggerMessage(5011, LogLevel.Error, "The handler of route '{Route}' failed on stream {StreamId} of connection {ConnectionId}.", EventName = nameof(HandlerFailed))]
    internal static partial void HandlerFailed(ILogger logger, string route, long connectionId, long streamId, Exception exception);

    [LoggerMessage(5012, LogLevel.Debug, "Stream {StreamId} of connection {ConnectionId} to route '{Route}' ended early: {Outcome}.", EventName = nameof(StreamEndedEarly))]
    internal static partial void StreamEndedEarly(ILogger logger, string route, long connectionId, long streamId, string outcome);

    [LoggerMessage(5020, LogLevel.Information, "Stopping: {Connections} connections are open; running streams have {Timeout} to end.", EventName = nameof(Stopping))]
    internal static partial void Stopping(ILogger logger, int connections, string timeout);

    [LoggerMessage(5021, LogLevel.Warning, "Streams of {Connections} connections did not end in time and are cut.", EventName = nameof(Aborting))]
    internal static partial void Aborting(ILogger logger, int connections);

    [LoggerMessage(5022, LogLevel.Error, "Handlers of {Connections} connections still run {AbortTimeout} after their streams were cut; a handler must end when its input, output or token does.", EventName = nameof(HandlersLeft))]
    internal static partial void HandlersLeft(ILogger logger, int connections, TimeSpan abortTimeout);

    [LoggerMessage(5023, LogLevel.Information, "Stopped. Every stream ended by itself: {IsDrained}.", EventName = nameof(Stopped))]
    internal static partial void Stopped(ILogger logger, bool isDrained);

    [LoggerMessage(5030, LogLevel.Information, "Stream {StreamId} of connection {ConnectionId} was reset: its peer took the response more slowly than NetTransportOptions.MinResponseDataRate allows.", EventName = nameof(ResponseTooSlow))]
    internal static partial void ResponseTooSlow(ILogger logger, string connectionId, long streamId);

    [LoggerMessage(5031, LogLevel.Error, "The TLS callback of UDP {LocalEndPoint} failed for {RemoteEndPoint}, which asked for '{ServerName}'; the client is refused.", EventName = nameof(TlsCallbackFailed))]
    internal static partial void TlsCallbackFailed(ILogger logger, IPEndPoint remoteEndPoint, IPEndPoint localEndPoint, string serverName, Exception exception);

    [LoggerMessage(5032, LogLevel.Warning, "The TLS callback of UDP {LocalEndPoint} did not answer at once. All connections wait while it does, and a client is refused after {Limit}; keep the current certificate in memory. This is said once.", EventName = nameof(TlsCallbackWaits))]
    internal static partial void TlsCallbackWaits(ILogger logger, IPEndPoint localEndPoint, TimeSpan limit);

    [LoggerMessage(5033, LogLevel.Error, "No QUIC engine runs here: HTTP/3 and raw streams over QUIC are NOT served; HTTP/2, HTTP/1.1 and raw streams over TCP are. {Reasons}", EventName = nameof(NoEngine))]
    internal static partial void NoEngine(ILogger logger, string reasons);

    [LoggerMessage(5034, LogLevel.Information, "QUIC runs on engine {Engine}, as the preferred one does not run here. {Reasons}", EventName = nameof(SecondEngine))]
    internal static partial void SecondEngine(ILogger logger, string engine, string reasons);

    [LoggerMessage(5035, LogLevel.Error, "A callback that waited for the end of stream {StreamId} of connection {ConnectionId} failed.", EventName = nameof(StreamEndCallbackFailed))]
    internal static partial void StreamEndCallbackFailed(ILogger logger, string connectionId, long streamId, Exception exception);
}
