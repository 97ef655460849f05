using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Net.Chaos.Ledgers;
using Net.Testing;

namespace Net.ChaosTests.Ledgers;

/// <summary>Ledgers of hosts made at random and cut anywhere: every whole line counts, no other does.</summary>
[TestClass]
public sealed partial class ServerLedgerPropertyTests
{
    private const int Rounds = 1000;

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Add_AnyLinesCutAnywhere_CountsThoseThatAreWhole()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds; round++)
        {
            var written = new StringBuilder();
            List<(UInt128 Id, CallDigest? Digest, int End)> lines = [];
            for (int i = random.Next(8); i > 0; i--)
            {
                UInt128 id = random.Next(2) == 0 ? (UInt128)random.Next(3) : new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64());
                CallDigest? digest = random.Next(3) == 0 ? null : CallDigest.Of([(byte)random.Next(4)]);
                written.Append(CultureInfo.InvariantCulture, $"{id:x32} {(object?)digest ?? "-"}\n");
                lines.Add((id, digest, written.Length));
            }

            int cut = random.Next(written.Length + 1);
            var ledger = new ServerLedger();
            ledger.Add("h1", written.ToString(0, cut));

            var whole = lines.Where(l => l.End <= cut).ToList();
            Assert.AreEqual(0, ledger.BadLines);
            Assert.AreEqual(whole.Select(static l => l.Id).Distinct().Count(), ledger.Count);
            foreach (var group in lines.GroupBy(static l => l.Id))
            {
                var executed = group.Where(l => l.End <= cut).ToList();
                Assert.AreEqual(executed.Count, ledger.Find(group.Key)?.Executions ?? 0);
                Assert.AreEqual(executed.Select(static l => l.Digest).Distinct().Count() > 1, ledger.Find(group.Key)?.WasChanged ?? false);
            }
        }
    }

    [TestMethod]
    public void Add_AnyDamagedLine_IsReadAsTheGrammarSaysOrCounted()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int bad = 0;
        for (int round = 0; round < Rounds * 5; round++)
        {
            string line = $"{random.NextInt64():x32} {CallDigest.Of([(byte)round])}";
            int at = random.Next(line.Length);
            line = random.Next(3) switch
            {
                0 => line.Remove(at, 1),
                1 => line.Insert(at, $"{"0fgF -x+"[random.Next(8)]}"),
                _ => line.Remove(at, 1).Insert(at, $"{"0fgF -x+"[random.Next(8)]}"),
            };

            var ledger = new ServerLedger();
            ledger.Add("h1", line + "\n");

            bool isRight = Line().IsMatch(line);
            Assert.AreEqual(isRight ? (1, 0) : (0, 1), (ledger.Count, ledger.BadLines), line);
            bad += isRight ? 0 : 1;
        }

        Assert.IsGreaterThan(Rounds, bad);
    }

    [GeneratedRegex(@"\A[0-9a-fA-F]{32} (?:-|[0-9a-fA-F]{64})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}
