using System.Runtime.CompilerServices;

namespace Net.Server.Kestrel.Checking;

/// <summary>Collects the priority that a request asks for: the value of a priority header, or of a PRIORITY_UPDATE frame (RFC 9218, section 4).</summary>
internal struct PriorityField
{
    // What the two parameters need is eight bytes; the rest is for extensions. A longer value is read as none.
    private const int MaxLength = 128;
    private const int DefaultUrgency = 3;

    private Line _line;
    private int _length;
    private int _urgency;
    private bool _isIncremental;
    private bool _isPresent;
    private bool _isBroken;

    /// <summary>Of a request that has a priority but says nothing in it (RFC 9218, section 4).</summary>
    internal static StreamPriority Default => new(DefaultUrgency, incremental: false);

    /// <summary>The priority; <c>null</c> when none was given, or none that can be read: a broken dictionary counts as none (RFC 9651, section 4.2).</summary>
    internal readonly StreamPriority? Value => _isPresent && !_isBroken ? new StreamPriority(_urgency, _isIncremental) : null;

    internal void Begin()
    {
        _length = 0;
        _urgency = DefaultUrgency;
        _isIncremental = _isPresent = _isBroken = false;
    }

    /// <summary>Takes a piece of a line.</summary>
    internal void Take(ReadOnlySpan<byte> piece)
    {
        if (piece.Length > MaxLength - _length)
        {
            _isBroken = true;
            return;
        }

        piece.CopyTo(((Span<byte>)_line)[_length..]);
        _length += piece.Length;
    }

    /// <summary>Ends a line. The members of a further one add to those before it.</summary>
    internal void EndLine()
    {
        var members = new DictionaryReader(((ReadOnlySpan<byte>)_line)[.._length]);
        _length = 0;
        _isPresent = true;
        while (!_isBroken && members.MoveNext())
        {
            // What has another type, or is out of range, is ignored (RFC 9218, section 4), and takes the place of what came before all the same (RFC 9651, section 4.2.2).
            if (members.Key.SequenceEqual("u"u8))
            {
                _urgency = members.Integer is long urgency and >= 0 and <= 7 ? (int)urgency : DefaultUrgency;
            }
            else if (members.Key.SequenceEqual("i"u8))
            {
                _isIncremental = members.Boolean ?? false;
            }
        }

        _isBroken |= members.IsBroken;
    }

    [InlineArray(MaxLength)]
    private struct Line
    {
        private byte _first;
    }
}
