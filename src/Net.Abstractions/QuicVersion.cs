namespace Net;

/// <summary>A QUIC version as it stands on the wire.</summary>
public enum QuicVersion
{
    /// <summary>Not known, or not QUIC.</summary>
    Unknown = 0,

    /// <summary>QUIC version 1 (RFC 9000).</summary>
    Version1 = 0x00000001,

    /// <summary>QUIC version 2 (RFC 9369).</summary>
    Version2 = 0x6b3343cf,
}
