namespace Net;

/// <summary>What reading a header came to.</summary>
public enum RawStreamHeaderStatus
{
    /// <summary>The bytes end before the header does. Nothing was consumed: call again with more.</summary>
    NeedMore = 0,

    /// <summary>The header is read and its bytes are consumed.</summary>
    Complete = 1,

    /// <summary>It breaks the format; answer with <see cref="RawStreamErrorCodes.MalformedHeader"/>.</summary>
    Malformed = 2,

    /// <summary>It, its metadata or their number is over the limit; answer with <see cref="RawStreamErrorCodes.HeaderTooLarge"/>.</summary>
    TooLarge = 3,

    /// <summary>It holds a critical field of an unknown type; answer with <see cref="RawStreamErrorCodes.UnsupportedField"/>.</summary>
    UnsupportedField = 4,
}
