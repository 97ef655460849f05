using System.Numerics;

namespace Net.Ngtcp2.Driver;

/// <summary>Counts the packets with application data that were lost on their way to the peer, which libngtcp2 1.11 does not tell.</summary>
/// <remarks>
/// A packet is taken for lost when it is not acknowledged while one sent three or more after it is (RFC 9002, section 6.1.1). One that is acknowledged later was only late and does not count;
/// as the figure never steps back, the next loss does not raise it then. Left out are probes of the path's size, which are meant to get lost, and what is still not acknowledged
/// <see cref="Size"/> numbers later. A path that loses a great part, acknowledgements too, makes the figure too high, as a peer tells of a limited number of gaps only. The library's own count, which drives its congestion control, also goes by time.
/// <code>
///      judged                 largest acknowledged    largest sent
///  lost or not, settled  |  too near to tell  |  on their way  |
/// </code>
/// </remarks>
internal sealed class SentPackets
{
    /// <summary>Packet numbers that are remembered, the largest included.</summary>
    internal const int Size = 4096;

    private const int BitsPerWord = 64;
    private const int Words = Size / BitsPerWord;
    private const int PacketThreshold = 3;
    private readonly ulong[] _waiting = new ulong[Words];
    private readonly ulong[] _missing = new ulong[Words];
    private long _largest = -1;
    private long _largestAcknowledged = -1;
    private long _judged;
    private long _missed;
    private long _reported;

    /// <summary>Packets lost so far.</summary>
    internal long Lost => _reported = Math.Max(_reported, _missed);

    /// <summary>Notes a packet that is sent.</summary>
    /// <param name="header">Its header without protection, which ends with the packet number.</param>
    /// <param name="counts">Whether its loss is to be counted.</param>
    internal void NoteSent(ReadOnlySpan<byte> header, bool counts)
    {
        long number = PacketNumber.Read(header, _largest + 1);
        if (number <= _largest)
        {
            return;
        }

        for (long passed = Math.Max(_largest + 1, number - Size + 1); passed <= number; passed++)
        {
            ulong bit = 1UL << (int)(passed % BitsPerWord);
            _waiting[Word(passed)] &= ~bit;
            _missing[Word(passed)] &= ~bit;
        }

        _largest = number;
        _judged = Math.Max(_judged, number - Size + 1);
        if (counts)
        {
            _waiting[Word(number)] |= 1UL << (int)(number % BitsPerWord);
        }
    }

    /// <summary>Notes a range of an acknowledgement.</summary>
    /// <param name="first">The smallest number of the range.</param>
    /// <param name="last">The largest.</param>
    internal void NoteAcknowledged(long first, long last)
    {
        last = Math.Min(last, _largest);
        _largestAcknowledged = Math.Max(_largestAcknowledged, last);
        for (long at = Math.Max(0, Math.Max(first, _largest - Size + 1)); at <= last;)
        {
            ulong mask = MaskFrom(at, last, out long next);
            int word = Word(at);
            _waiting[word] &= ~mask;
            _missed -= BitOperations.PopCount(_missing[word] & mask);
            _missing[word] &= ~mask;
            at = next;
        }
    }

    /// <summary>Judges the packets far enough behind the largest that is acknowledged. To be called when all ranges of an acknowledgement are noted.</summary>
    internal void FindLost()
    {
        long last = _largestAcknowledged - PacketThreshold;
        while (_judged <= last)
        {
            ulong mask = MaskFrom(_judged, last, out long next);
            int word = Word(_judged);
            ulong lost = _waiting[word] & mask;
            _missed += BitOperations.PopCount(lost);
            _missing[word] |= lost;
            _waiting[word] &= ~mask;
            _judged = next;
        }
    }

    /// <summary>Takes back all that is not acknowledged: the peer has said that it discards it, as it does with early data that it refuses.</summary>
    internal void Forget()
    {
        Array.Clear(_waiting);
        _judged = _largest + 1;
    }

    private static int Word(long number) => (int)(number % Size) / BitsPerWord;

    // The bits of one word that stand for numbers from one to another, and the first number behind the word.
    private static ulong MaskFrom(long at, long last, out long next)
    {
        int from = (int)(at % BitsPerWord);
        int count = (int)Math.Min(BitsPerWord - from, last - at + 1);
        next = at + count;
        return (count == BitsPerWord ? ulong.MaxValue : (1UL << count) - 1) << from;
    }
}
