namespace Net.Ngtcp2.Driver;

/// <summary>Whether a packet came before.</summary>
internal enum PacketNovelty
{
    /// <summary>The first time.</summary>
    New,

    /// <summary>Its number was used before.</summary>
    Copy,

    /// <summary>So far behind the largest number that nobody knows.</summary>
    TooOld,
}
