using Net.Ngtcp2.Interop;

namespace Net.Ngtcp2.Driver;

/// <summary>What a server knows of a client's first packet when it decides to accept.</summary>
internal unsafe struct InitialPacket
{
    /// <summary>The header. Its token points into the datagram.</summary>
    internal ngtcp2_pkt_hd Header;

    /// <summary>The connection id the client chose first, before a Retry.</summary>
    internal ngtcp2_cid OriginalId;

    /// <summary>Whether the packet answers a Retry of ours, so that its destination id is the Retry's.</summary>
    internal bool FollowsRetry;

    /// <summary>What kind of valid token came with it; unknown means none.</summary>
    internal ngtcp2_token_type TokenType;
}
