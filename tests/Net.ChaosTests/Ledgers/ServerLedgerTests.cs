using Net.Chaos.Ledgers;

namespace Net.ChaosTests.Ledgers;

/// <summary>What hosts wrote before they were killed is read as they meant it.</summary>
[TestClass]
public sealed class ServerLedgerTests
{
    private static readonly CallDigest One = CallDigest.Of("one"u8);
    private static readonly CallDigest Two = CallDigest.Of("two"u8);

    [TestMethod]
    public void Add_LinesOfSeveralHosts_CountsExecutions()
    {
        var ledger = new ServerLedger();
        ledger.Add("h1", $"{7:x32} {One}\n{8:x32} -\n");
        ledger.Add("h2", $"{7:x32} {One}\n");

        Assert.AreEqual(2, ledger.Find(7)!.Executions);
        CollectionAssert.AreEqual((string[])["h1", "h2"], ledger.Find(7)!.Hosts.ToArray());
        Assert.AreEqual(One, ledger.Find(7)!.Request);
        Assert.IsFalse(ledger.Find(7)!.WasChanged);
        Assert.IsNull(ledger.Find(8)!.Request);
        Assert.IsNull(ledger.Find(9));
        Assert.AreEqual(0, ledger.BadLines);
    }

    [TestMethod]
    public void Add_LastLineCutOff_WasNotExecuted()
    {
        var ledger = new ServerLedger();
        ledger.Add("h1", $"{7:x32} {One}\n{8:x32} {One.ToString()[..20]}");

        Assert.AreEqual(1, ledger.Count);
        Assert.AreEqual(0, ledger.BadLines);
    }

    [TestMethod]
    public void Add_SameCallWithOtherContent_IsChanged()
    {
        var ledger = new ServerLedger();
        ledger.Add("h1", $"{7:x32} {One}\n{7:x32} {Two}\n");

        Assert.IsTrue(ledger.Find(7)!.WasChanged);
    }

    [TestMethod]
    [DataRow("\n")]
    [DataRow("x -\n")]
    [DataRow("0000000000000000000000000000000g -\n")]
    [DataRow("00000000000000000000000000000007 abc\n")]
    [DataRow("00000000000000000000000000000007\n")]
    public void Add_LineThatIsNone_IsCounted(string text)
    {
        var ledger = new ServerLedger();
        ledger.Add("h1", text);

        Assert.AreEqual(1, ledger.BadLines);
        Assert.AreEqual(0, ledger.Count);
    }

    [TestMethod]
    public void Digest_Text_IsSha256AndComesBack()
    {
        Assert.AreEqual(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("one"u8)), One.ToString());
        Assert.IsTrue(CallDigest.TryParse(One.ToString(), out CallDigest read));
        Assert.AreEqual(One, read);
    }
}
