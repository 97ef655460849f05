using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Net.Ngtcp2.Driver;

/// <summary>Takes a datagram apart into its QUIC packets (RFC 9000, section 12.2).</summary>
internal static class CoalescedPackets
{
    private const int VersionEnd = 5;
    private const int LongHeaderForm = 0x80;
    private const int Initial = 0;
    private const int Retry = 3;

    /// <summary>Counts the packets of a datagram. Allocates nothing, and looks at one byte when the first packet has a short header, as all have after the handshake.</summary>
    /// <param name="datagram">The datagram, sent or received.</param>
    /// <returns>
    /// How many packets it holds; 0 when it is empty. What cannot be read is one packet with the rest, so garbage counts as one. Behind a packet only others with its destination id count
    /// (RFC 9000, section 12.2), so padding and garbage there do not.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Count(ReadOnlySpan<byte> datagram) =>
        datagram.IsEmpty ? 0 : (datagram[0] & LongHeaderForm) == 0 ? 1 : CountFromLongHeader(datagram);

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

    private static int CountFromLongHeader(ReadOnlySpan<byte> datagram)
    {
        int count = 1;
        ReadOnlySpan<byte> rest = datagram[LengthOfFirst(datagram)..];
        if (rest.IsEmpty)
        {
            return count;
        }

        // Its length could be read, so its ids are whole.
        ReadOnlySpan<byte> id = datagram.Slice(VersionEnd + 1, datagram[VersionEnd]);
        while (!rest.IsEmpty && IsFor(rest, id))
        {
            count++;
            rest = rest[LengthOfFirst(rest)..];
        }

        return count;
    }

    private static bool IsFor(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> id)
    {
        if ((packet[0] & LongHeaderForm) != 0)
        {
            return packet.Length > VersionEnd && packet[VersionEnd] == id.Length && packet[(VersionEnd + 1)..].StartsWith(id);
        }

        // An endpoint may do without ids of its own; zeros up to the end are then padding that somebody has put behind the packets.
        return packet[1..].StartsWith(id) && packet.ContainsAnyExcept((byte)0);
    }

    // A packet with a short header reaches to the end, and so do a version negotiation, a Retry, and what another version than ours makes of a long header (RFC 9000, section 17.2).
    private static int LengthOfFirst(ReadOnlySpan<byte> datagram)
    {
        if ((datagram[0] & LongHeaderForm) == 0 || datagram.Length <= VersionEnd || TypeOf(datagram) is not { } type || type == Retry)
        {
            return datagram.Length;
        }

        int position = VersionEnd;
        if (!TrySkipId(datagram, ref position) || !TrySkipId(datagram, ref position))
        {
            return datagram.Length;
        }

        long tokenLength = 0;
        if (type == Initial && !TryTake(datagram, ref position, out tokenLength))
        {
            return datagram.Length;
        }

        position = (int)Math.Min(position + tokenLength, datagram.Length);
        return TryTake(datagram, ref position, out long length) && length > 0 ? (int)Math.Min(position + length, datagram.Length) : datagram.Length;
    }

    // As version 1 numbers them. Version 2 numbers the packet types anew (RFC 9369, section 3.2).
    private static int? TypeOf(ReadOnlySpan<byte> datagram)
    {
        int type = (datagram[0] >> 4) & 3;
        return BinaryPrimitives.ReadUInt32BigEndian(datagram[1..]) switch
        {
            (uint)QuicVersion.Version1 => type,
            (uint)QuicVersion.Version2 => (type + 3) % 4,
            _ => null,
        };
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
