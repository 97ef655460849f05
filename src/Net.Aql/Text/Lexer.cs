using System.Buffers;
using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace Net.Aql;

/// <summary>Cuts a text into tokens.</summary>
internal sealed class Lexer(string text)
{
    private const string HexPrefix = "x\"";
    private const string Base64Prefix = "b64\"";
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");
    private static readonly string[] Symbols = ["..", "!=", "<=", ">=", "+=", "*=", "/", ",", ";", "(", ")", "=", "<", ">"];
    private int _at;

    internal string Text => text;

    /// <summary>Whether a rune may stand in a bare word. Two dots in a row end a word, and two dashes at its beginning make a comment of it.</summary>
    internal static bool IsWordRune(Rune rune) => Rune.IsLetterOrDigit(rune) || (rune.IsAscii && "_-.:@%~$".Contains((char)rune.Value, StringComparison.Ordinal));

    internal Token Next()
    {
        SkipBlanksAndComments();
        int start = _at;
        if (start == text.Length)
        {
            return new Token(TokenKind.End, "", ByteString.Empty, start);
        }

        ByteString? literal = text[start] == '"' ? ReadText() : StartsWith(HexPrefix) ? ReadHex(start) : StartsWith(Base64Prefix) ? ReadBase64(start) : null;
        if (literal is not null)
        {
            return new Token(TokenKind.Literal, text[start.._at], literal, start);
        }

        foreach (string symbol in Symbols)
        {
            if (StartsWith(symbol))
            {
                _at += symbol.Length;
                return new Token(TokenKind.Symbol, symbol, ByteString.Empty, start);
            }
        }

        SkipWord();
        if (_at == start)
        {
            string found = Rune.TryGetRuneAt(text, start, out Rune rune) && !Rune.IsControl(rune) ? $"'{rune}'" : $"the character U+{(int)text[start]:X4}";
            throw new AqlSyntaxException($"{found} cannot stand here; put it in quotes if it is part of a name, key or value", text, start);
        }

        string word = text[start.._at];
        return new Token(TokenKind.Word, word, ByteString.CopyFromUtf8(word), start);
    }

    private bool StartsWith(string prefix) => string.CompareOrdinal(text, _at, prefix, 0, prefix.Length) == 0;

    private void SkipBlanksAndComments()
    {
        while (_at < text.Length)
        {
            if (StartsWith("--"))
            {
                int end = text.IndexOf('\n', _at);
                _at = end < 0 ? text.Length : end;
            }
            else if (char.IsWhiteSpace(text[_at]))
            {
                _at++;
            }
            else
            {
                return;
            }
        }
    }

    private void SkipWord()
    {
        while (_at < text.Length && !StartsWith("..") && Rune.TryGetRuneAt(text, _at, out Rune rune) && IsWordRune(rune))
        {
            _at += rune.Utf16SequenceLength;
        }
    }

    private ByteString ReadText()
    {
        int start = _at++;
        var bytes = new ArrayBufferWriter<byte>();
        while (true)
        {
            if (_at == text.Length)
            {
                throw new AqlSyntaxException("the quote that begins here has no end", text, start);
            }

            char next = text[_at];
            if (next == '"')
            {
                _at++;
                return ByteString.CopyFrom(bytes.WrittenSpan);
            }

            if (next == '\\')
            {
                ReadEscape(bytes);
                continue;
            }

            if (char.IsControl(next))
            {
                throw new AqlSyntaxException($"the character U+{(int)next:X4} must be written as an escape inside quotes, such as \\n, \\t or \\x{(int)next:x2}", text, _at);
            }

            if (!Rune.TryGetRuneAt(text, _at, out Rune rune))
            {
                throw new AqlSyntaxException("half a surrogate pair is no character", text, _at);
            }

            Write(bytes, rune);
            _at += rune.Utf16SequenceLength;
        }
    }

    private void ReadEscape(ArrayBufferWriter<byte> bytes)
    {
        int start = _at++;
        char kind = _at < text.Length ? text[_at++] : '\0';
        switch (kind)
        {
            case '"' or '\\':
                bytes.Write([(byte)kind]);
                break;
            case 'n':
                bytes.Write("\n"u8);
                break;
            case 'r':
                bytes.Write("\r"u8);
                break;
            case 't':
                bytes.Write("\t"u8);
                break;
            case '0':
                bytes.Write("\0"u8);
                break;
            case 'x' when _at + 2 <= text.Length && byte.TryParse(text.AsSpan(_at, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value):
                bytes.Write([value]);
                _at += 2;
                break;
            case 'u' when TryReadScalar(out Rune rune):
                Write(bytes, rune);
                break;
            default:
                throw new AqlSyntaxException("""an escape is one of \" \\ \n \r \t \0, \x with two hexadecimal digits, or \u{...} with the number of a character""", text, start);
        }
    }

    private bool TryReadScalar(out Rune rune)
    {
        rune = default;
        int end = _at < text.Length && text[_at] == '{' ? text.IndexOf('}', _at) : -1;
        if (end < 0
            || end - _at > 7
            || !int.TryParse(text.AsSpan(_at + 1, end - _at - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value)
            || !Rune.TryCreate(value, out rune))
        {
            return false;
        }

        _at = end + 1;
        return true;
    }

    private ByteString ReadHex(int start)
    {
        ReadOnlySpan<char> digits = ReadQuoted(start, HexPrefix.Length);
        int wrong = digits.IndexOfAnyExcept(HexDigits);
        if (wrong >= 0)
        {
            throw new AqlSyntaxException("a hexadecimal digit is 0 to 9 or a to f", text, start + HexPrefix.Length + wrong);
        }

        return digits.Length % 2 == 0
            ? ByteString.CopyFrom(Convert.FromHexString(digits))
            : throw new AqlSyntaxException($"two hexadecimal digits make a byte, and here are {digits.Length}", text, start);
    }

    private ByteString ReadBase64(int start)
    {
        string digits = ReadQuoted(start, Base64Prefix.Length).ToString();
        try
        {
            return ByteString.CopyFrom(Convert.FromBase64String(digits));
        }
        catch (FormatException)
        {
            throw new AqlSyntaxException("this is no base64 (RFC 4648, section 4): letters, digits, + and /, four by four, filled up with =", text, start + Base64Prefix.Length);
        }
    }

    private ReadOnlySpan<char> ReadQuoted(int start, int prefix)
    {
        int end = text.IndexOf('"', start + prefix);
        if (end < 0)
        {
            throw new AqlSyntaxException("the quote that begins here has no end", text, start);
        }

        _at = end + 1;
        return text.AsSpan(start + prefix, end - start - prefix);
    }

    private static void Write(ArrayBufferWriter<byte> bytes, Rune rune)
    {
        Span<byte> utf8 = stackalloc byte[4];
        bytes.Write(utf8[..rune.EncodeToUtf8(utf8)]);
    }
}
