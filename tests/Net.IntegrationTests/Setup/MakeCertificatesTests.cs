using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.IntegrationTests.Setup;

/// <summary>certs/make-certs.sh: what it makes.</summary>
[TestClass]
public sealed class MakeCertificatesTests
{
    // secp256r1, which TLS and everybody else calls P-256.
    private const string Curve = "1.2.840.10045.3.1.7";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    [TestMethod]
    [DataRow("server", ServerAuthentication, ClientAuthentication)]
    [DataRow("client", ClientAuthentication, ServerAuthentication)]
    public async Task FreshRun_Leaf_ChainsToTheAuthorityForItsUseOnly(string name, string use, string otherUse)
    {
        using MadeCertificates made = new();
        await made.MakeAsync();
        using X509Certificate2 leaf = made.ReadWithKey(name);
        using X509Certificate2 authority = made.Read("ca");

        Assert.IsTrue(Build(leaf, authority, use, out string status), status);
        Assert.IsFalse(Build(leaf, authority, otherUse, out _));
        X509KeyUsageExtension usage = leaf.Extensions.OfType<X509KeyUsageExtension>().Single();
        Assert.AreEqual(X509KeyUsageFlags.DigitalSignature, usage.KeyUsages);
        Assert.IsFalse(leaf.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.AreEqual(Curve, leaf.GetECDsaPublicKey()!.ExportParameters(false).Curve.Oid.Value);
    }

    [TestMethod]
    public async Task FreshRun_Authority_MaySignLeavesOnly()
    {
        using MadeCertificates made = new();
        await made.MakeAsync();
        using X509Certificate2 authority = made.ReadWithKey("ca");

        X509BasicConstraintsExtension constraints = authority.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.IsTrue(constraints.Critical && constraints.CertificateAuthority && constraints.HasPathLengthConstraint);
        Assert.AreEqual(0, constraints.PathLengthConstraint);
        X509KeyUsageExtension usage = authority.Extensions.OfType<X509KeyUsageExtension>().Single();
        Assert.IsTrue(usage.Critical);
        Assert.AreEqual(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, usage.KeyUsages);
    }

    [TestMethod]
    public async Task FreshRun_KeyIdentifiers_LinkLeafAndAuthority()
    {
        using MadeCertificates made = new();
        await made.MakeAsync();
        using X509Certificate2 authority = made.Read("ca");
        string authorityKey = authority.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifier!;

        foreach (string name in new[] { "server", "client" })
        {
            using X509Certificate2 leaf = made.Read(name);
            Assert.AreEqual(authorityKey, Convert.ToHexString(leaf.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single().KeyIdentifier!.Value.Span));
            Assert.AreNotEqual(authorityKey, leaf.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifier);
        }
    }

    [TestMethod]
    public async Task FreshRun_Server_IsNamedAfterLoopback()
    {
        using MadeCertificates made = new();
        await made.MakeAsync();

        Assert.AreEqual("localhost", made.DnsNames("server"));
        Assert.AreEqual("127.0.0.1 ::1", made.Addresses("server"));
        Assert.AreEqual("client", made.DnsNames("client"));
    }

    [TestMethod]
    public async Task FreshRun_Files_AreSixAndTheKeysPrivate()
    {
        using MadeCertificates made = new();
        await made.MakeAsync();

        Assert.AreEqual(
            "ca-key.pem ca.pem client-key.pem client.pem server-key.pem server.pem",
            string.Join(' ', Directory.GetFileSystemEntries(made.OutputDirectory).Select(Path.GetFileName).Order(StringComparer.Ordinal)));
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, Mode(made.OutputDirectory));
        foreach (string name in new[] { "ca", "server", "client" })
        {
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, Mode(made.PathOf($"{name}-key.pem")), name);
            string[] key = await File.ReadAllLinesAsync(made.PathOf($"{name}-key.pem"));
            Assert.IsTrue(PemEncoding.TryFind(string.Join('\n', key), out PemFields fields));
            // The label of PKCS #8, not of the older form of each kind of key.
            Assert.AreEqual("PRIVATE KEY", string.Join('\n', key)[fields.Label]);
        }
    }

    [TestMethod]
    public async Task Name_DnsAndAddresses_AreInTheServerCertificate()
    {
        using MadeCertificates made = new();
        await made.MakeAsync("--name", "API.example", "--name", "*.apps.example", "--name", "192.0.2.7", "--name", "2001:db8::7", "--name", "localhost");

        Assert.AreEqual("localhost api.example *.apps.example", made.DnsNames("server"));
        Assert.AreEqual("127.0.0.1 ::1 192.0.2.7 2001:db8::7", made.Addresses("server"));
    }

    [TestMethod]
    public async Task Client_Names_EachGetTheirOwnPair()
    {
        using MadeCertificates made = new();
        await made.MakeAsync("--client", "alice", "--client", "bob.example");
        using X509Certificate2 authority = made.Read("ca");

        foreach (string name in new[] { "alice", "bob.example" })
        {
            using X509Certificate2 client = made.ReadWithKey(name);
            Assert.AreEqual($"CN={name}", client.Subject);
            Assert.AreEqual(name, made.DnsNames(name));
            Assert.IsTrue(Build(client, authority, ClientAuthentication, out string status), status);
        }
    }

    [TestMethod]
    [DataRow(new[] { "--rsa" }, 3072)]
    [DataRow(new[] { "--rsa", "2048" }, 2048)]
    public async Task Rsa_FreshRun_MakesEveryKeyRsa(string[] arguments, int bits)
    {
        using MadeCertificates made = new();
        await made.MakeAsync(arguments);
        using X509Certificate2 authority = made.ReadWithKey("ca");
        using X509Certificate2 server = made.ReadWithKey("server");

        Assert.AreEqual(bits, authority.GetRSAPublicKey()!.KeySize);
        Assert.AreEqual(bits, server.GetRSAPublicKey()!.KeySize);
        Assert.IsTrue(Build(server, authority, ServerAuthentication, out string status), status);
    }

    [TestMethod]
    [DataRow(new string[0], 90)]
    [DataRow(new[] { "--days", "7" }, 7)]
    [DataRow(new[] { "--days", "3650" }, 3650)]
    public async Task Days_GivenOrNot_IsTheValidityOfLeaves(string[] arguments, int days)
    {
        using MadeCertificates made = new();
        await made.MakeAsync(arguments);
        using X509Certificate2 authority = made.Read("ca");
        using X509Certificate2 server = made.Read("server");

        Assert.AreEqual(TimeSpan.FromDays(days), server.NotAfter - server.NotBefore);
        Assert.IsTrue(server.NotAfter < authority.NotAfter);
    }

    [TestMethod]
    [DataRow("--name", "300.1.1.1")]
    [DataRow("--name", "010.0.0.1")]
    [DataRow("--name", "two..dots")]
    [DataRow("--name", "a,IP:10.0.0.1")]
    [DataRow("--name", "1::2::3")]
    [DataRow("--name", "1:2:3:4:5:6:7:8:9")]
    [DataRow("--name", "-leading")]
    [DataRow("--client", "../escape")]
    [DataRow("--client", "ca")]
    [DataRow("--client", "server-key")]
    [DataRow("--days", "0")]
    [DataRow("--days", "3651")]
    [DataRow("--days", "ten")]
    [DataRow("--rsa", "1024")]
    public async Task BadValue_AnyOption_IsRefusedBeforeAnythingIsMade(string option, string value)
    {
        using MadeCertificates made = new();

        ScriptResult result = await made.RunAsync(option, value);

        Assert.AreEqual(2, result.ExitCode, result.Everything);
        StringAssert.Contains(result.Error, option);
        StringAssert.Contains(result.Error, value);
        Assert.IsFalse(Directory.Exists(made.OutputDirectory));
    }

    [TestMethod]
    [DataRow("--name")]
    [DataRow("--days")]
    [DataRow("--unknown")]
    [DataRow("surplus")]
    public async Task BadArgument_MissingValueOrUnknown_IsNamed(string argument)
    {
        using MadeCertificates made = new();

        ScriptResult result = await made.RunAsync(argument);

        Assert.AreEqual(2, result.ExitCode, result.Everything);
        StringAssert.Contains(result.Error, argument);
        Assert.IsFalse(Directory.Exists(made.OutputDirectory));
    }

    [TestMethod]
    public async Task Out_IsAFile_FailsAndSaysSo()
    {
        using MadeCertificates made = new();
        await File.WriteAllTextAsync(made.OutputDirectory, "in the way");

        ScriptResult result = await made.RunAsync();

        Assert.AreEqual(1, result.ExitCode, result.Everything);
        StringAssert.Contains(result.Error, "is not a directory");
    }

    [TestMethod]
    public async Task Help_ListsEveryOption()
    {
        using MadeCertificates made = new();

        ScriptResult result = await made.MakeAsync("--help");

        foreach (string option in new[] { "--name", "--client", "--rsa", "--days", "--out", "--force", "--force-ca" })
        {
            StringAssert.Contains(result.Output, $"  {option}");
        }
    }

    private static UnixFileMode Mode(string path) => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);

    private static bool Build(X509Certificate2 leaf, X509Certificate2 authority, string use, out string status)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(use));
        bool valid = chain.Build(leaf);
        status = string.Join(", ", chain.ChainStatus.Select(element => element.StatusInformation));
        return valid;
    }
}
