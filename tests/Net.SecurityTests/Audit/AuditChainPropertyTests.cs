using System.Text.Json;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Audit;

/// <summary>Lines of the audit made at random: each checks, says what was written, and no single change of it checks.</summary>
[TestClass]
public sealed class AuditChainPropertyTests
{
    private const int Lines = 600;

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(0)]
    [DataRow(32)]
    public void Check_AnyLineAndAnyChangeOfIt_TellsThemApart(int keyBytes)
    {
        Random random = TestSeed.TakeRandom(TestContext);
        byte[] key = new byte[keyBytes];
        random.NextBytes(key);
        var chain = new AuditChain(key);
        string before = AuditChain.Genesis;
        for (int i = 1; i <= Lines; i++)
        {
            var entry = new AuditEvent((AuditCategory)random.Next(6), "a" + Text(random), random.Next(2) == 0)
            {
                Principal = Text(random), Source = Text(random), Resource = Text(random), Reason = Text(random), Detail = Text(random), Suppressed = random.Next(3),
            };
            byte[] written = chain.Append(entry, DateTimeOffset.UnixEpoch.AddTicks(random.NextInt64(TimeSpan.TicksPerDay * 20_000)));
            ReadOnlySpan<byte> line = written.AsSpan(0, written.Length - 1);

            Assert.IsLessThanOrEqualTo(AuditChain.MaxLineBytes, line.Length);
            Assert.AreEqual((byte)'\n', written[^1]);
            Assert.AreEqual(-1, line.IndexOf((byte)'\n'), "An entry is one line.");
            Assert.IsNull(AuditChain.Check(line, key, out long sequence, out string previous, out string hash));
            Assert.AreEqual((i, before), ((int)sequence, previous));
            before = hash;

            using JsonDocument document = JsonDocument.Parse(line.ToArray());
            string principal = document.RootElement.TryGetProperty("principal", out JsonElement read) ? read.GetString()! : "";
            if (entry.Principal!.All(char.IsAsciiLetterOrDigit))
            {
                Assert.AreEqual(entry.Principal.Length <= 256 ? entry.Principal : entry.Principal[..256] + "\u2026", principal);
            }

            CheckChanges(line, key, random);
        }
    }

    private static void CheckChanges(ReadOnlySpan<byte> line, byte[] key, Random random)
    {
        for (int j = 0; j < 10; j++)
        {
            List<byte> changed = [.. line];
            int at = random.Next(changed.Count);
            switch (random.Next(3))
            {
                case 0:
                    changed[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    changed.RemoveAt(at);
                    break;
                default:
                    changed.Insert(at, (byte)random.Next(256));
                    break;
            }

            if (!line.SequenceEqual(changed.ToArray()))
            {
                Assert.IsNotNull(AuditChain.Check(changed.ToArray(), key, out _, out _, out _), System.Text.Encoding.Latin1.GetString([.. changed]));
            }
        }
    }

    private static string Text(Random random)
    {
        string characters = random.Next(2) == 0 ? "abcXYZ0189" : "ab\"\\{}:,\n\r\0\u202e\u00fc\ud83d\ude00<&'";
        return new([.. Enumerable.Range(0, random.Next(random.Next(10) == 0 ? 600 : 20)).Select(_ => characters[random.Next(characters.Length)])]);
    }
}
