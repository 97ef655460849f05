namespace Net.Http3;

/// <summary>What the server's SETTINGS say (RFC 9114, section 7.2.4; RFC 9204, section 5).</summary>
internal sealed record PeerSettings
{
    /// <summary>What holds until SETTINGS arrive.</summary>
    internal static PeerSettings Initial { get; } = new();

    /// <summary>The largest request header section the server takes, bytes.</summary>
    internal long MaxFieldSectionSize { get; init; } = long.MaxValue;

    /// <summary>The dynamic table the server lets this side's encoder use, bytes.</summary>
    internal long QpackTableCapacity { get; init; }

    /// <summary>How many requests may wait for this side's encoder stream.</summary>
    internal long QpackBlockedStreams { get; init; }
}
