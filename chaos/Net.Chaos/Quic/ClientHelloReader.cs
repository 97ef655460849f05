using System.Text;

namespace Net.Chaos.Quic;

/// <summary>Puts the client's first flight together and reads the server name out of it. Keeps a bounded number of bytes.</summary>
internal sealed class ClientHelloReader
{
    // A ClientHello with post-quantum key shares has some 2,000 bytes.
    private const int MaxBytes = 16 << 10;
    private readonly byte[] _bytes = new byte[MaxBytes];
    private readonly List<(int Start, int End)> _ranges = [];

    /// <summary>Ranges of bytes that are there and do not touch.</summary>
    internal int RangeCount => _ranges.Count;

    /// <summary>The server name that the client asked for; <c>null</c> while it is not known.</summary>
    internal string? ServerName { get; private set; }

    /// <summary>Takes the frames of an Initial packet (RFC 9000 section 17.2.2: PADDING, PING, ACK, CRYPTO and CONNECTION_CLOSE are allowed).</summary>
    internal void Add(ReadOnlySpan<byte> frames)
    {
        int position = 0;
        while (position < frames.Length)
        {
            switch (frames[position])
            {
                case 0 or 1:
                    position++;
                    break;
                case 2 or 3 when TrySkipAck(frames, ref position):
                    break;
                case 6 when TryTakeCrypto(frames, ref position):
                    break;
                default:
                    Read();
                    return;
            }
        }

        Read();
    }

    private static bool TrySkipAck(ReadOnlySpan<byte> frames, ref int position)
    {
        bool hasEcn = frames[position++] == 3;
        if (!QuicPacketView.TryTakeInteger(frames, ref position, out _) || !QuicPacketView.TryTakeInteger(frames, ref position, out _)
            || !QuicPacketView.TryTakeInteger(frames, ref position, out ulong ranges) || ranges > (ulong)frames.Length)
        {
            return false;
        }

        ulong integers = 1 + (2 * ranges) + (hasEcn ? 3UL : 0);
        for (ulong i = 0; i < integers; i++)
        {
            if (!QuicPacketView.TryTakeInteger(frames, ref position, out _))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryTakeCrypto(ReadOnlySpan<byte> frames, ref int position)
    {
        position++;
        if (!QuicPacketView.TryTakeInteger(frames, ref position, out ulong offset) || !QuicPacketView.TryTakeInteger(frames, ref position, out ulong length)
            || length > (ulong)(frames.Length - position) || offset > MaxBytes || offset + length > MaxBytes)
        {
            return false;
        }

        frames.Slice(position, (int)length).CopyTo(_bytes.AsSpan((int)offset));
        AddRange((int)offset, (int)(offset + length));
        position += (int)length;
        return true;
    }

    // Ranges that touch become one, so that their number is bounded by the bytes, however often a client sends the same ones.
    private void AddRange(int start, int end)
    {
        if (start == end)
        {
            return;
        }

        int first = 0;
        while (first < _ranges.Count && _ranges[first].End < start)
        {
            first++;
        }

        int next = first;
        while (next < _ranges.Count && _ranges[next].Start <= end)
        {
            (start, end) = (Math.Min(start, _ranges[next].Start), Math.Max(end, _ranges[next].End));
            next++;
        }

        _ranges.RemoveRange(first, next - first);
        _ranges.Insert(first, (start, end));
    }

    private int ContiguousLength() => _ranges is [(0, int end), ..] ? end : 0;

    // ClientHello (RFC 8446 section 4.1.2), then the extension server_name (RFC 6066 section 3).
    private void Read()
    {
        ReadOnlySpan<byte> hello = _bytes.AsSpan(0, ContiguousLength());
        int position = 4 + 2 + 32;
        if (ServerName is not null || hello.Length < position || hello[0] != 1
            || !TrySkip(hello, ref position, 1) || !TrySkip(hello, ref position, 2) || !TrySkip(hello, ref position, 1) || hello.Length < position + 2)
        {
            return;
        }

        position += 2;
        while (hello.Length >= position + 4)
        {
            int type = (hello[position] << 8) | hello[position + 1];
            int length = (hello[position + 2] << 8) | hello[position + 3];
            position += 4;
            if (length > hello.Length - position)
            {
                return;
            }

            ReadOnlySpan<byte> extension = hello.Slice(position, length);
            if (type == 0 && length > 5 && extension[2] == 0 && ((extension[3] << 8) | extension[4]) is var name && name <= length - 5)
            {
                ServerName = Encoding.ASCII.GetString(extension.Slice(5, name));
                return;
            }

            position += length;
        }
    }

    private static bool TrySkip(ReadOnlySpan<byte> bytes, ref int position, int lengthBytes)
    {
        if (bytes.Length < position + lengthBytes)
        {
            return false;
        }

        int length = lengthBytes == 1 ? bytes[position] : (bytes[position] << 8) | bytes[position + 1];
        position += lengthBytes + length;
        return position <= bytes.Length;
    }
}
