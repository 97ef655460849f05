namespace Net.Ngtcp2.Driver;

/// <summary>Packet numbers as headers carry them: the last one to four bytes of the number (RFC 9000, section 17.1).</summary>
internal static class PacketNumber
{
    /// <summary>Reads the number of a packet.</summary>
    /// <param name="header">Its header without protection, which ends with the packet number.</param>
    /// <param name="expected">The number that would be next.</param>
    /// <returns>The number nearest to the expected one that ends with the bytes of the header (RFC 9000, appendix A.3).</returns>
    internal static long Read(ReadOnlySpan<byte> header, long expected)
    {
        int length = (header[0] & 3) + 1;
        long truncated = 0;
        foreach (byte part in header[^length..])
        {
            truncated = (truncated << 8) | part;
        }

        long window = 1L << (8 * length);
        long candidate = (expected & ~(window - 1)) | truncated;
        if (candidate <= expected - (window / 2))
        {
            return candidate + window;
        }

        return candidate > expected + (window / 2) && candidate >= window ? candidate - window : candidate;
    }
}
