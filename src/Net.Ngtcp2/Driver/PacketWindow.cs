using System.Buffers.Binary;

namespace Net.Ngtcp2.Driver;

/// <summary>Tells packets that came for the first time from copies of earlier ones, among those that carry application data (RFC 9000, section 12.3).</summary>
/// <remarks>
/// The native library drops copies by itself, but does not say so. Packets more than <see cref="Size"/> numbers behind the largest are not remembered: RFC 9000 allows to drop them,
/// and QUIC repeats what was in them. The numbers begin anew with no key, so that one window serves the whole connection.
/// </remarks>
internal sealed class PacketWindow
{
    /// <summary>Packet numbers that are remembered, the largest included.</summary>
    internal const int Size = 4096;

    private const int BitsPerWord = 64;
    private readonly ulong[] _seen = new ulong[Size / BitsPerWord];
    private long _largest = -1;

    /// <summary>Notes a packet that was decrypted.</summary>
    /// <param name="header">Its header without protection, which ends with the packet number.</param>
    /// <returns>What the packet is.</returns>
    internal PacketNovelty Note(ReadOnlySpan<byte> header)
    {
        long number = PacketNumber.Read(header, _largest + 1);
        if (number > _largest)
        {
            Advance(number);
        }
        else if (number <= _largest - Size)
        {
            return PacketNovelty.TooOld;
        }

        ref ulong word = ref _seen[(number % Size) / BitsPerWord];
        ulong bit = 1UL << (int)(number % BitsPerWord);
        if ((word & bit) != 0)
        {
            return PacketNovelty.Copy;
        }

        word |= bit;
        return PacketNovelty.New;
    }

    /// <summary>Whether a packet belongs to the space of application data: all with a short header, and 0-RTT, whose type version 2 has numbered anew (RFC 9369, section 3.2).</summary>
    internal static bool Covers(ReadOnlySpan<byte> header)
    {
        if ((header[0] & 0x80) == 0)
        {
            return true;
        }

        int earlyType = BinaryPrimitives.ReadUInt32BigEndian(header[1..]) == (uint)QuicVersion.Version2 ? 2 : 1;
        return ((header[0] >> 4) & 3) == earlyType;
    }

    private void Advance(long number)
    {
        if (number - _largest >= Size)
        {
            Array.Clear(_seen);
        }
        else
        {
            for (long passed = _largest + 1; passed <= number; passed++)
            {
                _seen[(passed % Size) / BitsPerWord] &= ~(1UL << (int)(passed % BitsPerWord));
            }
        }

        _largest = number;
    }
}
