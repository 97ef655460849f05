namespace Net.UnitTests.Abstractions;

[TestClass]
public sealed class PlainTextTests
{
    [TestMethod]
    [DataRow("a\r\nb", "a\uFFFD\uFFFDb")]
    [DataRow("\u001b[2Jgone", "\uFFFD[2Jgone")]
    [DataRow("tab\tnul\0del\u007f", "tab\uFFFDnul\uFFFDdel\uFFFD")]
    [DataRow("next\u0085line\u2028para\u2029", "next\uFFFDline\uFFFDpara\uFFFD")]
    [DataRow("left\u202eright\u200fmark", "left\uFFFDright\uFFFDmark")]
    [DataRow("private\ue000", "private\uFFFD")]
    public void Clean_WhatChangesTheTextAroundIt_IsReplaced(string text, string expected)
    {
        Assert.IsTrue(PlainText.IsUnsafe(text));
        Assert.AreEqual(expected, PlainText.Clean(text));
        Assert.IsFalse(PlainText.IsUnsafe(PlainText.Clean(text).Replace("\uFFFD", "", StringComparison.Ordinal)));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("plain text, with 'signs' {and} \\ more")]
    [DataRow("Schlüssel, 鍵, 🔑")]
    public void Clean_OtherText_IsTheSameObject(string text)
    {
        Assert.IsFalse(PlainText.IsUnsafe(text));
        Assert.AreSame(text, PlainText.Clean(text));
    }

    [TestMethod]
    public void Clean_HalfOfASurrogatePair_IsReplaced()
    {
        Assert.IsTrue(PlainText.IsUnsafe("half\ud800"));
        Assert.AreEqual("half\uFFFD!", PlainText.Clean("half\udc00!"));
    }

    [TestMethod]
    public void Clean_LongText_IsCutBetweenCharacters()
    {
        Assert.AreEqual("abc…", PlainText.Clean("abcdef", 3));
        Assert.AreEqual("ab…", PlainText.Clean("ab🔑c", 3));
        Assert.AreEqual(257, PlainText.Clean(new string('x', 100_000)).Length);
        Assert.AreEqual("", PlainText.Clean(null));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => PlainText.Clean("x", 0));
    }
}
