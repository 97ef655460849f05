namespace Net.Client;

/// <summary>What a channel knows of one connection at one moment.</summary>
public sealed record ConnectionSnapshot
{
    /// <summary>Its number in the channel.</summary>
    public required long Id { get; init; }

    /// <summary>What it speaks.</summary>
    public required string Protocol { get; init; }

    /// <summary>What carries it: <c>quic</c> or <c>tcp</c>.</summary>
    public required string Transport { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required PooledConnectionState State { get; init; }

    /// <summary>Generation of identity and trust that it was opened with.</summary>
    public required long Generation { get; init; }

    /// <summary>Time since it was ready.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Leases that are not completed.</summary>
    public required int Leases { get; init; }

    /// <summary>How many more could begin now.</summary>
    public required int Room { get; init; }

    /// <summary>Which transport won, and why.</summary>
    public required string Choice { get; init; }

    /// <summary>The path's figures.</summary>
    public required PathStatistics Path { get; init; }
}
