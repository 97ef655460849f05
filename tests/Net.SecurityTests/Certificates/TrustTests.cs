using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Certificates;

/// <summary>Which peers are trusted, and how the trust changes.</summary>
[TestClass]
public sealed class TrustTests : CertificateSourceTest
{
    [TestMethod]
    public async Task RollOver_InThreeSteps_TakesTheNewRootInAndTheOldOneOut()
    {
        var next = new TestAuthority("Next root");
        X509Certificate2 old = Authority.IssueClient("old");
        X509Certificate2 renewed = next.IssueClient("renewed");
        CertificateSource source = Open();
        Assert.AreEqual((true, false), (Judge(source, old).IsAccepted, Judge(source, renewed).IsAccepted));

        Files.Replace("ca.pem", Authority.Pem + next.Pem);
        await ReloadIsAppliedAsync(source);
        Assert.AreEqual((true, true), (Judge(source, old).IsAccepted, Judge(source, renewed).IsAccepted));

        Files.ReplacePair("server", next.IssueServer());
        await ReloadIsAppliedAsync(source);
        Files.Replace("ca.pem", next.Pem);
        await ReloadIsAppliedAsync(source);

        Assert.AreEqual(CertificateRefusal.UnknownAuthority, Judge(source, old).Refusal);
        Assert.IsTrue(Judge(source, renewed).IsAccepted);
    }

    [TestMethod]
    [DataRow("", CertificateFault.Unreadable)]
    [DataRow("intermediate", CertificateFault.Trust)]
    [DataRow("key", CertificateFault.Malformed)]
    [DataRow("half", CertificateFault.Malformed)]
    public async Task Reload_TrustThatWouldRefuseEverybody_IsRefused(string kind, CertificateFault fault)
    {
        CertificateSource source = Open();
        Files.Replace("ca.pem", kind switch
        {
            "intermediate" => Authority.CreateIntermediate().Pem,
            "key" => CertificateDirectory.KeyPem(First),
            "half" => Authority.Pem + Authority.Pem[..100],
            _ => "",
        });

        await ReloadIsRefusedAsync(source, fault);

        Assert.IsTrue(Judge(source, Authority.IssueClient()).IsAccepted);
    }

    [TestMethod]
    public void Trust_InDerForm_IsRead()
    {
        File.WriteAllBytes(Files["ca.cer"], Authority.Certificate.RawData);

        Assert.IsTrue(Judge(Open(Options with { TrustFiles = [Files["ca.cer"]] }), Authority.IssueClient()).IsAccepted);
    }

    public static IEnumerable<object[]> Allowed =>
    [
        ["orders.prod.example", true, "exact name"],
        ["ORDERS.prod.example", true, "names have no case"],
        ["a.shop.example", true, "wildcard of the rule"],
        ["a.b.shop.example", false, "the wildcard is one label"],
        ["shop.example", false, "the wildcard is a label"],
        ["*.shop.example", true, "the rule allows them all"],
        ["*.prod.example", false, "a wildcard of the peer proves no name"],
        ["orders.prod.example.evil.example", false, "the end counts"],
        ["spiffe://prod.example/orders", true, "exact id"],
        ["spiffe://prod.example/ns/pay/1", true, "below a prefix"],
        ["spiffe://prod.example/ns/pay", false, "the prefix itself"],
        ["spiffe://prod.example/ns/pays/1", false, "a neighbour of the prefix"],
        ["spiffe://test.example/orders", false, "another trust domain"],
    ];

    [TestMethod]
    [DynamicData(nameof(Allowed))]
    public void PeerRules_ByNameAndId_LetInWhatTheyList(string name, bool isAllowed, string why)
    {
        CertificateSource source = Open(Options with
        {
            Peers = new PeerRules
            {
                AllowedNames = ["orders.prod.example", "*.shop.example"],
                AllowedSpiffeIds = ["spiffe://prod.example/orders", "spiffe://prod.example/ns/pay/*"],
            },
        });

        PeerCertificateVerdict verdict = Judge(source, Authority.Issue("client", TestAuthority.ClientUsage, [name]));

        Assert.AreEqual(isAllowed ? CertificateRefusal.None : CertificateRefusal.NotAllowed, verdict.Refusal, why);
        if (!isAllowed)
        {
            Assert.Contains(name.ToLowerInvariant(), verdict.Detail!.ToLowerInvariant());
        }
    }

    [TestMethod]
    public void PeerRules_TwoUrisInOneCertificate_AreNoSpiffeId()
    {
        CertificateSource source = Open(Options with { Peers = new PeerRules { AllowedSpiffeIds = ["spiffe://prod.example/orders"] } });

        Assert.AreEqual(CertificateRefusal.NotAllowed, Judge(source, Authority.Issue("c", TestAuthority.ClientUsage, ["spiffe://prod.example/orders", "spiffe://prod.example/admin"])).Refusal);
    }

    [TestMethod]
    public void PeerRules_Fingerprints_AllowAndDeny()
    {
        X509Certificate2 good = Authority.IssueClient("good");
        X509Certificate2 other = Authority.IssueClient("other");
        string fingerprint = good.GetCertHashString(HashAlgorithmName.SHA256);
        CertificateSource allowing = Open(Options with { Peers = new PeerRules { AllowedFingerprints = [string.Join(':', fingerprint.ToLowerInvariant().Chunk(2).Select(static pair => new string(pair)))] } });
        CertificateSource denying = Open(Options with { Peers = new PeerRules { DeniedFingerprints = [fingerprint] } });

        Assert.AreEqual((true, false), (Judge(allowing, good).IsAccepted, Judge(allowing, other).IsAccepted));
        Assert.AreEqual((false, true), (Judge(denying, good).IsAccepted, Judge(denying, other).IsAccepted));
    }

    [TestMethod]
    public void Judge_TheSameChainAgain_IsRememberedWithItsRules()
    {
        var rule = new CountingRule();
        var trust = new CertificateTrust([Authority.Certificate], new CertificateTrustOptions { Rules = [rule] });
        X509Certificate2 client = Authority.IssueClient();
        var context = new PeerCertificateContext { Chain = [client.RawDataMemory], IsServerCertificate = false, Now = Time.GetUtcNow() };

        Assert.IsTrue(trust.Evaluate(context).IsAccepted);
        Assert.IsTrue(trust.Evaluate(context).IsAccepted);
        Assert.AreEqual(1, rule.Calls);
        Assert.AreEqual(2, rule.ChainLength);

        // The rule's own data ends before the recheck would be due.
        Time.Advance(TimeSpan.FromSeconds(11));
        Assert.IsTrue(trust.Evaluate(new PeerCertificateContext { Chain = context.Chain, IsServerCertificate = false, Now = Time.GetUtcNow() }).IsAccepted);
        Assert.AreEqual(2, rule.Calls);
    }

    [TestMethod]
    [DataRow("spiffe://prod.example/orders/7", true)]
    [DataRow("spiffe://prod.example/orders/../admin", false)]
    [DataRow("spiffe://prod.example/orders/./7", false)]
    [DataRow("spiffe://prod.example/orders//7", false)]
    [DataRow("spiffe://prod.example/orders/", false)]
    [DataRow("spiffe://prod.example/orders/%2e%2e/7", false)]
    [DataRow("spiffe://PROD.example/orders/7", false)]
    [DataRow("spiffe://", false)]
    public void Names_UriThatIsNoSpiffeId_IsNotTakenForOneBelowAnAllowedPath(string uri, bool isAllowed)
    {
        // As it is: whoever makes names of URIs with the framework has them straightened.
        var names = new AsnWriter(AsnEncodingRules.DER);
        using (names.PushSequence())
        {
            names.WriteCharacterString(UniversalTagNumber.IA5String, uri, new Asn1Tag(TagClass.ContextSpecific, 6));
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509Extension("2.5.29.17", names.Encode(), critical: false));
        using X509Certificate2 leaf = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));

        Assert.AreEqual(uri, CertificateNames.Read(leaf).Uris.Single());
        Assert.AreEqual(isAllowed ? uri : null, CertificateNames.Read(leaf).SpiffeId);
    }

    [TestMethod]
    public void Names_OfACertificate_AreAllKinds()
    {
        CertificateNames names = CertificateNames.Read(Authority.Issue("x", null, ["A.example", "192.0.2.7", "spiffe://prod.example/x"]));

        Assert.AreEqual("a.example, 192.0.2.7, spiffe://prod.example/x", names.ToString());
        Assert.AreEqual("spiffe://prod.example/x", names.SpiffeId);
        Assert.IsTrue(CertificateNames.Read(Authority.Issue("x", null, [])).IsEmpty);
    }

    private sealed class CountingRule : ChainRule
    {
        internal int Calls { get; private set; }

        internal int ChainLength { get; private set; }

        public override PeerCertificateVerdict Judge(IReadOnlyList<X509Certificate2> chain, in PeerCertificateContext context, ref DateTimeOffset validUntil)
        {
            Calls++;
            ChainLength = chain.Count;
            validUntil = context.Now.AddSeconds(10);
            return PeerCertificateVerdict.Accepted;
        }
    }
}
