namespace Net.Client;

/// <summary>What a channel knows of one end point at one moment; shared by all protocols.</summary>
public sealed record EndPointSnapshot
{
    /// <summary>Its number in the channel, never used again for another.</summary>
    public required int Id { get; init; }

    /// <summary>The end point.</summary>
    public required ChannelEndPoint EndPoint { get; init; }

    /// <summary>Whether it was removed and only finishes its calls.</summary>
    public required bool IsRemoved { get; init; }

    /// <summary>Whether packets get there and handshakes succeed.</summary>
    public required HealthVerdict Path { get; init; }

    /// <summary>Whether the process answers.</summary>
    public required HealthVerdict Process { get; init; }

    /// <summary>Whether the service says that it serves.</summary>
    public required HealthVerdict Service { get; init; }

    /// <summary>Leases that are not completed.</summary>
    public required int InFlight { get; init; }

    /// <summary>Failed attempts to connect since the last that succeeded.</summary>
    public required int ConnectFailures { get; init; }

    /// <summary>The earliest time of the next attempt to connect while attempts fail, or <c>null</c>.</summary>
    public required DateTimeOffset? NextConnect { get; init; }

    /// <summary>Smoothed round-trip time of the best connection, or the last one known; <c>null</c>: unknown.</summary>
    public required TimeSpan? SmoothedRtt { get; init; }

    /// <summary>How sure the end point is that UDP is blocked on the way: 0 (not at all) to 1.</summary>
    public required double UdpBlocked { get; init; }

    /// <summary>Its connections, oldest first.</summary>
    public required IReadOnlyList<ConnectionSnapshot> Connections { get; init; }
}
