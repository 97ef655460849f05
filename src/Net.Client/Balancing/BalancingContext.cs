namespace Net.Client;

/// <summary>What a policy may use while it makes a picker.</summary>
public sealed record BalancingContext
{
    /// <summary>The channel's clock.</summary>
    public required TimeProvider TimeProvider { get; init; }

    /// <summary>The channel's chance. Use it only while the picker is made: it is not thread-safe.</summary>
    public required Random Random { get; init; }
}
