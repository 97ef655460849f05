namespace Net.Ngtcp2.Driver;

/// <summary>Takes a datagram apart into its QUIC packets (RFC 9000, section 12.2).</summary>
internal static class CoalescedPackets
{
    private const int VersionEnd = 5;

    /// <summary>Finds the packets of a datagram that this side has written.</summary>
    /// <param name="datagram">The datagram.</param>
    /// <returns>The packets in their order; what cannot be read is one packet with the rest.</returns>
    internal static List<byte[]> Split(ReadOnlySpan<byte> datagram)
    {
        List<byte[]> packets = [];
        while (!datagram.IsEmpty)
        {
            int length = Math.Min(LengthOfFirst(datagram), datagram.Length);
            packets.Add(datagram[..length].ToArray());
            datagram = datagram[length..];
        }

        return packets;
    }

    // A packet with a short header reaches to the end.
    private static int LengthOfFirst(ReadOnlySpan<byte> datagram)
    {
        if ((datagram[0] & 0x80) == 0 || datagram.Length <= VersionEnd)
        {
            return datagram.Length;
        }

        int position = VersionEnd;
        if (!TrySkipId(datagram, ref position) || !TrySkipId(datagram, ref position))
        {
            return datagram.Length;
        }

        long tokenLength = 0;
        if (IsInitial(datagram) && !TryTake(datagram, ref position, out tokenLength))
        {
            return datagram.Length;
        }

        position = (int)Math.Min(position + tokenLength, datagram.Length);
        return TryTake(datagram, ref position, out long length) && length > 0 ? (int)Math.Min(position + length, datagram.Length) : datagram.Length;
    }

    // Version 2 numbers the packet types anew (RFC 9369, section 3.2).
    private static bool IsInitial(ReadOnlySpan<byte> datagram)
    {
        int type = (datagram[0] >> 4) & 3;
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(datagram[1..]) == (uint)QuicVersion.Version2 ? type == 1 : type == 0;
    }

    private static bool TrySkipId(ReadOnlySpan<byte> datagram, ref int position)
    {
        if (position >= datagram.Length)
        {
            return false;
        }

        position += 1 + datagram[position];
        return true;
    }

    private static bool TryTake(ReadOnlySpan<byte> datagram, ref int position, out long value)
    {
        value = 0;
        if (position >= datagram.Length || !VariableLengthInteger.TryRead(datagram[position..], out value, out int size))
        {
            return false;
        }

        position += size;
        return true;
    }
}
