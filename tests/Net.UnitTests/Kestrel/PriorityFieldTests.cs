using System.Text;
using Net.Server.Kestrel.Checking;

namespace Net.UnitTests.Kestrel;

/// <summary>The priority header as a dictionary of structured fields (RFC 9218, section 4, and RFC 9651).</summary>
[TestClass]
public sealed class PriorityFieldTests
{
    [TestMethod]
    [DataRow("", 3, false)]
    [DataRow("u=0", 0, false)]
    [DataRow("u=7, i", 7, true)]
    [DataRow("i", 3, true)]
    [DataRow("i=?1,u=2", 2, true)]
    [DataRow("u=2, i=?0", 2, false)]
    [DataRow("u=1;x=9, i;y", 1, true)]
    [DataRow("u=1, u=5", 5, false, DisplayName = "the last of one key counts")]
    [DataRow("u=1, u=8", 3, false, DisplayName = "the last of one key counts, though it is out of range")]
    [DataRow("i, u=2, i=7", 2, false, DisplayName = "the last of one key counts, though it has another type")]
    [DataRow("u=8", 3, false, DisplayName = "out of range")]
    [DataRow("u=-1", 3, false, DisplayName = "below the range")]
    [DataRow("u=1.0", 3, false, DisplayName = "a decimal")]
    [DataRow("u=\"1\"", 3, false, DisplayName = "a string")]
    [DataRow("u=@1", 3, false, DisplayName = "a date")]
    [DataRow("u=(1 2);a, i", 3, true, DisplayName = "a list")]
    [DataRow("i=1, u=4", 4, false, DisplayName = "an integer for a boolean")]
    [DataRow("later=tok/en, x=:YWJj:, y=\"a\\\"b\", z=%\"a%20b\", u=6", 6, false, DisplayName = "members of extensions")]
    [DataRow("  u=1  ", 1, false, DisplayName = "spaces around")]
    [DataRow("u=1 \t", 1, false, DisplayName = "a tab behind")]
    public void Value_OfADictionary_IsWhatItSays(string text, int urgency, bool isIncremental)
    {
        StreamPriority? priority = Read(text);

        Assert.AreEqual(new StreamPriority(urgency, isIncremental), priority);
    }

    [TestMethod]
    [DataRow("u=")]
    [DataRow("u=1,")]
    [DataRow("u=1 i")]
    [DataRow("U=1")]
    [DataRow("=1")]
    [DataRow("u=1, i=?2")]
    [DataRow("u=1;")]
    [DataRow("u=(1")]
    [DataRow("u=(1(2))")]
    [DataRow("u=1, x=\"open")]
    [DataRow("u=1, x=\"\\a\"")]
    [DataRow("u=1, x=:abc")]
    [DataRow("u=1, x=1.")]
    [DataRow("u=1, x=1.2.3")]
    [DataRow("u=1, x=1234567890123456")]
    [DataRow("u=1, x=-")]
    [DataRow("u=1, x={}")]
    [DataRow("u=1, x=:a$c:")]
    [DataRow("u=1, x=%\"%C3%a9\"")]
    [DataRow("u=1, x=%\"%c3\"")]
    [DataRow("u=1, x=\"\t\"")]
    [DataRow("\tu=1")]
    public void Value_OfWhatIsNoDictionary_IsNone(string text) => Assert.IsNull(Read(text));

    [TestMethod]
    public void Value_LongerThanWhatIsKept_IsNone() => Assert.IsNull(Read("u=1, x=" + new string('a', 1000)));

    [TestMethod]
    public void Value_OfTwoLines_AddsUp() => Assert.AreEqual(new StreamPriority(1, true), Read("u=1", "i"));

    private static StreamPriority? Read(params string[] lines)
    {
        var field = new PriorityField();
        field.Begin();
        foreach (string line in lines)
        {
            field.Take(Encoding.ASCII.GetBytes(line));
            field.EndLine();
        }

        return field.Value;
    }
}
