using System.Buffers;

namespace Net.Chaos.Udp;

/// <summary>A datagram on its way through the toxics, in a pooled buffer that belongs to whoever holds the packet.</summary>
internal sealed class Packet
{
    private byte[] _buffer = [];

    internal int Length { get; private set; }

    /// <summary>The ECN code point, 0 to 3 (RFC 3168 section 5).</summary>
    internal byte Ecn { get; set; }

    internal Span<byte> Data => _buffer.AsSpan(0, Length);

    internal void Fill(ReadOnlySpan<byte> data, byte ecn)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, data.Length));
        data.CopyTo(_buffer);
        Length = data.Length;
        Ecn = ecn;
    }

    /// <summary>Forgets all but the first bytes.</summary>
    internal void Truncate(int length) => Length = Math.Min(Length, length);

    internal void Empty()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        Length = 0;
    }
}
