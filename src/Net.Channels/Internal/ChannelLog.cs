using Microsoft.Extensions.Logging;

namespace Net.Channels;

/// <summary>Log events of channels' faces: 2900 to 2999.</summary>
internal static partial class ChannelLog
{
    [LoggerMessage(EventId = 2900, EventName = "ChannelWithoutEngine", Level = LogLevel.Warning, Message = "Channel {Channel} goes over TCP alone, with HTTP/2 and raw streams on TLS, as no QUIC engine runs here. {Reasons}")]
    internal static partial void WithoutEngine(ILogger logger, string channel, string reasons);

    [LoggerMessage(EventId = 2901, EventName = "ChannelEngineChosen", Level = LogLevel.Debug, Message = "Channel {Channel} uses the engine {Engine}. {Reasons}")]
    internal static partial void EngineChosen(ILogger logger, string channel, string engine, string reasons);

    [LoggerMessage(EventId = 2902, EventName = "ChannelDisposalFailed", Level = LogLevel.Error, Message = "Channel {Channel} could not be closed.")]
    internal static partial void DisposalFailed(ILogger logger, string channel, Exception exception);
}
