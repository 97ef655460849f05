using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.UnitTests.Abstractions.Tls;

[TestClass]
public sealed partial class CertificateTrustTests
{
    private static readonly DateTimeOffset Now = TestAuthority.Start.AddDays(10);
    private static readonly TestAuthority Root = TestAuthority.CreateRoot();
    private static readonly TestAuthority Intermediate = Root.Issue(TestAuthority.Authority("CN=intermediate"));
    private static readonly CertificateShape Good = new() { DnsNames = ["a.example"], Addresses = ["192.0.2.1", "2001:db8::1"] };

    [TestMethod]
    public void Evaluate_LeafOfRoot_Accepted() => AssertAccepted(Trust(), Root.Issue(Good));

    [TestMethod]
    public void Evaluate_LeafOfPresentedIntermediate_Accepted() => AssertAccepted(Trust(), Intermediate.Issue(Good), Intermediate);

    [TestMethod]
    public void Evaluate_ChainWithRootAndDisorder_Accepted() => AssertAccepted(Trust(), Intermediate.Issue(Good), Root, Intermediate);

    [TestMethod]
    public void Evaluate_ConfiguredIntermediateNotPresented_Accepted()
    {
        var trust = new CertificateTrust([Root.Certificate], new CertificateTrustOptions { Intermediates = [Intermediate.Certificate] });
        AssertAccepted(trust, Intermediate.Issue(Good));
    }

    [TestMethod]
    public void Evaluate_IntermediateMissing_UnknownAuthority() =>
        AssertRefused(CertificateRefusal.UnknownAuthority, Trust(), Intermediate.Issue(Good));

    [TestMethod]
    public void Evaluate_NoCertificate_Missing() => AssertRefused(CertificateRefusal.Missing, Trust());

    [TestMethod]
    public void Evaluate_Garbage_Malformed() =>
        Assert.AreEqual(CertificateRefusal.Malformed, Trust().Evaluate(Context([new byte[] { 1, 2, 3 }])).Refusal);

    [TestMethod]
    public void Evaluate_EmptyCertificate_Malformed() =>
        Assert.AreEqual(CertificateRefusal.Malformed, Trust().Evaluate(Context([ReadOnlyMemory<byte>.Empty])).Refusal);

    [TestMethod]
    public void Evaluate_PemInsteadOfDer_Malformed()
    {
        byte[] pem = System.Text.Encoding.ASCII.GetBytes(Root.Issue(Good).Certificate.ExportCertificatePem());
        Assert.AreEqual(CertificateRefusal.Malformed, Trust().Evaluate(Context([pem])).Refusal);
    }

    [TestMethod]
    public void Evaluate_BytesBehindCertificate_Malformed()
    {
        byte[] longer = [.. Root.Issue(Good).Der.Span, 0];
        Assert.AreEqual(CertificateRefusal.Malformed, Trust().Evaluate(Context([longer])).Refusal);
    }

    [TestMethod]
    public void Evaluate_AnyByteFlipped_NeverAcceptedUnlessItWasEqual()
    {
        CertificateTrust trust = Trust();
        byte[] der = Root.Issue(Good).Der.ToArray();
        for (int i = 0; i < der.Length; i++)
        {
            der[i] ^= 0x04;
            Assert.IsFalse(trust.Evaluate(Context([der])).IsAccepted, $"byte {i} of {der.Length} was flipped");
            der[i] ^= 0x04;
        }

        Assert.IsTrue(trust.Evaluate(Context([der])).IsAccepted);
    }

    [TestMethod]
    public void Evaluate_EveryTruncation_MalformedWithoutThrowing()
    {
        CertificateTrust trust = Trust();
        ReadOnlyMemory<byte> der = Root.Issue(Good).Der;
        for (int length = 0; length < der.Length; length++)
        {
            Assert.AreEqual(CertificateRefusal.Malformed, trust.Evaluate(Context([der[..length]])).Refusal, $"{length} bytes");
        }
    }

    [TestMethod]
    public void Evaluate_OtherAuthorityOfSameName_UnknownAuthority() =>
        AssertRefused(CertificateRefusal.UnknownAuthority, Trust(), TestAuthority.CreateRoot().Issue(Good));

    [TestMethod]
    public void Evaluate_OtherAuthorityOfSameNameWithoutKeyIdentifiers_Refused()
    {
        CertificateShape bare = TestAuthority.Authority("CN=root") with { HasKeyIdentifiers = false };
        TestAuthority trusted = TestAuthority.CreateRoot("CN=root", bare);
        TestAuthority other = TestAuthority.CreateRoot("CN=root", bare);
        var trust = new CertificateTrust([trusted.Certificate]);
        PeerCertificateVerdict verdict = trust.Evaluate(Context([other.Issue(Good with { HasKeyIdentifiers = false }).Der]));
        Assert.IsFalse(verdict.IsAccepted);
        Assert.IsTrue(verdict.Refusal is CertificateRefusal.Malformed or CertificateRefusal.UnknownAuthority, verdict.ToString());
    }

    [TestMethod]
    public void Evaluate_OtherRootPresentedInChain_UnknownAuthority()
    {
        TestAuthority other = TestAuthority.CreateRoot("CN=other");
        AssertRefused(CertificateRefusal.UnknownAuthority, Trust(), other.Issue(Good), other);
    }

    [TestMethod]
    public void Evaluate_SelfSignedLeaf_UnknownAuthority() =>
        AssertRefused(CertificateRefusal.UnknownAuthority, Trust(), TestAuthority.CreateRoot("CN=self", Good));

    [TestMethod]
    public void Evaluate_SelfSignedLeafThatIsTrusted_Accepted()
    {
        TestAuthority self = TestAuthority.CreateRoot("CN=self", Good);
        AssertAccepted(new CertificateTrust([self.Certificate]), self);
    }

    [TestMethod]
    public void Evaluate_LeafUsedAsAuthority_UnknownAuthority()
    {
        TestAuthority leaf = Root.Issue(Good with { Subject = "CN=rogue", KeyUsage = null });
        AssertRefused(CertificateRefusal.UnknownAuthority, Trust(), leaf.Issue(Good), leaf);
    }

    [TestMethod]
    public void Evaluate_NameOutsideNameConstraints_UnknownAuthority()
    {
        // NameConstraints { permittedSubtrees { dNSName "permitted.example" } } (RFC 5280, section 4.2.1.10).
        byte[] name = System.Text.Encoding.ASCII.GetBytes("permitted.example");
        byte[] constraints = [0x30, (byte)(name.Length + 6), 0xa0, (byte)(name.Length + 4), 0x30, (byte)(name.Length + 2), 0x82, (byte)name.Length, .. name];
        TestAuthority limited = Root.Issue(TestAuthority.Authority("CN=limited") with { NameConstraints = constraints });

        AssertRefused(CertificateRefusal.UnknownAuthority, Trust(), limited.Issue(new CertificateShape { DnsNames = ["a.example"] }), limited);
        AssertAccepted(Trust(), "permitted.example", limited.Issue(new CertificateShape { DnsNames = ["permitted.example"] }), limited);
    }

    [TestMethod]
    public void Evaluate_Expired_ExpiredNamesCertificate()
    {
        TestAuthority leaf = Root.Issue(Good with { Subject = "CN=old", NotAfter = Now.AddSeconds(-1) });
        PeerCertificateVerdict verdict = AssertRefused(CertificateRefusal.Expired, Trust(), leaf);
        StringAssert.Contains(verdict.Detail, "CN=old");
        StringAssert.Contains(verdict.Detail, "Renew");
    }

    [TestMethod]
    public void Evaluate_BeforeItsTime_NotYetValid() =>
        AssertRefused(CertificateRefusal.NotYetValid, Trust(), Root.Issue(Good with { NotBefore = Now.AddSeconds(1) }));

    [TestMethod]
    public void Evaluate_ExpiredIntermediate_ExpiredNamesIntermediate()
    {
        TestAuthority old = Root.Issue(TestAuthority.Authority("CN=oldissuer") with { NotAfter = Now.AddDays(-1) });
        PeerCertificateVerdict verdict = AssertRefused(CertificateRefusal.Expired, Trust(), old.Issue(Good), old);
        StringAssert.Contains(verdict.Detail, "CN=oldissuer");
    }

    [TestMethod]
    public void Evaluate_ExpiredRoot_Expired()
    {
        TestAuthority old = TestAuthority.CreateRoot("CN=oldroot", TestAuthority.Authority("CN=oldroot") with { NotAfter = Now.AddDays(-1) });
        AssertRefused(CertificateRefusal.Expired, new CertificateTrust([old.Certificate]), old.Issue(Good));
    }

    [TestMethod]
    public void Evaluate_ExpiredAndUnknown_UnknownAuthority() =>
        AssertRefused(CertificateRefusal.UnknownAuthority, Trust(), TestAuthority.CreateRoot("CN=x").Issue(Good with { NotAfter = Now.AddDays(-1) }));

    [TestMethod]
    [DataRow(TestAuthority.ServerAuthentication, true, CertificateRefusal.None)]
    [DataRow(TestAuthority.ClientAuthentication, true, CertificateRefusal.WrongUsage)]
    [DataRow(TestAuthority.ServerAuthentication, false, CertificateRefusal.WrongUsage)]
    [DataRow(TestAuthority.ClientAuthentication, false, CertificateRefusal.None)]
    [DataRow("1.3.6.1.5.5.7.3.3", true, CertificateRefusal.WrongUsage)]
    [DataRow(null, true, CertificateRefusal.None)]
    [DataRow(null, false, CertificateRefusal.None)]
    public void Evaluate_ExtendedKeyUsage_MustHoldRole(string? usage, bool isServer, CertificateRefusal expected)
    {
        TestAuthority leaf = Root.Issue(Good with { ExtendedKeyUsages = usage is null ? [] : [usage] });
        Assert.AreEqual(expected, Trust().Evaluate(Context([leaf.Der], isServer: isServer)).Refusal);
    }

    [TestMethod]
    public void Evaluate_IssuerLimitedToOtherUsage_WrongUsage()
    {
        TestAuthority limited = Root.Issue(TestAuthority.Authority("CN=clientsonly") with { ExtendedKeyUsages = [TestAuthority.ClientAuthentication] });
        AssertRefused(CertificateRefusal.WrongUsage, Trust(), limited.Issue(Good), limited);
    }

    [TestMethod]
    [DataRow(X509KeyUsageFlags.KeyEncipherment, CertificateRefusal.WrongUsage)]
    [DataRow(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, CertificateRefusal.None)]
    public void Evaluate_KeyUsage_MustHoldDigitalSignature(X509KeyUsageFlags usage, CertificateRefusal expected) =>
        Assert.AreEqual(expected, Trust().Evaluate(Context([Root.Issue(Good with { KeyUsage = usage }).Der])).Refusal);

    [TestMethod]
    public void Evaluate_ShortRsaKey_Malformed() =>
        AssertRefused(CertificateRefusal.Malformed, Trust(), Root.Issue(Good with { RsaBits = 1024 }));

    [TestMethod]
    public void Evaluate_RsaKeyOf2048Bits_Accepted() => AssertAccepted(Trust(), Root.Issue(Good with { RsaBits = 2048 }));

    [TestMethod]
    public void Evaluate_Sha1Signature_Malformed() =>
        AssertRefused(CertificateRefusal.Malformed, Trust(), Root.Issue(Good with { Hash = HashAlgorithmName.SHA1 }));

    [TestMethod]
    public void Evaluate_MoreCertificatesThanAllowed_Malformed()
    {
        TestAuthority leaf = Root.Issue(Good);
        ReadOnlyMemory<byte>[] chain = [leaf.Der, .. Enumerable.Repeat(Intermediate.Der, 10)];
        Assert.AreEqual(CertificateRefusal.Malformed, Trust().Evaluate(Context(chain)).Refusal);
        Assert.IsTrue(Trust().Evaluate(Context(chain[..10])).IsAccepted);
    }

    [TestMethod]
    public void Evaluate_SubjectWithControlCharacters_DetailHasNone()
    {
        TestAuthority leaf = Root.Issue(Good with { Subject = "CN=\"a\r\nforged line\"", NotAfter = Now.AddDays(-1) });
        PeerCertificateVerdict verdict = AssertRefused(CertificateRefusal.Expired, Trust(), leaf);
        Assert.IsFalse(verdict.Detail!.Any(char.IsControl), verdict.Detail);
    }

    [TestMethod]
    public void Constructor_NoRoot_Throws() => Assert.ThrowsExactly<ArgumentException>(() => new CertificateTrust([]));

    [TestMethod]
    public void Constructor_IntermediateAsRoot_ThrowsNamingIt()
    {
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => new CertificateTrust([Intermediate.Certificate]));
        StringAssert.Contains(exception.Message, "CN=intermediate");
    }

    [TestMethod]
    public void Constructor_OptionsOutOfRange_ThrowsWithAllFaults()
    {
        var options = new CertificateTrustOptions { CacheSize = -1, RecheckInterval = TimeSpan.FromDays(2), MaxPresentedCertificates = 0 };
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => new CertificateTrust([Root.Certificate], options));
        StringAssert.Contains(exception.Message, "CacheSize");
        StringAssert.Contains(exception.Message, "RecheckInterval");
        StringAssert.Contains(exception.Message, "MaxPresentedCertificates");
    }

    [TestMethod]
    public void Constructor_CallerDisposesRoot_StillWorks()
    {
        X509Certificate2 copy = X509CertificateLoader.LoadCertificate(Root.Der.Span);
        var trust = new CertificateTrust([copy]);
        copy.Dispose();
        AssertAccepted(trust, Root.Issue(Good));
    }

    [TestMethod]
    public void Generation_FromOptions() =>
        Assert.AreEqual(7, new CertificateTrust([Root.Certificate], new CertificateTrustOptions { Generation = 7 }).Generation);

    [TestMethod]
    public void FromPemFile_RootAndIntermediate_EachInItsPlace()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, Intermediate.Certificate.ExportCertificatePem() + "\n" + Root.Certificate.ExportCertificatePem());
            AssertAccepted(CertificateTrust.FromPemFile(path), Intermediate.Issue(Good));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void FromPemFile_NoRoot_ThrowsNamingFile()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, Intermediate.Certificate.ExportCertificatePem());
            CryptographicException exception = Assert.ThrowsExactly<CryptographicException>(() => CertificateTrust.FromPemFile(path));
            StringAssert.Contains(exception.Message, path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static CertificateTrust Trust() => new([Root.Certificate]);

    private static PeerCertificateContext Context(
        IReadOnlyList<ReadOnlyMemory<byte>> chain, bool isServer = true, string? serverName = "a.example", DateTimeOffset? now = null) => new()
        {
            Chain = chain,
            IsServerCertificate = isServer,
            ServerName = serverName,
            Now = now ?? Now,
        };

    private static void AssertAccepted(CertificateTrust trust, params TestAuthority[] chain) => AssertAccepted(trust, "a.example", chain);

    private static void AssertAccepted(CertificateTrust trust, string serverName, params TestAuthority[] chain)
    {
        PeerCertificateVerdict verdict = trust.Evaluate(Context([.. chain.Select(c => c.Der)], serverName: serverName));
        Assert.IsTrue(verdict.IsAccepted, verdict.ToString());
    }

    private static PeerCertificateVerdict AssertRefused(CertificateRefusal refusal, CertificateTrust trust, params TestAuthority[] chain)
    {
        PeerCertificateVerdict verdict = trust.Evaluate(Context([.. chain.Select(c => c.Der)]));
        Assert.AreEqual(refusal, verdict.Refusal, verdict.ToString());
        Assert.IsFalse(string.IsNullOrEmpty(verdict.Detail));
        return verdict;
    }
}
