using System.Security.Cryptography;
using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Security.Internal;
using Net.Testing;

namespace Net.SecurityTests.Certificates;

/// <summary>PEM files made at random, whole and cut at any byte (RFC 7468).</summary>
[TestClass]
public sealed class PemPropertyTests
{
    private const int Files = 1500;
    private static readonly string[] Labels = ["CERTIFICATE", "X509 CRL", "PRIVATE KEY", "EC PRIVATE KEY"];
    private static readonly string[] Between = ["\n", "\r\n", "", "a comment\n", "subject=CN = \u00fc\n", "\n\n\t \n", "- ---\n"];

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Blocks_AnyFile_GivesThoseOfTheLabelInTheirOrder()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Files; i++)
        {
            (string text, List<Block> blocks) = Make(random);
            string decoded = PemText.Decode("a.pem", Encoding.Latin1.GetBytes(text));
            foreach (string label in Labels)
            {
                Assert.AreSequenceEqual(Expected(blocks, label), PemText.Blocks("a.pem", decoded, label).Select(Convert.ToHexString), text);
            }
        }
    }

    [TestMethod]
    public void Blocks_AnyFileCutAnywhere_GivesNoPartOfABlock()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int refused = 0;
        for (int i = 0; i < Files; i++)
        {
            (string text, List<Block> blocks) = Make(random);
            int cut = random.Next(text.Length + 1);
            foreach (string label in Labels)
            {
                // Half of a block of this kind must be told; half of another one need not be, unless its beginning is left without any end.
                bool isCut = blocks.Exists(b => b.Label == label && b.Start + "-----BEGIN ".Length + label.Length + 5 <= cut && cut < b.End);
                try
                {
                    string decoded = PemText.Decode("a.pem", Encoding.Latin1.GetBytes(text[..cut]));
                    List<byte[]> read = PemText.Blocks("a.pem", decoded, label);
                    Assert.IsFalse(isCut, $"cut at {cut}: {text}");
                    Assert.AreSequenceEqual(Expected(blocks.Where(b => b.End <= cut), label), read.Select(Convert.ToHexString), $"cut at {cut}: {text}");
                }
                catch (CertificateSourceException exception)
                {
                    Assert.IsTrue(blocks.Exists(b => b.Start < cut && cut < b.End), $"Refused though no block is cut at {cut}: {text}");
                    Assert.Contains("a.pem", exception.Message);
                    refused++;
                }
            }
        }

        Assert.IsGreaterThan(Files / 2, refused);
    }

    [TestMethod]
    public void Blocks_AnyCharacterThatIsNoBase64_IsRefused()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Files; i++)
        {
            (string text, List<Block> blocks) = Make(random);
            if (blocks.Count == 0)
            {
                continue;
            }

            Block block = blocks[random.Next(blocks.Count)];
            int begin = block.Start + "-----BEGIN ".Length + block.Label.Length + 5;
            int end = block.End - "-----END ".Length - block.Label.Length - 5;
            string damaged = text.Insert(random.Next(begin + 1, end), $"{"!_.#\u00e4\0"[random.Next(6)]}");

            Assert.Throws<CertificateSourceException>(() => PemText.Blocks("a.pem", PemText.Decode("a.pem", Encoding.Latin1.GetBytes(damaged)), block.Label), damaged);
        }
    }

    private static IEnumerable<string> Expected(IEnumerable<Block> blocks, string label) => blocks.Where(b => b.Label == label).Select(static b => Convert.ToHexString(b.Content));

    private static (string Text, List<Block> Blocks) Make(Random random)
    {
        var text = new StringBuilder(Between[random.Next(Between.Length)]);
        List<Block> blocks = [];
        for (int i = random.Next(4); i > 0; i--)
        {
            string label = Labels[random.Next(Labels.Length)];
            byte[] content = new byte[random.Next(1, 120)];
            random.NextBytes(content);
            int start = text.Length;
            text.Append(PemEncoding.Write(label, content));
            blocks.Add(new Block(label, content, start, text.Length));
            text.Append('\n').Append(Between[random.Next(Between.Length)]);
        }

        return (text.ToString(), blocks);
    }

    private sealed record Block(string Label, byte[] Content, int Start, int End);
}
