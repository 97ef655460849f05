using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Certificates;

/// <summary>What goes live, what is refused with which words, and what a new snapshot changes.</summary>
[TestClass]
public sealed class ReloadTests : CertificateSourceTest
{
    [TestMethod]
    public async Task Reload_NewPair_SwapsTheWholeSnapshot()
    {
        CertificateSource source = Open();
        TlsSnapshot before = source.Current;
        ServerTlsOptions options = source.ServerSelector(Hello("localhost"))!;
        int changes = 0;
        source.Client.Changed += (_, _) => changes++;
        X509Certificate2 second = Authority.IssueServer();
        Files.ReplacePair("server", second);

        TlsSnapshot after = await ReloadIsAppliedAsync(source);

        Assert.AreEqual(second.SerialNumber, Serial(source));
        Assert.AreEqual(2, after.Identities[0].Generation);
        Assert.AreEqual(2, source.Client.Generation);
        Assert.AreEqual(1, changes);
        Assert.AreSame(before.Trust, after.Trust, "The trust did not change, nor did what engines cache of it.");
        Assert.IsFalse(options.TicketKey.Span.SequenceEqual(source.ServerSelector(Hello("localhost"))!.TicketKey.Span), "Tickets of the old identity end.");
        Assert.AreEqual(ReloadOutcome.Unchanged, (await source.ReloadAsync().WithTimeout()).Outcome);
        Assert.AreSame(after, source.Current);
    }

    [TestMethod]
    public async Task Reload_NewTrustAlone_KeepsTheIdentityAndChangesTheTickets()
    {
        CertificateSource source = Open();
        TlsSnapshot before = source.Current;
        byte[] tickets = source.ServerSelector(Hello(null))!.TicketKey.ToArray();
        Files.Replace("ca.pem", Authority.Pem + new TestAuthority("Next root").Pem);

        TlsSnapshot after = await ReloadIsAppliedAsync(source);

        Assert.AreSame(before.Identities[0], after.Identities[0]);
        Assert.AreEqual(2, after.Trust!.Generation);
        Assert.IsFalse(tickets.AsSpan().SequenceEqual(source.ServerSelector(Hello(null))!.TicketKey.Span));
    }

    [TestMethod]
    public async Task TicketSecret_SharedByTwoServersWithTheSameFiles_GivesTheSameKeysThatChangeTogether()
    {
        CertificateSourceOptions options = Options with { TicketSecret = Enumerable.Range(0, 32).Select(static i => (byte)i).ToArray() };
        CertificateSource one = Open(options);
        CertificateSource two = Open(options);
        byte[] first = one.ServerSelector(Hello(null))!.TicketKey.ToArray();
        CollectionAssert.AreEqual(first, two.ServerSelector(Hello(null))!.TicketKey.ToArray());

        Files.ReplacePair("server", Authority.IssueServer());
        await ReloadIsAppliedAsync(one);
        await ReloadIsAppliedAsync(two);

        CollectionAssert.AreEqual(one.ServerSelector(Hello(null))!.TicketKey.ToArray(), two.ServerSelector(Hello(null))!.TicketKey.ToArray());
        CollectionAssert.AreNotEqual(first, one.ServerSelector(Hello(null))!.TicketKey.ToArray());
    }

    public static IEnumerable<object[]> BadPairs =>
    [
        ["mismatched key", CertificateFault.KeyMismatch, "does not belong"],
        ["truncated certificate", CertificateFault.Malformed, "cut off"],
        ["truncated key", CertificateFault.Malformed, "cut off"],
        ["empty", CertificateFault.Unreadable, "empty"],
        ["missing", CertificateFault.Unreadable, "does not exist"],
        ["directory", CertificateFault.Unreadable, "is a directory"],
        ["no certificate", CertificateFault.Malformed, "holds no certificate"],
        ["base64", CertificateFault.Malformed, "no base64"],
        ["garbage DER", CertificateFault.Malformed, "cannot be read"],
        ["too large", CertificateFault.Unreadable, "more than the limit"],
        ["expired", CertificateFault.Expired, "was valid until 2025-12-31"],
        ["not yet valid", CertificateFault.NotYetValid, "valid only from 2026-01-02"],
        ["intermediate expired", CertificateFault.Expired, "the authority 'CN=Short' was valid until 2025-12-31"],
        ["intermediate not yet valid", CertificateFault.NotYetValid, "the authority 'CN=Early' is valid only from 2026-01-02"],
        ["wrong usage", CertificateFault.Usage, "must allow serverAuth"],
        ["weak key", CertificateFault.Usage, "RSA key of 1024 bits"],
        ["no names", CertificateFault.Names, "no DNS name and no IP address"],
        ["lost name", CertificateFault.Names, "lacks 127.0.0.1"],
        ["chain order", CertificateFault.Chain, "was issued by"],
        ["forged chain", CertificateFault.Chain, "do not follow from each other"],
        ["other authority", CertificateFault.Chain, "does not lead to a trusted root"],
    ];

    [TestMethod]
    [DynamicData(nameof(BadPairs))]
    public async Task Reload_BadPair_IsRefusedWithItsReasonAndTheOldOneStays(string kind, CertificateFault fault, string words)
    {
        CertificateSource source = Open(Options with { Role = CertificateRole.Server, IssuerFiles = [Files["ca.pem"]] });
        var events = new List<CertificateSourceException>();
        source.Refused += (_, e) => events.Add(e.Refusal);
        WriteBad(kind);

        CertificateSourceException refusal = await ReloadIsRefusedAsync(source, fault);

        Assert.Contains(words, refusal.Message);
        Assert.DoesNotContain("PRIVATE KEY-----", refusal.Message);
        Assert.HasCount(1, events);
        Assert.AreEqual(1, Log.Count("Refused"));
        Assert.AreEqual(First.SerialNumber, Serial(source));
    }

    [TestMethod]
    public async Task Reload_NameThatMayGo_IsApplied()
    {
        CertificateSource source = Open(Options with { RemovableNames = ["127.0.0.1"] });
        Files.ReplacePair("server", Authority.Issue("server", TestAuthority.ServerUsage, ["localhost", "more.example"]));

        await ReloadIsAppliedAsync(source);
        Files.ReplacePair("server", Authority.Issue("server", TestAuthority.ServerUsage, ["localhost"]));

        Assert.Contains("more.example", (await ReloadIsRefusedAsync(source, CertificateFault.Names)).Message);
    }

    [TestMethod]
    public async Task Selector_SeveralIdentities_ChoosesByExactNameThenWildcardThenTheFirst()
    {
        X509Certificate2 wild = Authority.Issue("wild", TestAuthority.ServerUsage, ["*.shop.example"]);
        X509Certificate2 exact = Authority.Issue("exact", TestAuthority.ServerUsage, ["pay.shop.example"]);
        Files.ReplacePair("wild", wild);
        Files.ReplacePair("exact", exact);
        IdentityInput[] inputs = [.. ((string[])["server", "wild", "exact"]).Select(name => IdentityInput.FromPemFiles(Files[name + ".pem"], Files[name + "-key.pem"]))];
        CertificateSource lenient = Open(Options with { Identities = inputs });
        CertificateSource strict = Open(Options with { Identities = inputs, RefuseUnknownNames = true });

        foreach (CertificateSource source in new[] { lenient, strict })
        {
            Assert.AreEqual(exact.SerialNumber, source.ServerSelector(Hello("PAY.shop.example"))!.Identity.Certificate.SerialNumber);
            Assert.AreEqual(wild.SerialNumber, source.ServerSelector(Hello("cart.shop.example"))!.Identity.Certificate.SerialNumber);
            Assert.AreEqual(First.SerialNumber, source.ServerSelector(Hello(null))!.Identity.Certificate.SerialNumber);
            Assert.AreSame(source.ServerSelector(Hello("pay.shop.example")), source.ServerSelector(Hello("pay.shop.example")));
        }

        Assert.AreEqual(First.SerialNumber, lenient.ServerSelector(Hello("a.b.shop.example"))!.Identity.Certificate.SerialNumber);
        Assert.IsNull(strict.ServerSelector(Hello("a.b.shop.example")));
        CollectionAssert.AreNotEqual(strict.ServerSelector(Hello("pay.shop.example"))!.TicketKey.ToArray(), strict.ServerSelector(Hello("localhost"))!.TicketKey.ToArray(), "A ticket of one name does not resume another.");

        // One of three changes: the others stay as they are.
        TlsIdentity kept = strict.Current.Identities[2];
        Files.ReplacePair("wild", Authority.Issue("wild", TestAuthority.ServerUsage, ["*.shop.example"]));
        await ReloadIsAppliedAsync(strict);
        Assert.AreSame(kept, strict.Current.Identities[2]);
        Assert.AreNotEqual(wild.SerialNumber, strict.Current.Identities[1].Certificate.SerialNumber);
    }

    [TestMethod]
    public async Task Reload_HandlerThatThrows_DoesNoHarm()
    {
        CertificateSource source = Open();
        source.Changed += static (_, _) => throw new InvalidOperationException("a handler of the application's");
        Files.ReplacePair("server", Authority.IssueServer());

        await ReloadIsAppliedAsync(source);

        Assert.AreEqual(1, Log.Count("HandlerFailed"));
    }

    /// <summary>The certificate of an intermediate with the same name and key, and another time.</summary>
    private static X509Certificate2 WithTime(TestAuthority intermediate, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        using ECDsa key = intermediate.Certificate.GetECDsaPrivateKey()!;
        var request = new CertificateRequest(intermediate.Certificate.SubjectName, key, HashAlgorithmName.SHA256);
        foreach (X509Extension extension in intermediate.Certificate.Extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        using ECDsa issuer = Authority.Certificate.GetECDsaPrivateKey()!;
        return request.Create(Authority.Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer), notBefore, notAfter, [0x40, 0x01]);
    }

    private void WriteBad(string kind)
    {
        X509Certificate2 other = Authority.IssueServer();
        string pem = CertificateDirectory.Pem(other);
        switch (kind)
        {
            case "mismatched key":
                Files.Replace("server.pem", pem);
                break;
            case "truncated certificate":
                Files.Replace("server.pem", pem[..^40]);
                break;
            case "truncated key":
                Files.Replace("server-key.pem", CertificateDirectory.KeyPem(other)[..80]);
                break;
            case "empty":
                Files.Replace("server.pem", "");
                break;
            case "missing":
                File.Delete(Files["server.pem"]);
                break;
            case "directory":
                File.Delete(Files["server.pem"]);
                Directory.CreateDirectory(Files["server.pem"]);
                break;
            case "no certificate":
                Files.Replace("server.pem", CertificateDirectory.KeyPem(other));
                break;
            case "base64":
                Files.Replace("server.pem", "-----BEGIN CERTIFICATE-----\n*no base64*\n-----END CERTIFICATE-----\n");
                break;
            case "garbage DER":
                Files.Replace("server.pem", PemEncoding.WriteString("CERTIFICATE", new byte[200]));
                break;
            case "too large":
                Files.Replace("server.pem", new string('#', (1 << 20) + 1));
                break;
            case "expired":
                Files.ReplacePair("server", Authority.IssueServer(Time.GetUtcNow().AddSeconds(-1)));
                break;
            case "not yet valid":
                Files.ReplacePair("server", Authority.Issue("server", TestAuthority.ServerUsage, ["localhost", "127.0.0.1"], notBefore: Time.GetUtcNow().AddDays(1)));
                break;
            case "intermediate expired":
                TestAuthority shortLived = Authority.CreateIntermediate("Short");
                Files.ReplacePair("server", shortLived.IssueServer(), WithTime(shortLived, TestAuthority.Begin, Time.GetUtcNow().AddSeconds(-1)));
                break;
            case "intermediate not yet valid":
                TestAuthority early = Authority.CreateIntermediate("Early");
                Files.ReplacePair("server", early.IssueServer(), WithTime(early, Time.GetUtcNow().AddDays(1), TestAuthority.End));
                break;
            case "wrong usage":
                Files.ReplacePair("server", Authority.Issue("server", TestAuthority.ClientUsage, ["localhost", "127.0.0.1"]));
                break;
            case "weak key":
                using (RSA rsa = RSA.Create(1024))
                {
                    Files.ReplacePair("server", Authority.Issue("server", TestAuthority.ServerUsage, ["localhost", "127.0.0.1"], key: rsa));
                }

                break;
            case "no names":
                Files.ReplacePair("server", Authority.Issue("localhost", TestAuthority.ServerUsage, []));
                break;
            case "lost name":
                Files.ReplacePair("server", Authority.Issue("server", TestAuthority.ServerUsage, ["localhost"]));
                break;
            case "chain order":
                Files.ReplacePair("server", other, Authority.CreateIntermediate().Certificate);
                break;
            case "forged chain":
                TestAuthority real = Authority.CreateIntermediate("Same name");
                Files.ReplacePair("server", real.IssueServer(), Authority.CreateIntermediate("Same name").Certificate);
                break;
            default:
                Files.ReplacePair("server", new TestAuthority("Stranger").IssueServer());
                break;
        }
    }
}
