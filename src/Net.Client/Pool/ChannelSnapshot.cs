namespace Net.Client;

/// <summary>What a channel is at one moment, for people and tests. Figures of different end points may be a moment apart.</summary>
public sealed record ChannelSnapshot
{
    /// <summary>Number of the channel in its process, never used again for another; names need not differ.</summary>
    public required long Id { get; init; }

    /// <summary>Name of the channel.</summary>
    public required string Name { get; init; }

    /// <summary>When it was taken, by the channel's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Where the channel is in its life.</summary>
    public required ChannelState State { get; init; }

    /// <summary>Generation of identity and trust that new connections use.</summary>
    public required long Generation { get; init; }

    /// <summary>Leases that are not completed.</summary>
    public required int InFlight { get; init; }

    /// <summary>Calls that wait for a connection.</summary>
    public required int Waiters { get; init; }

    /// <summary>The end points, those being removed included, in the order in which they were added.</summary>
    public required IReadOnlyList<EndPointSnapshot> EndPoints { get; init; }
}
