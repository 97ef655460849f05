using System.Runtime.CompilerServices;
using System.Text;

namespace Net.Server.Kestrel.Checking;

/// <summary>
/// Follows the fields and the content of one request by the rules whose breach makes it malformed (RFC 9114, sections 4.1.2 to 4.4 and 10.3). Methods return what is wrong, or <c>null</c>.
/// </summary>
internal struct RequestMessageCheck
{
    private const long NoContentLength = -1;

    // The longest name of a host, and a port (RFC 1035, section 2.3.4). What is longer is not compared.
    private const int MaxAuthority = 253 + 6;

    private NameStart _name;
    private Host _authority;
    private int _authorityLength;
    private int _nameLength;
    private FieldKind _kind;
    private uint _seen;
    private long _contentLeft;
    private int _valueLength;
    private bool _isExpectedValue;
    private bool _isConnect;
    private bool _hasRegular;
    private bool _hasHeaders;
    private PriorityField _priority;

    /// <summary>Whether the headers have come.</summary>
    internal readonly bool HasHeaders => _hasHeaders;

    /// <summary>What the request's priority header asks for, as soon as the headers are complete; <c>null</c> when it has none that can be read.</summary>
    internal readonly StreamPriority? Priority => _priority.Value;

    /// <summary>Begins with another request.</summary>
    internal void Begin()
    {
        _hasHeaders = false;
        _isConnect = _hasRegular = false;
        _seen = 0;
        _authorityLength = 0;
        _contentLeft = NoContentLength;
        _priority.Begin();
    }

    /// <summary>Begins with a field whose name follows.</summary>
    internal void BeginName() => _nameLength = 0;

    internal string? TakeName(ReadOnlySpan<byte> piece)
    {
        int kept = Math.Min(piece.Length, FieldNames.MaxKnownLength - Math.Min(_nameLength, FieldNames.MaxKnownLength));
        piece[..kept].CopyTo(((Span<byte>)_name)[Math.Min(_nameLength, FieldNames.MaxKnownLength)..]);
        bool isPseudo = _nameLength == 0 && !piece.IsEmpty && piece[0] == ':';
        _nameLength += piece.Length;
        return FieldNames.IsName(isPseudo ? piece[1..] : piece) ? null : "a name of a field holds what none may (RFC 9114, section 4.2)";
    }

    internal string? EndName()
    {
        if (_nameLength == 0)
        {
            return "a field has no name (RFC 9114, section 10.3)";
        }

        ReadOnlySpan<byte> name = ((ReadOnlySpan<byte>)_name)[..Math.Min(_nameLength, FieldNames.MaxKnownLength)];
        FieldKind kind = _nameLength <= FieldNames.MaxKnownLength ? FieldNames.Classify(name) : name[0] == ':' ? FieldKind.OtherPseudo : FieldKind.Regular;
        return SetKind(kind);
    }

    /// <summary>Takes a name of the static table in place of one that is spelled out.</summary>
    internal string? SetKind(FieldKind kind)
    {
        _kind = kind;
        _valueLength = 0;
        _isExpectedValue = true;
        uint bit = 1u << (int)kind;
        bool isAgain = (_seen & bit) != 0;
        _seen |= bit;
        switch (kind)
        {
            case FieldKind.ConnectionSpecific:
                return "a field of HTTP/1.1's connections (RFC 9114, section 4.2)";
            case FieldKind.OtherPseudo:
                return "a pseudo-header that requests do not have (RFC 9114, section 4.3)";
            case FieldKind.Method or FieldKind.Scheme or FieldKind.Authority or FieldKind.Path or FieldKind.Protocol:
                return _hasHeaders ? "a pseudo-header in the trailers (RFC 9114, section 4.3)"
                    : _hasRegular ? "a pseudo-header behind another field (RFC 9114, section 4.3)"
                    : isAgain ? "a pseudo-header that comes twice (RFC 9114, section 4.3)"
                    : null;
            case FieldKind.ContentLength when !_hasHeaders && isAgain:
                return "two content-lengths (RFC 9110, section 8.6)";
            default:
                _hasRegular = true;
                return null;
        }
    }

    internal string? TakeValue(ReadOnlySpan<byte> piece)
    {
        if (!FieldNames.IsValue(piece))
        {
            return "a value of a field holds a control character (RFC 9114, section 10.3)";
        }

        switch (_kind)
        {
            case FieldKind.ContentLength when !_hasHeaders:
                foreach (byte digit in piece)
                {
                    if (!TakeDigit(digit))
                    {
                        return "a content-length that is no number, or a too large one (RFC 9110, section 8.6)";
                    }
                }

                break;
            case FieldKind.Te:
                Compare(piece, "trailers"u8);
                break;
            case FieldKind.Method:
                Compare(piece, "CONNECT"u8);
                break;
            case FieldKind.Authority:
                piece[..Math.Min(piece.Length, Math.Max(MaxAuthority - _valueLength, 0))].CopyTo(((Span<byte>)_authority)[Math.Min(_valueLength, MaxAuthority)..]);
                break;
            case FieldKind.Host when _authorityLength is > 0 and <= MaxAuthority:
                Compare(piece, ((ReadOnlySpan<byte>)_authority)[.._authorityLength]);
                break;
            case FieldKind.Priority when !_hasHeaders:
                _priority.Take(piece);
                break;
        }

        _valueLength += piece.Length;
        return null;
    }

    internal string? EndValue()
    {
        switch (_kind)
        {
            case FieldKind.Authority:
                _authorityLength = _valueLength;
                return _valueLength == 0 ? "an empty :authority (RFC 9114, section 4.3.1)" : null;
            case FieldKind.Host when _authorityLength is > 0 and <= MaxAuthority && !_hasHeaders && (!_isExpectedValue || _valueLength != _authorityLength):
                return ":authority and a host that differs (RFC 9114, section 4.3.1)";
            case FieldKind.Method:
                _isConnect = _isExpectedValue && _valueLength == "CONNECT"u8.Length;
                break;
            case FieldKind.Te when !_isExpectedValue || _valueLength != "trailers"u8.Length:
                return "te says more than trailers (RFC 9114, section 4.2)";
            case FieldKind.Host or FieldKind.Path or FieldKind.Scheme when _valueLength == 0 && !_hasHeaders:
                return "an empty host, :path or :scheme (RFC 9114, section 4.3.1)";
            case FieldKind.ContentLength when _valueLength == 0 && !_hasHeaders:
                return "an empty content-length (RFC 9110, section 8.6)";
            case FieldKind.Priority when !_hasHeaders:
                _priority.EndLine();
                break;
        }

        return null;
    }

    /// <summary>Ends the headers, or the trailers behind them.</summary>
    internal string? EndFields()
    {
        if (_hasHeaders)
        {
            return null;
        }

        _hasHeaders = true;
        _hasRegular = false;
        if (_isConnect && !Has(FieldKind.Protocol))
        {
            return !Has(FieldKind.Authority) || Has(FieldKind.Scheme) || Has(FieldKind.Path) ? "CONNECT has :authority, and neither :scheme nor :path (RFC 9114, section 4.4)" : null;
        }

        return !Has(FieldKind.Method) || !Has(FieldKind.Scheme) || !Has(FieldKind.Path) ? "a request lacks :method, :scheme or :path (RFC 9114, section 4.3.1)"
            : !Has(FieldKind.Authority) && !Has(FieldKind.Host) ? "a request has neither :authority nor host (RFC 9114, section 4.3.1)"
            : null;
    }

    /// <summary>Takes a frame of content.</summary>
    internal string? TakeContent(long length)
    {
        if (_contentLeft == NoContentLength)
        {
            return null;
        }

        if (length > _contentLeft)
        {
            return "more content than content-length says (RFC 9114, section 4.1.2)";
        }

        _contentLeft -= length;
        return null;
    }

    /// <summary>Ends the content, at the trailers or the end of the stream.</summary>
    internal readonly string? EndContent() => _contentLeft > 0 ? "less content than content-length says (RFC 9114, section 4.1.2)" : null;

    private readonly bool Has(FieldKind kind) => (_seen & (1u << (int)kind)) != 0;

    private bool TakeDigit(byte digit)
    {
        int value = digit - '0';
        long length = Math.Max(_contentLeft, 0);
        if (value is < 0 or > 9 || length > (long.MaxValue - value) / 10)
        {
            return false;
        }

        _contentLeft = (length * 10) + value;
        return true;
    }

    private void Compare(ReadOnlySpan<byte> piece, ReadOnlySpan<byte> expected) =>
        _isExpectedValue &= _valueLength + piece.Length <= expected.Length && Ascii.EqualsIgnoreCase(piece, expected.Slice(_valueLength, piece.Length));

    [InlineArray(FieldNames.MaxKnownLength)]
    private struct NameStart
    {
        private byte _first;
    }

    [InlineArray(MaxAuthority)]
    private struct Host
    {
        private byte _first;
    }
}
