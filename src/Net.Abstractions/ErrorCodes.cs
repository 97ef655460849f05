namespace Net;

/// <summary>Bounds of application error codes.</summary>
public static class ErrorCodes
{
    /// <summary>The largest code a QUIC variable-length integer holds: 2^62-1 (RFC 9000, section 16).</summary>
    public const long Max = (1L << 62) - 1;

    /// <summary>Throws when a code is out of range.</summary>
    /// <param name="code">The code.</param>
    /// <param name="paramName">Name of the caller's parameter.</param>
    /// <exception cref="ArgumentOutOfRangeException">The code is negative or above <see cref="Max"/>.</exception>
    public static void ThrowIfInvalid(long code, string paramName)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(code, paramName);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(code, Max, paramName);
    }
}
