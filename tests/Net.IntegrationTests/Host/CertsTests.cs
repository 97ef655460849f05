using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Net.Hosting;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary><c>net certs</c>, and certificates that change under <c>net serve</c>.</summary>
[TestClass]
public sealed class CertsTests : IDisposable
{
    private static readonly TestAuthority Authority = new("Command root");
    private readonly CertificateDirectory _files = new();

    [TestInitialize]
    public void WriteFiles()
    {
        _files.Replace("ca.pem", Authority.Pem);
        _files.Replace("ca-key.pem", CertificateDirectory.KeyPem(Authority.Certificate));
        _files.ReplacePair("server", Authority.IssueServer(DateTimeOffset.UtcNow.AddDays(40)));
    }

    public void Dispose() => _files.Dispose();

    [TestMethod]
    public async Task Show_Directory_TellsEachCertificateAndItsVerdict()
    {
        _files.ReplacePair("stranger", new TestAuthority("Stranger").IssueServer());

        ScriptResult table = await HostProgram.RunAsync("certs", "show", _files.Path, "--ca", _files["ca.pem"]);
        ScriptResult text = await HostProgram.RunAsync("certs", "show", _files.Path, "--ca", _files["ca.pem"], "--json");

        Assert.AreEqual(ExitCodes.Ok, table.ExitCode, table.Everything);
        Assert.Contains("CN=server", table.Output);
        using JsonDocument json = JsonDocument.Parse(text.Output);
        Dictionary<string, JsonElement> byFile = json.RootElement.EnumerateArray().ToDictionary(static report => Path.GetFileName(report.GetProperty("file").GetString()!));
        Assert.HasCount(3, byFile, "Keys are no certificates.");
        Assert.AreEqual("ok", byFile["server.pem"].GetProperty("verdict").GetString());
        Assert.AreEqual("UnknownAuthority", byFile["stranger.pem"].GetProperty("verdict").GetString());
        Assert.AreEqual("root", byFile["ca.pem"].GetProperty("verdict").GetString());
        Assert.AreEqual(39, byFile["server.pem"].GetProperty("daysLeft").GetInt32());
        Assert.AreEqual("P-256", byFile["server.pem"].GetProperty("key").GetString());
        Assert.AreEqual("localhost 127.0.0.1", string.Join(' ', byFile["server.pem"].GetProperty("names").EnumerateArray()));
    }

    [TestMethod]
    public async Task Show_MountedSecret_FindsItsCertificatesInEitherForm()
    {
        string mount = Directory.CreateDirectory(_files["mount"]).FullName;
        X509Certificate2 server = Authority.IssueServer();
        await File.WriteAllTextAsync(Path.Combine(mount, "tls.crt"), CertificateDirectory.Pem(server));
        await File.WriteAllTextAsync(Path.Combine(mount, "tls.key"), CertificateDirectory.KeyPem(server));
        await File.WriteAllTextAsync(Path.Combine(mount, "ca.crt"), Authority.Pem);
        await File.WriteAllBytesAsync(Path.Combine(mount, "binary.cer"), server.RawData);

        ScriptResult result = await HostProgram.RunAsync("certs", "show", mount, "--ca", _files["ca.pem"], "--json");

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.AreEqual(
            "binary.cer ok, ca.crt root, tls.crt ok",
            string.Join(", ", json.RootElement.EnumerateArray().Select(static report => $"{Path.GetFileName(report.GetProperty("file").GetString())} {report.GetProperty("verdict").GetString()}")));
    }

    [TestMethod]
    [DataRow("good", 0, "Good:")]
    [DataRow("few days", 5, "fewer than --min-days 60")]
    [DataRow("mismatch", 5, "Refused (KeyMismatch)")]
    [DataRow("issuer", 5, "Refused (Chain)")]
    public async Task Check_Files_SaysWhatAServerWouldDo(string kind, int code, string words)
    {
        List<string> arguments = ["certs", "check", "--cert", _files["server.pem"], "--key", _files["server-key.pem"], "--ca", _files["ca.pem"], "--role", "server"];
        switch (kind)
        {
            case "few days":
                arguments.AddRange(["--min-days", "60"]);
                break;
            case "mismatch":
                _files.Replace("server.pem", CertificateDirectory.Pem(Authority.IssueServer()));
                break;
            case "issuer":
                _files.Replace("other.pem", new TestAuthority("Other").Pem);
                arguments.AddRange(["--issuer", _files["other.pem"]]);
                break;
        }

        ScriptResult result = await HostProgram.RunAsync([.. arguments]);

        Assert.AreEqual(code, result.ExitCode, result.Everything);
        Assert.Contains(words, result.Everything);
    }

    [TestMethod]
    [DataRow("lower", "CN=Lower CN=Upper")]
    [DataRow("upper", "CN=Upper")]
    [DataRow("ca", "")]
    public async Task Renew_LeafOfIntermediates_KeepsThoseFromItsNewIssuerOn(string issuer, string above)
    {
        TestAuthority upper = Authority.CreateIntermediate("Upper");
        TestAuthority lower = upper.CreateIntermediate("Lower");
        X509Certificate2 old = lower.IssueServer();
        _files.ReplacePair("server", old, lower.Certificate, upper.Certificate);
        _files.ReplacePair("lower", lower.Certificate);
        _files.ReplacePair("upper", upper.Certificate);

        ScriptResult renewed = await HostProgram.RunAsync(
            "certs", "renew", "--cert", _files["server.pem"], "--key", _files["server-key.pem"], "--ca", _files[issuer + ".pem"], "--ca-key", _files[issuer + "-key.pem"], "--days", "7");
        ScriptResult check = await HostProgram.RunAsync(
            "certs", "check", "--cert", _files["server.pem"], "--key", _files["server-key.pem"], "--ca", _files["ca.pem"], "--issuer", _files["ca.pem"], "--role", "server");

        Assert.AreEqual(ExitCodes.Ok, renewed.ExitCode, renewed.Everything);
        Assert.AreEqual(ExitCodes.Ok, check.ExitCode, check.Everything);
        X509Certificate2Collection chain = [];
        chain.ImportFromPemFile(_files["server.pem"]);
        Assert.AreNotEqual(old.SerialNumber, chain[0].SerialNumber);
        Assert.AreEqual(old.Subject, chain[0].Subject);
        Assert.AreEqual(above, string.Join(' ', chain.Skip(1).Select(static certificate => certificate.Subject)));
    }

    [TestMethod]
    public async Task Serve_CertificateRenewed_IsServedWithoutARestartAndABadOneIsRefused()
    {
        await HostProgram.RequireEngineAsync();
        using MadeCertificates certificates = new();
        await certificates.MakeAsync();
        await using ServeProcess server = await ServeProcess.StartAsync(certificates, "--issuer", certificates.PathOf("ca.pem"));
        string before = Serial(certificates);

        ScriptResult renewed = await HostProgram.RunAsync(
            "certs", "renew", "--cert", certificates.PathOf("server.pem"), "--key", certificates.PathOf("server-key.pem"), "--ca", certificates.PathOf("ca.pem"), "--ca-key", certificates.PathOf("ca-key.pem"), "--days", "7");
        Assert.AreEqual(ExitCodes.Ok, renewed.ExitCode, renewed.Everything);
        Assert.AreNotEqual(before, Serial(certificates));
        Assert.AreEqual("localhost", certificates.DnsNames("server"));
        server.Hangup();
        await server.WaitForAsync("eload");
        using (var http = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => ((X509Certificate2)shown!).SerialNumber == Serial(certificates), ClientCertificates = [certificates.ReadWithKey("client")] } }))
        {
            using HttpResponseMessage page = await http.GetAsync(new Uri($"https://127.0.0.1:{server.Port}/"));
            Assert.IsTrue(page.IsSuccessStatusCode);
        }

        File.WriteAllText(certificates.PathOf("server.pem"), "half");
        server.Hangup();
        await server.WaitForAsync("Not reloaded, what was in use stays");
        ScriptResult echo = await HostProgram.RunAsync(server.ClientArguments("echo", server.EndPoint, "--message", "still there"));
        Assert.AreEqual(ExitCodes.Ok, echo.ExitCode, echo.Everything);
        server.Terminate();
        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync());
    }

    [TestMethod]
    public async Task Serve_RevocationListWithoutClientCertificates_IsWrongUsage()
    {
        ScriptResult result = await HostProgram.RunAsync(
            "serve", "--port", "0", "--admin", "none", "--client-certificate", "none", "--crl", "some.crl", "--cert", _files["server.pem"], "--key", _files["server-key.pem"]);

        Assert.AreEqual(ExitCodes.Usage, result.ExitCode, result.Everything);
        Assert.Contains("--crl names certificates", result.Error);
    }

    [TestMethod]
    public async Task Serve_CertificateThatLeadsToNoIssuer_DoesNotStart()
    {
        _files.Replace("other.pem", new TestAuthority("Other").Pem);
        string[] arguments =
        [
            "serve", "--address", "127.0.0.1", "--port", "0", "--admin", "none", "--client-certificate", "none", "--cert", _files["server.pem"], "--key", _files["server-key.pem"], "--issuer",
        ];

        ScriptResult stranger = await HostProgram.RunAsync([.. arguments, _files["other.pem"]]);
        ScriptResult missing = await HostProgram.RunAsync([.. arguments, _files["none.pem"]]);

        Assert.AreEqual(ExitCodes.Certificate, stranger.ExitCode, stranger.Everything);
        Assert.Contains("does not lead to a trusted root", stranger.Error);
        Assert.AreEqual(ExitCodes.Certificate, missing.ExitCode, missing.Everything);
        Assert.Contains("Name another with --issuer", missing.Error);
    }

    private static string Serial(MadeCertificates certificates)
    {
        using X509Certificate2 certificate = certificates.Read("server");
        return certificate.SerialNumber;
    }
}
