using System.Text;
using Google.Protobuf;

namespace Net.Aql;

/// <summary>Makes text that came from outside fit for a message: short and without control characters.</summary>
internal static class Printable
{
    private const int Longest = 64;

    internal static string Shorten(string text)
    {
        var output = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (output.Length >= Longest)
            {
                return output.Append('…').ToString();
            }

            output.Append(Rune.IsControl(rune) ? "?" : rune.ToString());
        }

        return output.ToString();
    }

    internal static string Shorten(ByteString bytes)
    {
        if (bytes.Length <= Longest && bytes.Span.IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0)
        {
            return $"\"{bytes.ToStringUtf8()}\"";
        }

        string hex = Convert.ToHexStringLower(bytes.Span[..Math.Min(bytes.Length, 16)]);
        return $"x\"{hex}{(bytes.Length > 16 ? "…" : "")}\", {bytes.Length} bytes";
    }
}
