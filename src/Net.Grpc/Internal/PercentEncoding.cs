using System.Buffers;
using System.Globalization;
using System.Text;

namespace Net.Grpc;

/// <summary>The text of <c>grpc-message</c>: UTF-8 whose bytes outside printable ASCII, and the percent sign, stand as %XX (gRPC over HTTP/2, "Status-Message").</summary>
internal static class PercentEncoding
{
    private static readonly SearchValues<char> Plain =
        SearchValues.Create(string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Where(c => c != '%')));

    private static readonly UTF8Encoding Lenient = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    internal static string Encode(string text)
    {
        // Spaces at the ends are allowed by the rule but trimmed by HTTP libraries.
        bool hasSpaceAtAnEnd = text.StartsWith(' ') || text.EndsWith(' ');
        if (!hasSpaceAtAnEnd && !text.AsSpan().ContainsAnyExcept(Plain))
        {
            return text;
        }

        byte[] bytes = Lenient.GetBytes(text);
        var encoded = new StringBuilder(bytes.Length + 16);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte value = bytes[i];
            bool isSpaceAtAnEnd = value == ' ' && (i == 0 || i == bytes.Length - 1);
            if (value is >= (byte)' ' and <= (byte)'~' and not (byte)'%' && !isSpaceAtAnEnd)
            {
                encoded.Append((char)value);
            }
            else
            {
                encoded.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return encoded.ToString();
    }

    /// <summary>Decodes. It never fails: what is no escape stands as it is, and bytes that are no UTF-8 become U+FFFD, so that a message is not lost over its form.</summary>
    internal static string Decode(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal))
        {
            return text;
        }

        byte[] source = Encoding.Latin1.GetBytes(text);
        byte[] decoded = new byte[source.Length];
        int length = 0;
        for (int i = 0; i < source.Length; i++)
        {
            if (source[i] == '%' && i + 2 < source.Length && char.IsAsciiHexDigit((char)source[i + 1]) && char.IsAsciiHexDigit((char)source[i + 2]))
            {
                decoded[length++] = (byte)((HexValue(source[i + 1]) << 4) | HexValue(source[i + 2]));
                i += 2;
            }
            else
            {
                decoded[length++] = source[i];
            }
        }

        return Lenient.GetString(decoded, 0, length);
    }

    private static int HexValue(byte digit) => digit switch
    {
        <= (byte)'9' => digit - '0',
        <= (byte)'F' => digit - 'A' + 10,
        _ => digit - 'a' + 10,
    };
}
