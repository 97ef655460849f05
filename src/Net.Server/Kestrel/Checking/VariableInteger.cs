namespace Net.Server.Kestrel.Checking;

/// <summary>An integer of variable length (RFC 9000, section 16), taken byte by byte.</summary>
internal struct VariableInteger
{
    private int _missing;

    internal long Value { get; private set; }

    /// <summary>Whether some of its bytes have come, but not all.</summary>
    internal readonly bool IsPartial => _missing > 0;

    /// <summary>Takes a byte.</summary>
    /// <returns>Whether the integer is complete; the next byte begins another.</returns>
    internal bool Take(byte next)
    {
        if (_missing == 0)
        {
            _missing = (1 << (next >> 6)) - 1;
            Value = next & 0x3f;
        }
        else
        {
            _missing--;
            Value = (Value << 8) | next;
        }

        return _missing == 0;
    }
}
