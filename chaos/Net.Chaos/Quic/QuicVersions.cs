namespace Net.Chaos.Quic;

/// <summary>The versions whose packets are understood.</summary>
internal static class QuicVersions
{
    internal const uint Negotiation = 0;
    internal const uint One = 1;

    /// <summary>RFC 9369.</summary>
    internal const uint Two = 0x6b3343cf;
}
