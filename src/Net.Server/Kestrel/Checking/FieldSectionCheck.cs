namespace Net.Server.Kestrel.Checking;

/// <summary>Decodes an encoded field section as it comes (RFC 9204, section 4.5), for a decoder whose dynamic table has no room, and has its fields judged.</summary>
internal struct FieldSectionCheck
{
    private const byte SignOfBase = 0x80;
    private const byte HuffmanOfName = 0x08;
    private const byte HuffmanOfValue = 0x80;
    private const int DecodedAtOnce = 128;

    private RequestMessageCheck _message;
    private HuffmanText _huffman;
    private Step _step;
    private PrefixedInteger _integer;
    private Step _afterInteger;
    private long _textLeft;
    private FieldSectionLimits _limits;
    private int _fieldsLeft;
    private long _bytesLeft;
    private bool _isName;
    private bool _isHuffman;

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

        // What follows is refused by Kestrel.
        OverLimit,
    }

    /// <summary>What the request's priority header asks for.</summary>
    internal readonly StreamPriority? Priority => _message.Priority;

    /// <summary>Whether the headers have come, so that another section is the trailers.</summary>
    internal readonly bool AreTrailers => _message.HasHeaders;

    /// <summary>Begins with another request.</summary>
    internal void BeginRequest(FieldSectionLimits limits)
    {
        _limits = limits;
        _message.Begin();
    }

    /// <summary>Begins with the request's headers, or its trailers.</summary>
    internal void Begin()
    {
        _step = Step.InsertCount;
        _textLeft = 0;
        _fieldsLeft = _limits.MaxFields;
        _bytesLeft = _limits.MaxBytes;
    }

    /// <summary>Takes a frame of content.</summary>
    internal Http3Violation? TakeContent(long length) => Malformed(_message.TakeContent(length));

    /// <summary>Ends the content, at the trailers or at the end of the stream.</summary>
    internal readonly Http3Violation? EndContent() => Malformed(_message.EndContent());

    /// <summary>Takes some bytes.</summary>
    /// <returns>What is wrong, or <c>null</c>.</returns>
    internal Http3Violation? Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && _step != Step.OverLimit)
        {
            Http3Violation? violation;
            if (_step == Step.Text)
            {
                int taken = (int)Math.Min(bytes.Length, _textLeft);
                violation = _isHuffman ? TakeHuffman(bytes[..taken]) : TakeText(bytes[..taken]);
                bytes = bytes[taken..];
                _textLeft -= taken;
                if (violation is null && _bytesLeft < 0)
                {
                    _step = Step.OverLimit;
                }
                else if (_textLeft == 0)
                {
                    violation ??= EndText();
                }
            }
            else
            {
                violation = TakeByte(bytes[0]);
                bytes = bytes[1..];
            }

            if (violation is not null)
            {
                return violation;
            }
        }

        return null;
    }

    /// <summary>Ends the section.</summary>
    /// <returns>What is wrong, or <c>null</c>.</returns>
    internal Http3Violation? End() => _step == Step.OverLimit ? null
        : _step == Step.Line ? Malformed(_message.EndFields())
        : Undecodable("a field section ends inside a field line or its prefix (RFC 9204, section 4.5)");

    private static Http3Violation? Malformed(string? fault) => fault is null ? null : new Http3Violation(Http3ErrorCodes.MessageError, fault);

    private static Http3Violation Undecodable(string fault) => new(Http3ErrorCodes.QpackDecompressionFailed, fault);

    private static Http3Violation DynamicFault() => Undecodable("a field line names an entry of the dynamic table, which was never allowed any (RFC 9204, section 3.2)");

    private Http3Violation? TakeByte(byte next)
    {
        switch (_step)
        {
            case Step.InsertCount:
                _step = Step.Base;
                return next == 0 ? null : Undecodable("a field section needs entries of the dynamic table, which was never allowed any (RFC 9204, section 2.2.1)");
            case Step.Base:
                return (next & SignOfBase) == 0 ? BeginInteger(next, 7, Step.Line) : Undecodable("the base of a field section is below zero (RFC 9204, section 4.5.1.2)");
            case Step.Line:
                return BeginLine(next);
            case Step.Value:
                return BeginText(next, isHuffman: (next & HuffmanOfValue) != 0, 7);
            default:
                return _integer.Continue(next) switch
                {
                    null => Undecodable("an integer of a field section is too large (RFC 9204, section 4.1.1)"),
                    true => EndInteger(),
                    false => null,
                };
        }
    }

    private Http3Violation? BeginLine(byte first)
    {
        _isName = false;
        if (--_fieldsLeft < 0)
        {
            _step = Step.OverLimit;
            return null;
        }

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

        _isName = true;
        _message.BeginName();
        return BeginText(first, isHuffman: (first & HuffmanOfName) != 0, 3);
    }

    private Http3Violation? BeginText(byte first, bool isHuffman, int bits)
    {
        _isHuffman = isHuffman;
        _huffman.Begin();
        return BeginInteger(first, bits, Step.TextLength);
    }

    private Http3Violation? BeginInteger(byte first, int bits, Step after)
    {
        _afterInteger = after;
        if (_integer.Begin(first, bits))
        {
            return EndInteger();
        }

        _step = Step.Integer;
        return null;
    }

    private Http3Violation? EndInteger()
    {
        switch (_afterInteger)
        {
            case Step.Line:
                _step = Step.Line;
                return null;
            case Step.StaticIndex or Step.NameReference:
                return TakeStatic(_integer.Value);
            default:
                _textLeft = _integer.Value;
                _step = Step.Text;
                return _textLeft == 0 ? EndText() : null;
        }
    }

    private Http3Violation? TakeStatic(long index)
    {
        if (index >= FieldNames.StaticEntries)
        {
            return Undecodable($"a field line names the static entry {index}, and there are {FieldNames.StaticEntries} (RFC 9204, section 3.1)");
        }

        string? fault = _message.SetKind(FieldNames.ClassifyStatic(index));
        if (_afterInteger == Step.NameReference)
        {
            _step = Step.Value;
            return Malformed(fault);
        }

        _step = Step.Line;
        return Malformed(fault ?? _message.TakeValue(FieldNames.StaticValue(index)) ?? _message.EndValue());
    }

    private Http3Violation? TakeHuffman(ReadOnlySpan<byte> coded)
    {
        Span<byte> text = stackalloc byte[DecodedAtOnce * HuffmanText.MaxGrowth];
        while (!coded.IsEmpty && _bytesLeft >= 0)
        {
            ReadOnlySpan<byte> piece = coded[..Math.Min(coded.Length, DecodedAtOnce)];
            coded = coded[piece.Length..];
            int written = _huffman.Decode(piece, text);
            if (written < 0)
            {
                return Undecodable("a text's Huffman coding holds the end of string (RFC 7541, section 5.2)");
            }

            if (TakeText(text[..written]) is Http3Violation violation)
            {
                return violation;
            }
        }

        return null;
    }

    private Http3Violation? TakeText(ReadOnlySpan<byte> text)
    {
        _bytesLeft -= text.Length;
        return Malformed(_isName ? _message.TakeName(text) : _message.TakeValue(text));
    }

    private Http3Violation? EndText()
    {
        if (_isHuffman && !_huffman.CanEnd)
        {
            return Undecodable("a text's Huffman coding ends in a padding that is none (RFC 7541, section 5.2)");
        }

        bool wasName = _isName;
        _isName = false;
        _step = wasName ? Step.Value : Step.Line;
        return Malformed(wasName ? _message.EndName() : _message.EndValue());
    }
}
