using System.Buffers;
using System.Globalization;
using System.Text;

namespace Net;

/// <summary>Keeps text that a peer chose from being more than text where it is shown: in a log, on a terminal, in the message of an exception.</summary>
/// <remarks>
/// Server names, close reasons, status messages, routes and names in certificates come from whoever connects. A line break in one would forge the next line of a log that is plain text, and an
/// escape code would command the terminal that shows it. This library cleans what it logs; a program that logs such text itself does so with <see cref="Clean"/>.
/// </remarks>
public static class PlainText
{
    /// <summary>
    /// Whether a text holds what can change how the text around it reads: control characters (line breaks and escape codes among them), format characters (marks of direction among them),
    /// line and paragraph separators, characters of private use, and halves of surrogate pairs.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <returns>Whether it does.</returns>
    public static bool IsUnsafe(ReadOnlySpan<char> text)
    {
        // Nearly all text is printable ASCII, which is looked at many characters at a time.
        int first = text.IndexOfAnyExceptInRange(' ', '~');
        if (first < 0)
        {
            return false;
        }

        text = text[first..];
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out Rune rune, out int taken) != OperationStatus.Done || IsUnsafe(rune))
            {
                return true;
            }

            text = text[taken..];
        }

        return false;
    }

    /// <summary>Cuts a text to a length, and puts U+FFFD in the place of each character that <see cref="IsUnsafe(ReadOnlySpan{char})"/> speaks of.</summary>
    /// <param name="text">The text; <c>null</c> is as good as an empty one.</param>
    /// <param name="maxLength">Most characters that are kept; an ellipsis then stands for the rest. Default 256; 1 and more.</param>
    /// <returns>The text, the same object when there was nothing to do.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLength"/> is below 1.</exception>
    public static string Clean(string? text, int maxLength = 256)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 1);
        if (text is null)
        {
            return "";
        }

        if (text.Length <= maxLength && !IsUnsafe(text))
        {
            return text;
        }

        var clean = new StringBuilder(Math.Min(text.Length, maxLength) + 1);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > maxLength)
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
