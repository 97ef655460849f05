using System.Globalization;
using System.Text;

namespace Net.Security;

/// <summary>Keeps text from outside from being more than text where it is shown.</summary>
internal static class PlainText
{
    /// <summary>Whether a text holds what can change how the text around it reads: control, format (bidirectional marks among them), line and paragraph separators, halves of surrogates.</summary>
    internal static bool IsUnsafe(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out Rune rune, out int taken) != System.Buffers.OperationStatus.Done || IsUnsafe(rune))
            {
                return true;
            }

            text = text[taken..];
        }

        return false;
    }

    /// <summary>Cuts a text to a length and puts U+FFFD in the place of what is unsafe, so that it can be logged.</summary>
    internal static string Clean(string? text, int longest = 256)
    {
        if (text is null)
        {
            return "";
        }

        if (text.Length <= longest && !IsUnsafe(text))
        {
            return text;
        }

        var clean = new StringBuilder(Math.Min(text.Length, longest) + 1);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > longest)
            {
                return clean.Append('…').ToString();
            }

            clean.Append(IsUnsafe(rune) ? "\uFFFD" : rune.ToString());
        }

        return clean.ToString();
    }

    private static bool IsUnsafe(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse;
}
