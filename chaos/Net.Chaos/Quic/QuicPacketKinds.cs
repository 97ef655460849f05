namespace Net.Chaos.Quic;

/// <summary>Kinds of QUIC packets, as far as their first bytes tell (RFC 8999, RFC 9000 section 17, RFC 9369 section 3.2).</summary>
[Flags]
internal enum QuicPacketKinds
{
    None = 0,
    Initial = 1,
    ZeroRtt = 2,
    Handshake = 4,
    Retry = 8,
    OneRtt = 16,
    VersionNegotiation = 32,

    /// <summary>A long header of a version that is not known here.</summary>
    UnknownVersion = 64,

    /// <summary>No QUIC packet, or a torn one.</summary>
    Other = 128,

    All = 255,
}
