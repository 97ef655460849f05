namespace Net.Ngtcp2.Driver;

/// <summary>A STOP_SENDING frame: the peer reads no more of a stream (RFC 9000, section 19.5).</summary>
internal readonly record struct StopSendingFrame(long StreamId, long Code);

/// <summary>What the frames of decrypted packets tell that the native library does not.</summary>
/// <remarks>
/// libngtcp2 resets the stream by itself when a STOP_SENDING frame comes, but up to version 1.11 it tells nobody: a writer would wait for ever for a peer that reads no more, and would
/// never learn the code. And it does not limit frames that cost work and bring nothing (RFC 9000, section 21.9), and does not count losses. So the frames of each packet are walked here once, without allocating.
/// A payload that makes no sense ends the walk; the library ends such a connection.
/// </remarks>
/// <param name="sent">Learns what the peer acknowledges.</param>
internal sealed class ReceivedFrames(SentPackets sent)
{
    private const int ResetTokenLength = 16;
    private readonly List<StopSendingFrame> _stops = [];

    /// <summary>The STOP_SENDING frames since <see cref="Clear"/>.</summary>
    internal IReadOnlyList<StopSendingFrame> Stops => _stops;

    /// <summary>
    /// Frames since <see cref="Clear"/> that neither carry data nor are a packet's first acknowledgement: PING, CRYPTO, resets and stops, credit and the lack of it, connection ids, paths, tokens.
    /// </summary>
    internal int ControlFrames { get; private set; }

    /// <summary>Forgets what was found.</summary>
    internal void Clear()
    {
        _stops.Clear();
        ControlFrames = 0;
    }

    /// <summary>Walks the frames of one packet.</summary>
    /// <param name="payload">The frames (RFC 9000, section 12.4).</param>
    internal void Read(ReadOnlySpan<byte> payload)
    {
        bool isAcknowledged = false;
        while (!payload.IsEmpty)
        {
            byte type = payload[0];
            payload = payload[1..];
            if (type is 0x02 or 0x03)
            {
                ControlFrames += isAcknowledged ? 1 : 0;
                isAcknowledged = true;
            }
            else if (IsControl(type))
            {
                ControlFrames++;
            }

            bool isWhole = type switch
            {
                0x02 or 0x03 => TryTakeAcknowledgement(ref payload, hasCounts: type == 0x03),
                0x05 => TryTakeStop(ref payload),
                _ => TrySkip(type, ref payload),
            };
            if (!isWhole)
            {
                return;
            }
        }
    }

    // All but PADDING, STREAM, DATAGRAM and CONNECTION_CLOSE.
    private static bool IsControl(byte type) => type is 0x01 or (>= 0x04 and <= 0x07) or (>= 0x10 and <= 0x1b) or 0x1e;

    private bool TryTakeStop(ref ReadOnlySpan<byte> payload)
    {
        if (!TryTake(ref payload, out long id) || !TryTake(ref payload, out long code))
        {
            return false;
        }

        _stops.Add(new StopSendingFrame(id, code));
        return true;
    }

    // Ranges of numbers in falling order: how many more than one there are in each, and how many less one are between two (RFC 9000, section 19.3).
    private bool TryTakeAcknowledgement(ref ReadOnlySpan<byte> payload, bool hasCounts)
    {
        if (!TryTake(ref payload, out long last) || !TrySkipIntegers(ref payload, 1) || !TryTake(ref payload, out long ranges) || !TryTake(ref payload, out long more))
        {
            return false;
        }

        while (true)
        {
            sent.NoteAcknowledged(last - more, last);
            if (ranges-- == 0)
            {
                break;
            }

            long first = last - more;
            if (!TryTake(ref payload, out long gap) || !TryTake(ref payload, out more) || first - gap - 2 < more)
            {
                return false;
            }

            last = first - gap - 2;
        }

        sent.FindLost();
        return !hasCounts || TrySkipIntegers(ref payload, 3);
    }

    // The frames of RFC 9000, section 19, and RFC 9221. Returns false when the rest of the packet belongs to the frame, or cannot be read.
    private static bool TrySkip(byte type, ref ReadOnlySpan<byte> payload) => type switch
    {
        0x00 => TrySkipPadding(ref payload),
        0x01 or 0x1e => true,
        0x04 => TrySkipIntegers(ref payload, 3),
        0x06 => TrySkipIntegers(ref payload, 1) && TrySkipCounted(ref payload),
        0x07 or 0x31 => TrySkipCounted(ref payload),
        >= 0x08 and <= 0x0f => TrySkipIntegers(ref payload, (type & 4) != 0 ? 2 : 1) && (type & 2) != 0 && TrySkipCounted(ref payload),
        0x10 or 0x12 or 0x13 or 0x14 or 0x16 or 0x17 or 0x19 => TrySkipIntegers(ref payload, 1),
        0x11 or 0x15 => TrySkipIntegers(ref payload, 2),
        0x18 => TrySkipIntegers(ref payload, 2) && !payload.IsEmpty && TrySkipBytes(ref payload, 1 + payload[0] + ResetTokenLength),
        0x1a or 0x1b => TrySkipBytes(ref payload, 8),
        _ => false,
    };

    private static bool TrySkipPadding(ref ReadOnlySpan<byte> payload)
    {
        int next = payload.IndexOfAnyExcept((byte)0);
        payload = next < 0 ? default : payload[next..];
        return true;
    }

    private static bool TrySkipIntegers(ref ReadOnlySpan<byte> payload, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (payload.IsEmpty || !TrySkipBytes(ref payload, 1 << (payload[0] >> 6)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TrySkipCounted(ref ReadOnlySpan<byte> payload) =>
        TryTake(ref payload, out long length) && length <= payload.Length && TrySkipBytes(ref payload, (int)length);

    private static bool TrySkipBytes(ref ReadOnlySpan<byte> payload, int count)
    {
        if (count > payload.Length)
        {
            return false;
        }

        payload = payload[count..];
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> payload, out long value)
    {
        if (!VariableLengthInteger.TryRead(payload, out value, out int size))
        {
            return false;
        }

        payload = payload[size..];
        return true;
    }
}
