namespace Net.Hosting.Watching;

/// <summary>What the end points of a channel are sorted by.</summary>
internal enum TopOrder
{
    /// <summary>As the channel has them.</summary>
    Added,

    Name,

    /// <summary>The worst first.</summary>
    Health,

    Rtt,

    Loss,

    InFlight,

    Rate,
}
