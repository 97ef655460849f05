namespace Net.Server.Kestrel.Checking;

/// <summary>Follows an encoded field section without decoding its texts (RFC 9204, section 4.5), for a decoder whose dynamic table has no room.</summary>
internal struct FieldSectionCheck
{
    // Entries of the static table (RFC 9204, appendix A).
    private const int StaticEntries = 99;
    private Step _step;
    private PrefixedInteger _integer;
    private Step _afterInteger;
    private long _textLeft;
    private bool _isNameText;

    private enum Step
    {
        InsertCount,
        Base,
        Line,
        Integer,
        StaticIndex,
        NameReference,
        TextLength,
        Value,
        Text,
    }

    /// <summary>Begins with another section.</summary>
    internal void Begin() => this = default;

    /// <summary>Takes some bytes.</summary>
    /// <returns>What is wrong, or <c>null</c>.</returns>
    internal string? Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_step == Step.Text)
            {
                int taken = (int)Math.Min(bytes.Length, _textLeft);
                bytes = bytes[taken..];
                _textLeft -= taken;
                if (_textLeft == 0)
                {
                    EndText();
                }

                continue;
            }

            if (TakeByte(bytes[0]) is string fault)
            {
                return fault;
            }

            bytes = bytes[1..];
        }

        return null;
    }

    /// <summary>Ends the section.</summary>
    /// <returns>What is wrong, or <c>null</c>.</returns>
    internal readonly string? End() => _step == Step.Line ? null : "a field section ends inside a field line or its prefix (RFC 9204, section 4.5)";

    private string? TakeByte(byte next)
    {
        switch (_step)
        {
            case Step.InsertCount:
                if (next != 0)
                {
                    return "a field section needs entries of the dynamic table, which was never allowed any (RFC 9204, section 2.2.1)";
                }

                _step = Step.Base;
                return null;
            case Step.Base:
                return BeginInteger(next, 7, Step.Line);
            case Step.Line:
                return BeginLine(next);
            case Step.Value:
                return BeginInteger(next, 7, Step.TextLength);
            default:
                return _integer.Continue(next) switch
                {
                    null => "an integer of a field section is too large (RFC 9204, section 4.1.1)",
                    true => EndInteger(),
                    false => null,
                };
        }
    }

    private string? BeginLine(byte first)
    {
        _isNameText = false;
        if ((first & 0x80) != 0)
        {
            return (first & 0x40) != 0 ? BeginInteger(first, 6, Step.StaticIndex) : DynamicFault();
        }

        if ((first & 0x40) != 0)
        {
            return (first & 0x10) != 0 ? BeginInteger(first, 4, Step.NameReference) : DynamicFault();
        }

        if ((first & 0x20) == 0)
        {
            // Both kinds below count from the base of the dynamic table.
            return DynamicFault();
        }

        _isNameText = true;
        return BeginInteger(first, 3, Step.TextLength);
    }

    private static string DynamicFault() => "a field line names an entry of the dynamic table, which was never allowed any (RFC 9204, section 3.2)";

    private string? BeginInteger(byte first, int bits, Step after)
    {
        _afterInteger = after;
        if (_integer.Begin(first, bits))
        {
            return EndInteger();
        }

        _step = Step.Integer;
        return null;
    }

    private string? EndInteger()
    {
        switch (_afterInteger)
        {
            case Step.Line:
                _step = Step.Line;
                return null;
            case Step.StaticIndex or Step.NameReference:
                _step = _afterInteger == Step.StaticIndex ? Step.Line : Step.Value;
                return _integer.Value < StaticEntries ? null : $"a field line names the static entry {_integer.Value}, and there are {StaticEntries} (RFC 9204, section 3.1)";
            default:
                _textLeft = _integer.Value;
                _step = Step.Text;
                if (_textLeft == 0)
                {
                    EndText();
                }

                return null;
        }
    }

    private void EndText()
    {
        _step = _isNameText ? Step.Value : Step.Line;
        _isNameText = false;
    }
}
