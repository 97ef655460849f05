using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Grpc;
using Net.Testing;

namespace Net.UnitTests.Grpc;

[TestClass]
public sealed class PercentEncodingTests
{
    [TestMethod]
    [DataRow("", "")]
    [DataRow("plain text, with ~ and !", "plain text, with ~ and !")]
    [DataRow("100%", "100%25")]
    [DataRow("a\nb", "a%0Ab")]
    [DataRow("\t☺", "%09%E2%98%BA")]
    [DataRow("😈", "%F0%9F%98%88")]
    [DataRow(" x ", "%20x%20")]
    [DataRow("\u007f", "%7F")]
    public void Encode_OfEachKind_IsAsTheStandardSays(string text, string encoded)
    {
        Assert.AreEqual(encoded, PercentEncoding.Encode(text));
        Assert.AreEqual(text, PercentEncoding.Decode(encoded));
    }

    [TestMethod]
    [DataRow("%", "%")]
    [DataRow("%2", "%2")]
    [DataRow("%zz", "%zz")]
    [DataRow("%e2%98%ba", "☺")]
    [DataRow("%E2%98", "\ufffd")]
    [DataRow("%25%", "%%")]
    public void Decode_Malformed_KeepsWhatItCannotRead(string encoded, string text) => Assert.AreEqual(text, PercentEncoding.Decode(encoded));

    [TestMethod]
    public void Encode_AnyText_IsPrintableAsciiAndReadsBack()
    {
        Random random = TestSeed.TakeRandom();
        for (int i = 0; i < 5_000; i++)
        {
            var text = new StringBuilder();
            for (int j = random.Next(40); j > 0; j--)
            {
                int value = random.Next(4) switch { 0 => random.Next(0x80), 1 => random.Next(0x800), 2 => random.Next(0x10000), _ => random.Next(0x110000) };
                text.Append(Rune.IsValid(value) ? new Rune(value).ToString() : "%");
            }

            string encoded = PercentEncoding.Encode(text.ToString());

            Assert.IsFalse(encoded.AsSpan().ContainsAnyExceptInRange(' ', '~'), encoded);
            Assert.AreEqual(text.ToString(), PercentEncoding.Decode(encoded));
        }
    }

    [TestMethod]
    public void Decode_AnyBytes_NeverFails()
    {
        Random random = TestSeed.TakeRandom();
        for (int i = 0; i < 20_000; i++)
        {
            string text = new(random.GetItems<char>("%%%0123456789abcdefABCDEFxyz \u00ff", random.Next(30)));

            Assert.IsLessThanOrEqualTo(text.Length, PercentEncoding.Decode(text).Length, text);
        }
    }
}
