namespace Net.UnitTests.Abstractions.Tls;

/// <summary>What is remembered, and for how long.</summary>
public sealed partial class CertificateTrustTests
{
    [TestMethod]
    public void Evaluate_AcceptedAgain_BuiltOnceUntilRecheckInterval()
    {
        CertificateTrust trust = Trust();
        TestAuthority leaf = Root.Issue(Good);
        trust.Evaluate(Context([leaf.Der]));
        Assert.IsTrue(trust.Evaluate(Context([leaf.Der], now: Now.AddSeconds(299))).IsAccepted);
        Assert.AreEqual(1, trust.ChainsBuilt);
        Assert.IsTrue(trust.Evaluate(Context([leaf.Der], now: Now.AddSeconds(300))).IsAccepted);
        Assert.AreEqual(2, trust.ChainsBuilt);
    }

    [TestMethod]
    public void Evaluate_RefusedAgain_BuiltOnceUntilRefusalRecheckInterval()
    {
        CertificateTrust trust = Trust();
        TestAuthority leaf = Intermediate.Issue(Good);
        trust.Evaluate(Context([leaf.Der]));
        AssertRefused(CertificateRefusal.UnknownAuthority, trust, leaf);
        Assert.AreEqual(1, trust.ChainsBuilt);
        trust.Evaluate(Context([leaf.Der], now: Now.AddSeconds(5)));
        Assert.AreEqual(2, trust.ChainsBuilt);
    }

    [TestMethod]
    public void Evaluate_ManyRefusals_PushNoAcceptedChainOut()
    {
        var trust = new CertificateTrust([Root.Certificate], new CertificateTrustOptions { CacheSize = 2 });
        TestAuthority good = Root.Issue(Good);
        trust.Evaluate(Context([good.Der]));
        for (byte i = 0; i < 10; i++)
        {
            trust.Evaluate(Context([new byte[] { 0x30, 1, i }]));
        }

        long before = trust.ChainsBuilt;
        Assert.IsTrue(trust.Evaluate(Context([good.Der])).IsAccepted);
        Assert.AreEqual(before, trust.ChainsBuilt);
    }

    [TestMethod]
    public void Evaluate_ClientAsksForAnotherName_ClientCertificateStillRemembered()
    {
        CertificateTrust trust = Trust();
        TestAuthority leaf = Root.Issue(Good);
        trust.Evaluate(Context([leaf.Der], isServer: false, serverName: "a"));
        trust.Evaluate(Context([leaf.Der], isServer: false, serverName: "b"));
        Assert.AreEqual(1, trust.ChainsBuilt);
    }

    [TestMethod]
    public void Evaluate_RememberedChainPastItsEnd_Expired()
    {
        CertificateTrust trust = Trust();
        TestAuthority leaf = Root.Issue(Good with { NotAfter = Now.AddSeconds(30) });
        Assert.IsTrue(trust.Evaluate(Context([leaf.Der])).IsAccepted);
        Assert.IsTrue(trust.Evaluate(Context([leaf.Der], now: Now.AddSeconds(29))).IsAccepted);
        Assert.AreEqual(CertificateRefusal.Expired, trust.Evaluate(Context([leaf.Der], now: Now.AddSeconds(31))).Refusal);
    }

    [TestMethod]
    public void Evaluate_RememberedChainPastEndOfIntermediate_Expired()
    {
        CertificateTrust trust = Trust();
        TestAuthority brief = Root.Issue(TestAuthority.Authority("CN=brief") with { NotAfter = Now.AddSeconds(30) });
        TestAuthority leaf = brief.Issue(Good);
        Assert.IsTrue(trust.Evaluate(Context([leaf.Der, brief.Der])).IsAccepted);
        Assert.AreEqual(CertificateRefusal.Expired, trust.Evaluate(Context([leaf.Der, brief.Der], now: Now.AddSeconds(31))).Refusal);
    }

    [TestMethod]
    public void Evaluate_RememberedChainWithClockSetBack_NotYetValid()
    {
        CertificateTrust trust = Trust();
        TestAuthority leaf = Root.Issue(Good);
        Assert.IsTrue(trust.Evaluate(Context([leaf.Der])).IsAccepted);
        Assert.AreEqual(CertificateRefusal.NotYetValid, trust.Evaluate(Context([leaf.Der], now: TestAuthority.Start.AddDays(-1))).Refusal);
    }

    [TestMethod]
    public void Evaluate_RememberedForOneRoleAndName_JudgedAnewForOthers()
    {
        CertificateTrust trust = Trust();
        TestAuthority leaf = Root.Issue(Good with { ExtendedKeyUsages = [TestAuthority.ServerAuthentication] });
        Assert.IsTrue(trust.Evaluate(Context([leaf.Der])).IsAccepted);
        Assert.AreEqual(CertificateRefusal.NameMismatch, trust.Evaluate(Context([leaf.Der], serverName: "b.example")).Refusal);
        Assert.AreEqual(CertificateRefusal.WrongUsage, trust.Evaluate(Context([leaf.Der], isServer: false)).Refusal);
        Assert.IsTrue(trust.Evaluate(Context([leaf.Der])).IsAccepted);
    }

    [TestMethod]
    public void Evaluate_NotYetValidThenValid_AcceptedAtOnce()
    {
        CertificateTrust trust = Trust();
        TestAuthority leaf = Root.Issue(Good with { NotBefore = Now.AddSeconds(1) });
        Assert.AreEqual(CertificateRefusal.NotYetValid, trust.Evaluate(Context([leaf.Der])).Refusal);
        Assert.IsTrue(trust.Evaluate(Context([leaf.Der], now: Now.AddSeconds(1))).IsAccepted);
    }

    [TestMethod]
    public async Task Evaluate_ManyThreads_AllGetTheSameAnswers()
    {
        var trust = new CertificateTrust([Root.Certificate], new CertificateTrustOptions { CacheSize = 3 });
        TestAuthority[] good = [.. Enumerable.Range(0, 4).Select(_ => Root.Issue(Good))];
        TestAuthority bad = TestAuthority.CreateRoot("CN=bad").Issue(Good);
        await Parallel.ForAsync(0, 400, (i, _) =>
        {
            Assert.IsTrue(trust.Evaluate(Context([good[i % 4].Der])).IsAccepted);
            Assert.IsFalse(trust.Evaluate(Context([bad.Der])).IsAccepted);
            return ValueTask.CompletedTask;
        });
    }
}
