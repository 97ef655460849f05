using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Net.Grpc;

/// <summary>Base64 as gRPC's metadata has it: sent without padding, read with and without.</summary>
internal static class MetadataBase64
{
    internal static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    /// <summary>Decodes one value. White space inside is refused, although the BCL's decoder would skip it.</summary>
    internal static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        ReadOnlySpan<char> digits = text.TrimEnd('=');
        int padding = text.Length - digits.Length;
        if (padding > 2 || (padding > 0 && text.Length % 4 != 0) || digits.Length % 4 == 1 || digits.ContainsAny(" \t\r\n"))
        {
            return false;
        }

        // One buffer for the padded text; a header's size is bounded by the server's limits.
        Span<char> padded = digits.Length <= 252 ? stackalloc char[256] : new char[digits.Length + 4];
        digits.CopyTo(padded);
        int missing = (4 - (digits.Length % 4)) % 4;
        padded.Slice(digits.Length, missing).Fill('=');
        padded = padded[..(digits.Length + missing)];

        byte[] result = new byte[Base64.GetMaxDecodedFromUtf8Length(padded.Length)];
        if (!Convert.TryFromBase64Chars(padded, result, out int written))
        {
            return false;
        }

        bytes = written == result.Length ? result : result[..written];
        return true;
    }
}
