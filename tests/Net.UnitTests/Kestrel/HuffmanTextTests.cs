using System.Text;
using Net.Server.Kestrel.Checking;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>Huffman coding against the examples of RFC 7541, appendix C, however the bytes are cut.</summary>
[TestClass]
public sealed class HuffmanTextTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com")]
    [DataRow("a8eb10649cbf", "no-cache")]
    [DataRow("25a849e95ba97d7f", "custom-key")]
    [DataRow("25a849e95bb8e8b4bf", "custom-value")]
    [DataRow("6402", "302")]
    [DataRow("aec3771a4b", "private")]
    [DataRow("d07abe941054d444a8200595040b8166e082a62d1bff", "Mon, 21 Oct 2013 20:13:21 GMT")]
    [DataRow("9d29ad171863c78f0b97c8e9ae82ae43d3", "https://www.example.com")]
    [DataRow("94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1")]
    [DataRow("", "")]
    public void Decode_ExamplesOfTheStandard_SaysTheSame(string coded, string text)
    {
        Random random = TestSeed.TakeRandom(TestContext);
        byte[] bytes = Convert.FromHexString(coded);
        for (int i = 0; i < 20; i++)
        {
            var huffman = new HuffmanText();
            huffman.Begin();
            byte[] decoded = new byte[100];
            var result = new StringBuilder();
            for (int position = 0; position < bytes.Length;)
            {
                int length = random.Next(1, bytes.Length - position + 1);
                int written = huffman.Decode(bytes.AsSpan(position, length), decoded);
                result.Append(Encoding.Latin1.GetString(decoded, 0, written));
                position += length;
            }

            Assert.AreEqual(text, result.ToString());
            Assert.IsTrue(huffman.CanEnd);
        }
    }

    [TestMethod]
    [DataRow("ffffffff", -1, DisplayName = "the end of string")]
    [DataRow("f3ff", 1, DisplayName = "eight bits of padding")]
    [DataRow("f2", 1, DisplayName = "a padding of zeros")]
    [DataRow("ff", 0, DisplayName = "nothing but padding")]
    public void Decode_AnEndThatIsNone_IsTold(string coded, int expected)
    {
        var huffman = new HuffmanText();
        huffman.Begin();

        int written = huffman.Decode(Convert.FromHexString(coded), new byte[100]);

        Assert.AreEqual(expected, written);
        Assert.IsTrue(written < 0 || !huffman.CanEnd);
    }
}
