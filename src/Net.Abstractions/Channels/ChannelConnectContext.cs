namespace Net;

/// <summary>What a channel says of one connection that a <see cref="ChannelProtocol"/> is to open.</summary>
public sealed record ChannelConnectContext
{
    /// <summary>Where to connect.</summary>
    public required ChannelEndPoint EndPoint { get; init; }

    /// <summary>The engine for QUIC; <c>null</c> when the channel has none, which only protocols over TCP can do without. The channel's user owns it.</summary>
    public TransportEngine? Engine { get; init; }

    /// <summary>Identity, trust and tickets, as they are at the time of connecting.</summary>
    public required ClientTlsOptions Tls { get; init; }

    /// <summary>Limits of the connection. Default <see cref="TransportLimits.Default"/>.</summary>
    public TransportLimits Limits { get; init; } = TransportLimits.Default;

    /// <summary>How long connecting may take. Default 10 s. The channel cancels the attempt then, too.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection without any packet of the peer's for this long is lost. Default 30 s, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Sends a PING when the connection was quiet for this long. Default <see cref="Timeout.InfiniteTimeSpan"/>: never.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Whether 0-RTT may be offered. Default <c>false</c>.</summary>
    public bool AllowEarlyData { get; init; }

    /// <summary>Where time comes from. Default <see cref="TimeProvider.System"/>.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
