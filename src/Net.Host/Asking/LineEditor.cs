using System.Text;

namespace Net.Hosting.Asking;

/// <summary>What a key did.</summary>
internal enum LineEvent
{
    /// <summary>The line changed, or nothing did.</summary>
    Edited,

    /// <summary>The line is done.</summary>
    Submitted,

    /// <summary>The line was given up.</summary>
    Cancelled,

    /// <summary>No more lines come.</summary>
    Ended,
}

/// <summary>One line being typed, with the lines before it to go back to. Takes keys and holds text; draws nothing.</summary>
/// <param name="words">What the tabulator completes.</param>
internal sealed class LineEditor(IReadOnlyList<string> words)
{
    internal const int MaxHistory = 500;
    internal const int MaxLength = 64 << 10;

    private readonly List<string> _history = [];
    private readonly StringBuilder _text = new();
    private string _draft = "";
    private int _at;

    internal string Text => _text.ToString();

    /// <summary>Where the next character goes, 0 to the length of the text.</summary>
    internal int Cursor { get; private set; }

    internal IReadOnlyList<string> History => _history;

    /// <summary>Begins an empty line, keeping the last one.</summary>
    internal void Begin()
    {
        string last = Text;
        if (last.Trim().Length > 0 && (_history.Count == 0 || _history[^1] != last))
        {
            _history.Add(last);
            if (_history.Count > MaxHistory)
            {
                _history.RemoveAt(0);
            }
        }

        Replace("");
        _draft = "";
        _at = _history.Count;
    }

    internal LineEvent Apply(ConsoleKeyInfo key)
    {
        bool isControl = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        switch (key.Key)
        {
            case ConsoleKey.Enter:
                return LineEvent.Submitted;
            case ConsoleKey.C when isControl:
                Replace("");
                return LineEvent.Cancelled;
            case ConsoleKey.D when isControl && _text.Length == 0:
                return LineEvent.Ended;
            case ConsoleKey.UpArrow:
                Recall(_at - 1);
                break;
            case ConsoleKey.DownArrow:
                Recall(_at + 1);
                break;
            case ConsoleKey.Tab:
                Complete();
                break;
            default:
                Edit(key, isControl);
                break;
        }

        return LineEvent.Edited;
    }

    private void Edit(ConsoleKeyInfo key, bool isControl)
    {
        switch (key.Key)
        {
            case ConsoleKey.Backspace when Cursor > 0:
                _text.Remove(--Cursor, 1);
                break;
            case ConsoleKey.Delete or ConsoleKey.D when (key.Key == ConsoleKey.Delete || isControl) && Cursor < _text.Length:
                _text.Remove(Cursor, 1);
                break;
            case ConsoleKey.LeftArrow:
                Cursor = Math.Max(0, Cursor - 1);
                break;
            case ConsoleKey.RightArrow:
                Cursor = Math.Min(_text.Length, Cursor + 1);
                break;
            case ConsoleKey.Home:
            case ConsoleKey.A when isControl:
                Cursor = 0;
                break;
            case ConsoleKey.End:
            case ConsoleKey.E when isControl:
                Cursor = _text.Length;
                break;
            case ConsoleKey.U when isControl:
                _text.Remove(0, Cursor);
                Cursor = 0;
                break;
            case ConsoleKey.K when isControl:
                _text.Length = Cursor;
                break;
            default:
                if (!char.IsControl(key.KeyChar) && _text.Length < MaxLength)
                {
                    _text.Insert(Cursor++, key.KeyChar);
                }

                break;
        }
    }

    private void Recall(int index)
    {
        if (index < 0 || index > _history.Count)
        {
            return;
        }

        if (_at == _history.Count)
        {
            _draft = Text;
        }

        _at = index;
        Replace(index == _history.Count ? _draft : _history[index]);
    }

    /// <summary>Completes the word before the cursor as far as all words agree that begin so.</summary>
    private void Complete()
    {
        int start = Cursor;
        while (start > 0 && char.IsLetter(_text[start - 1]))
        {
            start--;
        }

        string begun = _text.ToString(start, Cursor - start);
        string[] fitting = begun.Length == 0 ? [] : [.. words.Where(word => word.StartsWith(begun, StringComparison.OrdinalIgnoreCase))];
        if (fitting.Length == 0)
        {
            return;
        }

        int length = fitting[0].Length;
        while (!fitting.All(word => word.AsSpan().StartsWith(fitting[0].AsSpan(0, length))))
        {
            length--;
        }

        string completion = fitting[0][..length] + (fitting.Length == 1 ? " " : "");
        if (completion.Length > begun.Length)
        {
            _text.Remove(start, begun.Length).Insert(start, completion);
            Cursor = start + completion.Length;
        }
    }

    private void Replace(string text)
    {
        _text.Clear().Append(text);
        Cursor = _text.Length;
    }
}
