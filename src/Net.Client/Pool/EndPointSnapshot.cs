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

    /// <summary>The three verdicts, and what they come to.</summary>
    public required EndPointHealthSnapshot Health { get; init; }

    /// <summary>The state of its breaker; <c>null</c>: it has none.</summary>
    public required BreakerState? Breaker { get; init; }

    /// <summary>How long until the breaker lets a probe through, or <c>null</c>.</summary>
    public required TimeSpan? BreakerRetryAfter { get; init; }

    /// <summary>Whether it is ejected, as it does worse than the others.</summary>
    public required bool IsEjected { get; init; }

    /// <summary>Leases that are not completed.</summary>
    public required int InFlight { get; init; }

    /// <summary>Leases that were completed since the end point was added, however they ended. Two snapshots give a rate.</summary>
    public required long Ended { get; init; }

    /// <summary>Those of <see cref="Ended"/> that count against the end point: server failures, refusals, broken transport, timeouts.</summary>
    public required long Failed { get; init; }

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
