using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Net.Security;

namespace Net.IntegrationTests.Setup;

/// <summary>certs/make-certs.sh --zoo: each certificate is wrong in just the way that its name says, judged as the library judges.</summary>
[TestClass]
public sealed class ZooTests
{
    private static readonly (string Name, CertificateRefusal Refusal)[] Expected =
    [
        ("server", CertificateRefusal.None), ("client", CertificateRefusal.None), ("rsa-server", CertificateRefusal.None), ("rsa-client", CertificateRefusal.None),
        ("p384-server", CertificateRefusal.None), ("p384-client", CertificateRefusal.None), ("short-lived-server", CertificateRefusal.None), ("short-lived-client", CertificateRefusal.None),
        ("expired-server", CertificateRefusal.Expired), ("expired-client", CertificateRefusal.Expired),
        ("not-yet-valid-server", CertificateRefusal.NotYetValid), ("not-yet-valid-client", CertificateRefusal.NotYetValid),
        ("self-signed-server", CertificateRefusal.UnknownAuthority), ("self-signed-client", CertificateRefusal.UnknownAuthority),
        ("stranger-server", CertificateRefusal.UnknownAuthority), ("stranger-client", CertificateRefusal.UnknownAuthority),
        ("name-constraint-server", CertificateRefusal.UnknownAuthority), ("name-constraint-client", CertificateRefusal.UnknownAuthority),
        ("revoked-server", CertificateRefusal.Revoked), ("revoked-client", CertificateRefusal.Revoked),
        ("wrong-usage-server", CertificateRefusal.WrongUsage), ("wrong-usage-client", CertificateRefusal.WrongUsage),
        ("wrong-name-server", CertificateRefusal.NameMismatch), ("common-name-only-server", CertificateRefusal.NameMismatch),
    ];

    [TestMethod]
    public async Task Zoo_MadeTwice_HoldsWhatItsNamesSayAndKeepsWhatServes()
    {
        SetupRequirement.Program("bash");
        SetupRequirement.Program("openssl");
        using TemporaryDirectory directory = new();
        string zoo = directory.Combine("zoo");
        await MakeAsync(zoo);
        await using CertificateSource source = CertificateSource.Open(new CertificateSourceOptions
        {
            Identities = [IdentityInput.FromPemFiles(Path.Combine(zoo, "server.pem"), Path.Combine(zoo, "server-key.pem"))],
            TrustFiles = [Path.Combine(zoo, "trust.pem")],
            RevocationListFiles = [Path.Combine(zoo, "intermediate.crl.pem")],
            IssuerFiles = [Path.Combine(zoo, "root.pem")],
            Role = CertificateRole.Server,
        });

        foreach ((string name, CertificateRefusal refusal) in Expected)
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(Path.Combine(zoo, name + ".pem"));
            PeerCertificateVerdict verdict = source.Current.Trust!.Evaluate(new PeerCertificateContext
            {
                Chain = [.. chain.Select(static certificate => certificate.RawDataMemory)],
                IsServerCertificate = name.EndsWith("server", StringComparison.Ordinal),
                ServerName = "localhost",
                Now = DateTimeOffset.UtcNow,
            });
            Assert.AreEqual(refusal, verdict.Refusal, $"{name}: {verdict.Detail}");
            using X509Certificate2 pair = X509Certificate2.CreateFromPemFile(Path.Combine(zoo, name + ".pem"), Path.Combine(zoo, name + "-key.pem"));
            Assert.AreEqual(name.StartsWith("rsa", StringComparison.Ordinal), pair.GetRSAPublicKey() is not null);
            Assert.AreEqual(name.StartsWith("p384", StringComparison.Ordinal) ? 384 : 256, pair.GetECDsaPublicKey()?.KeySize ?? 256);
        }

        if (!OperatingSystem.IsWindows())
        {
            foreach (string key in Directory.GetFiles(zoo, "*-key.pem"))
            {
                Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key), key);
            }
        }

        SortedDictionary<string, string> before = Snapshot(zoo);
        ScriptResult again = await MakeAsync(zoo);
        SortedDictionary<string, string> after = Snapshot(zoo);
        string[] changed = [.. after.Where(file => before[file.Key] != file.Value).Select(static file => file.Key)];
        CollectionAssert.AreEquivalent(
            (string[])["short-lived-client-key.pem", "short-lived-client.pem", "short-lived-server-key.pem", "short-lived-server.pem"], changed, again.Everything);
    }

    [TestMethod]
    public async Task Zoo_SecondsThatAreNone_AreRefused()
    {
        SetupRequirement.Program("bash");
        ScriptResult result = await ScriptRun.StartAsync("bash", [RepositoryFiles.PathOf("certs/make-certs.sh"), "--zoo", "anywhere", "--seconds", "0"]);

        Assert.AreEqual(2, result.ExitCode);
        Assert.Contains("--seconds '0' is no number", result.Error);
    }

    private static async Task<ScriptResult> MakeAsync(string zoo)
    {
        ScriptResult result = await ScriptRun.StartAsync("bash", [RepositoryFiles.PathOf("certs/make-certs.sh"), "--zoo", zoo, "--seconds", "3600"]);
        Assert.AreEqual(0, result.ExitCode, result.Everything);
        return result;
    }

    private static SortedDictionary<string, string> Snapshot(string directory) =>
        new(Directory.GetFiles(directory, "*.pem").ToDictionary(static file => Path.GetFileName(file), static file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))));
}
