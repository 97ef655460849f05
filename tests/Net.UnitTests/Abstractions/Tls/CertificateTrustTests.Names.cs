namespace Net.UnitTests.Abstractions.Tls;

/// <summary>Which names a server certificate stands for.</summary>
public sealed partial class CertificateTrustTests
{
    [TestMethod]
    [DataRow("a.example", "a.example", true)]
    [DataRow("a.example", "A.EXAMPLE", true)]
    [DataRow("a.example", "a.example.", true)]
    [DataRow("a.example", "b.example", false)]
    [DataRow("a.example", "x.a.example", false)]
    [DataRow("a.example", "aa.example", false)]
    [DataRow("*.example.org", "a.example.org", true)]
    [DataRow("*.example.org", "example.org", false)]
    [DataRow("*.example.org", "a.b.example.org", false)]
    [DataRow("*.example.org", ".example.org", false)]
    [DataRow("a*.example.org", "ab.example.org", false)]
    [DataRow("*a.example.org", "ba.example.org", false)]
    [DataRow("b.*.org", "b.example.org", false)]
    [DataRow("*.*.org", "a.example.org", false)]
    [DataRow("*", "localhost", false)]
    [DataRow("*.0.2.1", "192.0.2.1", false)]
    [DataRow("192.0.2.1", "192.0.2.1", false)]
    [DataRow("xn--bcher-kva.example", "b\u00fccher.example", true)]
    [DataRow("xn--bcher-kva.example", "xn--bcher-kva.example", true)]
    [DataRow("*.example", "xn--bcher-kva.example", true)]
    [DataRow("a.example", "a.example\0.evil", false)]
    [DataRow("a.example", "", false)]
    [DataRow("a.example", "*.example", false)]
    public void Evaluate_DnsName_MatchesByRule(string held, string wanted, bool isMatch)
    {
        TestAuthority leaf = Root.Issue(new CertificateShape { DnsNames = [held] });
        Assert.AreEqual(
            isMatch ? CertificateRefusal.None : CertificateRefusal.NameMismatch, Trust().Evaluate(Context([leaf.Der], serverName: wanted)).Refusal);
    }

    [TestMethod]
    [DataRow("192.0.2.1", true)]
    [DataRow("::ffff:192.0.2.1", true)]
    [DataRow("2001:db8::1", true)]
    [DataRow("2001:0db8:0::0001", true)]
    [DataRow("2001:db8::1%3", true)]
    [DataRow("192.0.2.2", false)]
    [DataRow("2001:db8::2", false)]
    public void Evaluate_Address_MatchesAddressNamesOnly(string wanted, bool isMatch)
    {
        TestAuthority leaf = Root.Issue(Good);
        Assert.AreEqual(
            isMatch ? CertificateRefusal.None : CertificateRefusal.NameMismatch, Trust().Evaluate(Context([leaf.Der], serverName: wanted)).Refusal);
    }

    [TestMethod]
    public void Evaluate_CommonNameOnly_NameMismatch() =>
        AssertRefused(CertificateRefusal.NameMismatch, Trust(), Root.Issue(new CertificateShape { Subject = "CN=a.example" }));

    [TestMethod]
    public void Evaluate_NoServerNameGiven_NameMismatch() =>
        Assert.AreEqual(CertificateRefusal.NameMismatch, Trust().Evaluate(Context([Root.Issue(Good).Der], serverName: null)).Refusal);

    [TestMethod]
    public void Evaluate_ClientCertificateWithoutNames_Accepted()
    {
        TestAuthority leaf = Root.Issue(new CertificateShape { Subject = "CN=client" });
        Assert.AreEqual(CertificateRefusal.None, Trust().Evaluate(Context([leaf.Der], isServer: false, serverName: "other.example")).Refusal);
    }
}
