using System.Text;

namespace Net.Aql;

/// <summary>A text is no AQL. The message has the place, what was expected, and the line with a caret under it.</summary>
public sealed class AqlSyntaxException : FormatException
{
    private const int Window = 100;

    internal AqlSyntaxException(string problem, string text, int offset)
        : this(problem, Locate(text, offset), offset)
    {
    }

    private AqlSyntaxException(string problem, (int Line, int Column, string Excerpt) place, int offset)
        : base($"line {place.Line}, column {place.Column}: {problem}{Environment.NewLine}{place.Excerpt}")
    {
        Problem = problem;
        Line = place.Line;
        Column = place.Column;
        Offset = offset;
    }

    /// <summary>What is wrong and what was expected, without the place.</summary>
    public string Problem { get; }

    /// <summary>The line, counted from 1.</summary>
    public int Line { get; }

    /// <summary>The column, counted from 1 in characters (Unicode scalar values).</summary>
    public int Column { get; }

    /// <summary>The place in the text, counted from 0 in UTF-16 code units.</summary>
    public int Offset { get; }

    private static (int Line, int Column, string Excerpt) Locate(string text, int offset)
    {
        int start = offset == 0 ? 0 : text.LastIndexOf('\n', offset - 1) + 1;
        int end = text.IndexOf('\n', offset);
        end = end < 0 ? text.Length : end;
        int line = text.AsSpan(0, start).Count('\n') + 1;
        int column = CountRunes(text.AsSpan(start, offset - start)) + 1;

        // Of a long line only what is near the place.
        int from = Math.Max(start, offset - Window);
        int to = Math.Min(end, offset + Window);
        string before = Clean(text.AsSpan(from, offset - from));
        string caret = new([.. before.EnumerateRunes().Select(rune => rune.Value == '\t' ? '\t' : ' ')]);
        return (line, column, $"  {before}{Clean(text.AsSpan(offset, to - offset))}{Environment.NewLine}  {caret}^");
    }

    private static int CountRunes(ReadOnlySpan<char> text)
    {
        int count = 0;
        foreach (Rune _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }

    // A text may come from anywhere; what it holds must not steer the terminal that shows the message.
    private static string Clean(ReadOnlySpan<char> text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            clean.Append(rune.Value != '\t' && Rune.IsControl(rune) ? "?" : rune.ToString());
        }

        return clean.ToString();
    }
}
