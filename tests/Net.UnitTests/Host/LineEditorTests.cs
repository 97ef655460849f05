using Net.Hosting.Asking;

namespace Net.UnitTests.Host;

[TestClass]
public sealed class LineEditorTests
{
    private readonly LineEditor _editor = new(["get", "filter", "range", "length", "limit"]);

    [TestMethod]
    public void Apply_Letters_GoInAtTheCursor()
    {
        Type("ac");
        Press(ConsoleKey.LeftArrow);
        Type("b");

        Assert.AreEqual("abc", _editor.Text);
        Assert.AreEqual(2, _editor.Cursor);
    }

    [TestMethod]
    public void Apply_DeletingKeys_TakeFromTheRightSide()
    {
        Type("abcd");
        Press(ConsoleKey.Home);
        Press(ConsoleKey.Backspace);
        Press(ConsoleKey.Delete);
        Assert.AreEqual("bcd", _editor.Text);

        Press(ConsoleKey.End);
        Press(ConsoleKey.Delete);
        Press(ConsoleKey.Backspace);
        Assert.AreEqual("bc", _editor.Text);

        Press(ConsoleKey.LeftArrow);
        Press(ConsoleKey.U, control: true);
        Assert.AreEqual("c", _editor.Text);
        Press(ConsoleKey.K, control: true);
        Assert.AreEqual("", _editor.Text);
    }

    [TestMethod]
    public void Apply_EndingKeys_SayWhatTheyMean()
    {
        Type("abc");
        Assert.AreEqual(LineEvent.Edited, Press(ConsoleKey.D, control: true), "With text before it, it deletes.");
        Assert.AreEqual(LineEvent.Submitted, Press(ConsoleKey.Enter));
        Assert.AreEqual(LineEvent.Cancelled, Press(ConsoleKey.C, control: true));
        Assert.AreEqual("", _editor.Text);
        Assert.AreEqual(LineEvent.Ended, Press(ConsoleKey.D, control: true));
    }

    [TestMethod]
    public void Apply_UpAndDown_GoThroughTheLinesBeforeAndBackToTheDraft()
    {
        Submit("one");
        Submit("two");
        Submit("two");
        Submit("  ");
        Type("draft");

        Press(ConsoleKey.UpArrow);
        Assert.AreEqual("two", _editor.Text);
        Press(ConsoleKey.UpArrow);
        Press(ConsoleKey.UpArrow);
        Assert.AreEqual("one", _editor.Text);
        Press(ConsoleKey.DownArrow);
        Press(ConsoleKey.DownArrow);
        Press(ConsoleKey.DownArrow);
        Assert.AreEqual("draft", _editor.Text);
        Assert.AreEqual("one, two", string.Join(", ", _editor.History));
    }

    [TestMethod]
    [DataRow("ra", "range ")]
    [DataRow("l", "l")]
    [DataRow("le", "length ")]
    [DataRow("li", "limit ")]
    [DataRow("range users li", "range users limit ")]
    [DataRow("xyz", "xyz")]
    [DataRow("", "")]
    public void Apply_Tab_CompletesAsFarAsAllWordsAgree(string typed, string expected)
    {
        Type(typed);

        Press(ConsoleKey.Tab);

        Assert.AreEqual(expected, _editor.Text);
        Assert.AreEqual(expected.Length, _editor.Cursor);
    }

    [TestMethod]
    public void Begin_ManyLines_KeepsTheLast()
    {
        for (int i = 0; i < LineEditor.MaxHistory + 10; i++)
        {
            Submit($"line {i}");
        }

        Assert.HasCount(LineEditor.MaxHistory, _editor.History);
        Assert.AreEqual("line 10", _editor.History[0]);
    }

    private void Submit(string text)
    {
        Type(text);
        Press(ConsoleKey.Enter);
        _editor.Begin();
    }

    private void Type(string text)
    {
        foreach (char character in text)
        {
            _editor.Apply(new ConsoleKeyInfo(character, ConsoleKey.None, false, false, false));
        }
    }

    private LineEvent Press(ConsoleKey key, bool control = false) => _editor.Apply(new ConsoleKeyInfo('\0', key, false, false, control));
}
