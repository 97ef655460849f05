using System.Security.Cryptography.X509Certificates;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Certificates;

/// <summary>Identities that are no pair of PEM files are watched as those are: PKCS#12 files and stores of the system.</summary>
[TestClass]
public sealed class WatchedInputTests : CertificateSourceTest
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    [TestMethod]
    public async Task Pfx_RenamedIntoPlace_GoesLiveWithItsIntermediates()
    {
        CertificateSource source = OpenPfx(First);
        TestAuthority intermediate = Authority.CreateIntermediate();
        X509Certificate2 next = intermediate.IssueServer();

        ReplacePfx(Export(next, intermediate.Certificate));
        await LookAsync(source);
        Assert.AreEqual(First.SerialNumber, Serial(source), "What is seen once may still be written.");
        await LookAsync(source);

        Assert.AreEqual(next.SerialNumber, Serial(source));
        Assert.AreEqual(intermediate.Certificate.SerialNumber, source.Current.Identities[0].Intermediates.Single().SerialNumber);
        Assert.AreEqual(2, source.Current.Generation);
    }

    [TestMethod]
    public async Task Pfx_ThatCannotBeUsed_IsRefusedWithItsReasonAndTheOldOneStays()
    {
        CertificateSource source = OpenPfx(First);
        TlsSnapshot first = source.Current;
        byte[] good = Export(Authority.IssueServer());
        var refusals = new List<CertificateSourceException>();
        source.Refused += (_, e) => refusals.Add(e.Refusal);
        (byte[] Content, CertificateFault Fault, string Words)[] bad =
        [
            (good[..(good.Length / 2)], CertificateFault.Password, "it is no PKCS#12 file, is damaged, or its password is wrong"),
            (new X509Certificate2Collection(Authority.IssueServer()).Export(X509ContentType.Pkcs12, "other")!, CertificateFault.Password, "or its password is wrong"),
            (Export(WithoutKey(Authority.IssueServer())), CertificateFault.Malformed, "holds 0 certificates with a key"),
            (Export(Authority.IssueServer(Time.GetUtcNow().AddDays(-1))), CertificateFault.Expired, "was valid until"),
            (Export(Authority.Issue("server", TestAuthority.ServerUsage, ["other.example"])), CertificateFault.Names, "lacks"),
        ];
        foreach ((byte[] content, CertificateFault fault, string words) in bad)
        {
            int before = refusals.Count;
            ReplacePfx(content);
            await LookAsync(source);
            await PassAsync(source, Settled);
            await LookAsync(source);

            Assert.HasCount(before + 1, refusals, words);
            Assert.AreEqual(fault, refusals[^1].Fault, refusals[^1].Message);
            Assert.Contains(words, refusals[^1].Message);
            Assert.Contains("server.pfx", refusals[^1].Message);
            Assert.AreSame(first, source.Current);
        }

        Assert.AreEqual(bad.Length, Log.Count("Refused"));
        ReplacePfx(good);
        await LookAsync(source);
        await LookAsync(source);
        Assert.AreEqual(2, source.Current.Generation);
    }

    [TestMethod]
    public async Task Store_NewCertificate_GoesLiveAtTheNextLookAndWhatIsTakenOutIsKept()
    {
        string name = $"watched-{Guid.NewGuid():N}.example";
        X509Certificate2 older = Persist(Authority.Issue("s", TestAuthority.ServerUsage, [name], notBefore: Time.GetUtcNow().AddDays(-20)));
        X509Certificate2 newer = Persist(Authority.Issue("s", TestAuthority.ServerUsage, [name], notBefore: Time.GetUtcNow().AddDays(-2)));
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadWrite);
        store.Add(older);
        try
        {
            CertificateSource source = Open(Options with { Identities = [IdentityInput.FromStore(StoreName.My, StoreLocation.CurrentUser, name)] });
            var refusals = new List<CertificateSourceException>();
            source.Refused += (_, e) => refusals.Add(e.Refusal);
            store.Add(newer);
            await LookAsync(source);
            await LookAsync(source);
            Assert.AreEqual(older.SerialNumber, Serial(source), "A store is asked at its own pace.");
            await PassAsync(source, source.Options.SlowInterval);
            await LookAsync(source);
            Assert.AreEqual(newer.SerialNumber, Serial(source));

            store.RemoveRange([older, newer]);
            await PassAsync(source, source.Options.SlowInterval);
            await PassAsync(source, Settled);
            await PassAsync(source, source.Options.SlowInterval);

            Assert.AreEqual(newer.SerialNumber, Serial(source));
            Assert.AreEqual(CertificateFault.Unreadable, refusals.Single().Fault);
            Assert.Contains($"holds 0 certificates with a key that match '{name}'", refusals[0].Message);
        }
        finally
        {
            store.RemoveRange([older, newer]);
        }
    }

    private static byte[] Export(params X509Certificate2[] certificates) =>
        new X509Certificate2Collection(certificates.Select(static (certificate, i) => i == 0 ? certificate : WithoutKey(certificate)).ToArray()).Export(X509ContentType.Pkcs12, "secret")!;

    private static X509Certificate2 WithoutKey(X509Certificate2 certificate) => X509CertificateLoader.LoadCertificate(certificate.RawData);

    private static X509Certificate2 Persist(X509Certificate2 certificate) =>
        X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.PersistKeySet | X509KeyStorageFlags.Exportable);

    private CertificateSource OpenPfx(X509Certificate2 certificate)
    {
        ReplacePfx(Export(certificate));
        return Open(Options with { Identities = [IdentityInput.FromPfxFile(Files["server.pfx"], CertificatePassword.FromCallback(static () => "secret"))] });
    }

    private void ReplacePfx(byte[] content)
    {
        File.WriteAllBytes(Files["server.pfx.tmp"], content);
        File.Move(Files["server.pfx.tmp"], Files["server.pfx"], overwrite: true);
    }
}
