using Microsoft.Extensions.Logging;

namespace Net.Http3;

/// <summary>Log events of HTTP/3 clients: 2000 to 2099.</summary>
internal static partial class Http3Log
{
    [LoggerMessage(EventId = 2000, EventName = "Http3ConnectionStarted", Level = LogLevel.Debug, Message = "Connection {ConnectionId} speaks HTTP/3 with {ServerName}.")]
    internal static partial void ConnectionStarted(ILogger logger, long connectionId, string? serverName);

    [LoggerMessage(EventId = 2001, EventName = "Http3SettingsReceived", Level = LogLevel.Debug, Message = "Connection {ConnectionId}: the server takes header sections of {MaxFieldSectionSize} bytes, a QPACK table of {QpackTableCapacity} bytes and {QpackBlockedStreams} blocked streams.")]
    internal static partial void SettingsReceived(ILogger logger, long connectionId, long maxFieldSectionSize, long qpackTableCapacity, long qpackBlockedStreams);

    [LoggerMessage(EventId = 2002, EventName = "Http3GoAwayReceived", Level = LogLevel.Debug, Message = "Connection {ConnectionId}: the server takes no request from stream {StreamId} on; {Rejected} requests in flight are rejected.")]
    internal static partial void GoAwayReceived(ILogger logger, long connectionId, long streamId, int rejected);

    [LoggerMessage(EventId = 2003, EventName = "Http3ConnectionError", Level = LogLevel.Warning, Message = "Connection {ConnectionId} is closed with {Code}: {Reason}")]
    internal static partial void ConnectionError(ILogger logger, long connectionId, string code, string reason);

    [LoggerMessage(EventId = 2004, EventName = "Http3ConnectionLoopFailed", Level = LogLevel.Error, Message = "Connection {ConnectionId}: the loop that takes the server's streams failed.")]
    internal static partial void LoopFailed(ILogger logger, long connectionId, Exception exception);

    [LoggerMessage(EventId = 2005, EventName = "Http3EarlyDataRejected", Level = LogLevel.Debug, Message = "Connection {ConnectionId}: the server refused early data; the control streams are opened again.")]
    internal static partial void EarlyDataRejected(ILogger logger, long connectionId);

    [LoggerMessage(EventId = 2006, EventName = "Http3StreamReleaseFailed", Level = LogLevel.Error, Message = "Connection {ConnectionId}: stream {StreamId} could not be given back.")]
    internal static partial void StreamReleaseFailed(ILogger logger, long connectionId, long streamId, Exception exception);

    [LoggerMessage(EventId = 2020, EventName = "Http3Connecting", Level = LogLevel.Debug, Message = "Connecting to {Authority} for HTTP/3.")]
    internal static partial void Connecting(ILogger logger, TransportEndPoint authority);

    [LoggerMessage(EventId = 2021, EventName = "Http3ConnectFailed", Level = LogLevel.Debug, Message = "No HTTP/3 connection to {Authority} came about; requests that may use another version do so for {Pause}.")]
    internal static partial void ConnectFailed(ILogger logger, TransportEndPoint authority, TimeSpan pause, Exception exception);

    [LoggerMessage(EventId = 2022, EventName = "Http3ConnectionRetired", Level = LogLevel.Debug, Message = "Connection {ConnectionId} to {Authority} takes no more requests: {Reason}.")]
    internal static partial void ConnectionRetired(ILogger logger, long connectionId, TransportEndPoint authority, string reason);

    [LoggerMessage(EventId = 2023, EventName = "Http3RequestRetried", Level = LogLevel.Debug, Message = "A request to {Authority} was not processed by the server and is sent again (attempt {Attempt}).")]
    internal static partial void RequestRetried(ILogger logger, TransportEndPoint authority, int attempt);

    [LoggerMessage(EventId = 2024, EventName = "Http3ConnectionCloseFailed", Level = LogLevel.Error, Message = "Connection {ConnectionId} could not be closed.")]
    internal static partial void CloseFailed(ILogger logger, long connectionId, Exception exception);

    [LoggerMessage(EventId = 2025, EventName = "Http3HandlerDisposalFailed", Level = LogLevel.Error, Message = "The connections to {Authority} could not be closed.")]
    internal static partial void HandlerDisposalFailed(ILogger logger, TransportEndPoint authority, Exception exception);
}
