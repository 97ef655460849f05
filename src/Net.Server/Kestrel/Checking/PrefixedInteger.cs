namespace Net.Server.Kestrel.Checking;

/// <summary>An integer of QPACK with a prefix of some bits (RFC 9204, section 4.1.1), taken byte by byte.</summary>
internal struct PrefixedInteger
{
    // Up to 62 bits can be meant, those of a stream's id, and the sum cannot run over.
    private const int MaxShift = 55;
    private int _shift;

    internal long Value { get; private set; }

    /// <summary>Takes the first byte.</summary>
    /// <returns>Whether that was all of it.</returns>
    internal bool Begin(byte first, int bits)
    {
        int most = (1 << bits) - 1;
        Value = first & most;
        _shift = 0;
        return Value < most;
    }

    /// <summary>Takes another byte.</summary>
    /// <returns>Whether it was the last; <c>null</c> when the number is too large.</returns>
    internal bool? Continue(byte next)
    {
        if (_shift > MaxShift)
        {
            return null;
        }

        Value += (long)(next & 0x7f) << _shift;
        _shift += 7;
        return (next & 0x80) == 0;
    }
}
