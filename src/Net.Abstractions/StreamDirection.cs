namespace Net;

/// <summary>Which sides may send on a stream (RFC 9000, section 2.1).</summary>
public enum StreamDirection
{
    /// <summary>Both sides send.</summary>
    Bidirectional = 0,

    /// <summary>Only the side that opened the stream sends.</summary>
    Unidirectional = 1,
}
