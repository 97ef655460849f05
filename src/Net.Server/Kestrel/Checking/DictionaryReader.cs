using System.Buffers;
using System.Text;

namespace Net.Server.Kestrel.Checking;

/// <summary>Reads a dictionary of structured fields (RFC 9651, section 4.2.2) member by member. Values other than integers and booleans are only passed over.</summary>
internal ref struct DictionaryReader(ReadOnlySpan<byte> text)
{
    private static readonly SearchValues<byte> KeyBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-.*"u8);
    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create("!#$%&'*+-.^_`|~:/0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);
    private static readonly SearchValues<byte> NumberBytes = SearchValues.Create("0123456789."u8);
    private static readonly SearchValues<byte> Base64Bytes = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/="u8);
    private ReadOnlySpan<byte> _rest = text.TrimStart((byte)' ');
    private bool _hasMember;

    /// <summary>Key of the current member.</summary>
    internal ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>Its value, when that is an integer.</summary>
    internal long? Integer { get; private set; }

    /// <summary>Its value, when that is a boolean.</summary>
    internal bool? Boolean { get; private set; }

    /// <summary>Whether the text is no dictionary.</summary>
    internal bool IsBroken { get; private set; }

    /// <summary>Goes to the next member.</summary>
    /// <returns>Whether there is one; <c>false</c>, too, when the text goes on with what is none.</returns>
    internal bool MoveNext()
    {
        if (_hasMember)
        {
            _rest = _rest.TrimStart(" \t"u8);
        }

        if (_rest.IsEmpty || IsBroken)
        {
            return false;
        }

        if (_hasMember && !PassComma())
        {
            return Break();
        }

        _hasMember = true;
        Integer = null;
        Boolean = null;
        if (!ReadKey(out ReadOnlySpan<byte> key))
        {
            return Break();
        }

        Key = key;
        if (!Pass((byte)'='))
        {
            Boolean = true;
            return ReadParameters() || Break();
        }

        return (!_rest.IsEmpty && _rest[0] == '(' ? ReadInnerList() : ReadItem()) || Break();
    }

    private bool Break()
    {
        IsBroken = true;
        return false;
    }

    private bool Pass(byte expected)
    {
        if (_rest.IsEmpty || _rest[0] != expected)
        {
            return false;
        }

        _rest = _rest[1..];
        return true;
    }

    private bool PassComma()
    {
        if (!Pass((byte)','))
        {
            return false;
        }

        _rest = _rest.TrimStart(" \t"u8);
        return !_rest.IsEmpty;
    }

    private bool ReadKey(out ReadOnlySpan<byte> key)
    {
        key = PassAll(KeyBytes);
        return !key.IsEmpty && (key[0] is (>= (byte)'a' and <= (byte)'z') or (byte)'*');
    }

    private ReadOnlySpan<byte> PassAll(SearchValues<byte> bytes)
    {
        int end = _rest.IndexOfAnyExcept(bytes);
        ReadOnlySpan<byte> passed = end < 0 ? _rest : _rest[..end];
        _rest = _rest[passed.Length..];
        return passed;
    }

    private bool ReadInnerList()
    {
        _rest = _rest[1..];
        while (true)
        {
            _rest = _rest.TrimStart((byte)' ');
            if (Pass((byte)')'))
            {
                // A list is neither of the two.
                Integer = null;
                Boolean = null;
                return ReadParameters();
            }

            if (!ReadItem() || _rest.IsEmpty || _rest[0] is not ((byte)' ' or (byte)')'))
            {
                return false;
            }
        }
    }

    private bool ReadItem() => ReadBareItem() && ReadParameters();

    private bool ReadParameters()
    {
        (long? integer, bool? boolean) = (Integer, Boolean);
        while (Pass((byte)';'))
        {
            _rest = _rest.TrimStart((byte)' ');
            if (!ReadKey(out _) || (Pass((byte)'=') && !ReadBareItem()))
            {
                return false;
            }
        }

        (Integer, Boolean) = (integer, boolean);
        return true;
    }

    private bool ReadBareItem()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        switch (_rest[0])
        {
            case (byte)'?':
                bool isRight = _rest.Length > 1 && _rest[1] is (byte)'0' or (byte)'1';
                Boolean = isRight && _rest[1] == '1';
                _rest = isRight ? _rest[2..] : _rest;
                return isRight;
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                return ReadNumber();
            case (byte)'@':
                _rest = _rest[1..];
                bool isDate = ReadNumber() && Integer is not null;
                Integer = null;
                return isDate;
            case (byte)'"':
                _rest = _rest[1..];
                return PassString();
            case (byte)'%':
                _rest = _rest[1..];
                return Pass((byte)'"') && PassDisplayString();
            case (byte)':':
                _rest = _rest[1..];
                PassAll(Base64Bytes);
                return Pass((byte)':');
            case (byte)'*' or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'a' and <= (byte)'z'):
                PassAll(TokenBytes);
                return true;
            default:
                return false;
        }
    }

    private bool ReadNumber()
    {
        const int maxIntegerDigits = 15;
        bool isNegative = Pass((byte)'-');
        ReadOnlySpan<byte> digits = PassAll(NumberBytes);
        int point = digits.IndexOf((byte)'.');
        if (point >= 0)
        {
            // A decimal, with digits on both sides of its one point.
            Integer = null;
            return point is > 0 and <= 12 && digits.Length - point - 1 is > 0 and <= 3 && !digits[(point + 1)..].Contains((byte)'.');
        }

        if (digits.Length is 0 or > maxIntegerDigits)
        {
            return false;
        }

        long value = 0;
        foreach (byte digit in digits)
        {
            value = (value * 10) + digit - '0';
        }

        Integer = isNegative ? -value : value;
        return true;
    }

    private bool PassString()
    {
        for (int i = 0; i < _rest.Length; i++)
        {
            if (_rest[i] == '"')
            {
                _rest = _rest[(i + 1)..];
                return true;
            }

            if (!IsPrintable(_rest[i]) || (_rest[i] == '\\' && (++i == _rest.Length || _rest[i] is not ((byte)'"' or (byte)'\\'))))
            {
                return false;
            }
        }

        return false;
    }

    // Text in UTF-8 of which all but ASCII is written as %xx.
    private bool PassDisplayString()
    {
        Span<byte> character = stackalloc byte[4];
        int length = 0;
        while (!_rest.IsEmpty && IsPrintable(_rest[0]))
        {
            byte next = _rest[0];
            _rest = _rest[1..];
            if (next == '"')
            {
                return length == 0;
            }

            if (next == '%' && !TryPassHex(out next))
            {
                return false;
            }

            character[length++] = next;
            switch (Rune.DecodeFromUtf8(character[..length], out _, out _))
            {
                case OperationStatus.Done:
                    length = 0;
                    break;
                case OperationStatus.InvalidData:
                    return false;
            }
        }

        return false;
    }

    private bool TryPassHex(out byte value)
    {
        value = 0;
        if (_rest.Length < 2)
        {
            return false;
        }

        foreach (byte digit in _rest[..2])
        {
            if (digit is not ((>= (byte)'0' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'f')))
            {
                return false;
            }

            value = (byte)((value << 4) + (digit <= '9' ? digit - '0' : digit - 'a' + 10));
        }

        _rest = _rest[2..];
        return true;
    }

    private static bool IsPrintable(byte character) => character is >= 0x20 and <= 0x7e;
}
