namespace Net;

/// <summary>One end point of a channel, with what balancing needs to know of it. Immutable.</summary>
/// <param name="Address">Where to connect. Its value identifies the end point within a channel.</param>
public sealed record ChannelEndPoint(TransportEndPoint Address)
{
    /// <summary>Share of the traffic relative to the others of its group. Default 1; range 1 to 1,000.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>The group it belongs to; the group with the lowest number that is healthy enough gets the traffic. Default 0; range 0 to 255.</summary>
    public int Priority { get; init; }

    /// <summary>Where it stands, such as a data centre's name; <c>null</c> (the default): not known.</summary>
    public string? Zone { get; init; }

    /// <summary>The name that its certificate must hold; <c>null</c> (the default): that of <see cref="Address"/>.</summary>
    public string? ServerName { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Address.ToString();
}
