namespace Net.Ngtcp2;

/// <summary>What a handshake established; published whole.</summary>
internal sealed record HandshakeFacts(
    string ApplicationProtocol,
    string? ServerName,
    QuicVersion Version,
    string? CipherSuite,
    PeerLeaf? PeerLeaf,
    IReadOnlyList<ReadOnlyMemory<byte>> PeerChain,
    long IdentityGeneration,
    bool IsResumed);
