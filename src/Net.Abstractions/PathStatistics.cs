namespace Net;

/// <summary>What a connection knows of its current path. A value that the engine cannot know is <c>null</c>.</summary>
public readonly record struct PathStatistics
{
    /// <summary>Exponentially smoothed round-trip time (RFC 9002, section 5.3).</summary>
    public TimeSpan? SmoothedRtt { get; init; }

    /// <summary>The latest round-trip time sample.</summary>
    public TimeSpan? LatestRtt { get; init; }

    /// <summary>The smallest round-trip time seen on the path.</summary>
    public TimeSpan? MinRtt { get; init; }

    /// <summary>Mean deviation of the round-trip time.</summary>
    public TimeSpan? RttVariance { get; init; }

    /// <summary>Congestion window, bytes.</summary>
    public long? CongestionWindow { get; init; }

    /// <summary>Bytes sent and not yet acknowledged or declared lost.</summary>
    public long? BytesInFlight { get; init; }

    /// <summary>UDP payload bytes sent since the connection began.</summary>
    public long? BytesSent { get; init; }

    /// <summary>UDP payload bytes received since the connection began.</summary>
    public long? BytesReceived { get; init; }

    /// <summary>UDP datagrams sent since the connection began.</summary>
    public long? DatagramsSent { get; init; }

    /// <summary>UDP datagrams received since the connection began.</summary>
    public long? DatagramsReceived { get; init; }

    /// <summary>
    /// QUIC packets sent since the connection began. Until the handshake is over a datagram may hold several (RFC 9000, section 12.2), so they are as many as the datagrams, or more.
    /// </summary>
    public long? PacketsSent { get; init; }

    /// <summary>QUIC packets received since the connection began, counted before they are decrypted: a datagram that holds none that can be told counts as one.</summary>
    public long? PacketsReceived { get; init; }

    /// <summary>
    /// Packets lost since the connection began, those of the handshake left out; never steps back. A packet that was only late may be
    /// counted at first; the figure then stays as it is at the next loss.
    /// </summary>
    public long? PacketsLost { get; init; }

    /// <summary>Probe timeouts in a row without an acknowledgement: 0 on a healthy path (RFC 9002, section 6.2).</summary>
    public int? ProbeTimeouts { get; init; }

    /// <summary>The largest UDP payload the path is known to carry, bytes.</summary>
    public int? MaxUdpPayload { get; init; }

    /// <summary>Received datagrams that carried an ECN congestion-experienced mark (RFC 3168).</summary>
    public long? CongestionMarksReceived { get; init; }
}
