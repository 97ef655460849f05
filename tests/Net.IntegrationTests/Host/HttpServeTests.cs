using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Net.Hosting;
using Net.Hosting.CommandLine;
using Net.Hosting.Engines;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary>What <c>net serve</c> serves over HTTP, with and without a QUIC engine.</summary>
[TestClass]
public sealed class HttpServeTests
{
    private static MadeCertificates s_certificates = null!;

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        await HostProgram.RequireEngineAsync();
        s_certificates = new MadeCertificates();
        await s_certificates.MakeAsync();
    }

    [ClassCleanup]
    public static void Clean() => s_certificates?.Dispose();

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public async Task Serve_HttpOverTcp_OffersHttp3AtTheSamePort(int version)
    {
        await using ServeProcess server = await ServeProcess.StartAsync(s_certificates);
        using HttpClient http = MakeClient(server.Port, version, withCertificate: true);

        using HttpResponseMessage response = await http.GetAsync("/");

        Assert.AreEqual(version, response.Version.Major);
        Assert.StartsWith($"h3=\":{server.Port}\"", response.Headers.GetValues("alt-svc").Single());
    }

    [TestMethod]
    public async Task Serve_HttpOverTcpWithoutTheRequiredCertificate_IsRefused()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(s_certificates);
        using HttpClient http = MakeClient(server.Port, 2, withCertificate: false);

        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => http.GetAsync("/"));
    }

    [TestMethod]
    public async Task Page_ForAPersonAndForAProgram_TellTheSame()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(s_certificates);
        await using ConnectedClient client = await ConnectedClient.StartAsync(server);
        await client.EchoAsync("one stream stays open");
        using HttpClient http = MakeClient(server.Port, 2, withCertificate: true);

        using HttpResponseMessage page = await http.GetAsync("/");
        string html = await page.Content.ReadAsStringAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = HttpVersion.Version20, Headers = { { "accept", "application/json" } } };
        using HttpResponseMessage data = await http.SendAsync(request);
        using JsonDocument json = JsonDocument.Parse(await data.Content.ReadAsStringAsync());

        Assert.AreEqual("text/html", page.Content.Headers.ContentType?.MediaType);
        Assert.Contains("default-src 'none'", page.Headers.GetValues("content-security-policy").Single());
        Assert.DoesNotContain("<script", html);
        Assert.Contains($"UDP 127.0.0.1:{server.Port}", html);
        Assert.Contains("QUIC connections: 1<", html);
        Assert.AreEqual("application/json", data.Content.Headers.ContentType?.MediaType);
        JsonElement root = json.RootElement;
        Assert.AreEqual("serving", root.GetProperty("status").GetString());
        Assert.AreEqual(1, root.GetProperty("streamsInFlight").GetInt32());
        Assert.AreEqual(0, root.GetProperty("callsInFlight").GetInt32());
        Assert.AreEqual(89, root.GetProperty("certificate").GetProperty("daysLeft").GetInt32());
        Assert.AreEqual("HTTP/2 as CN=client", root.GetProperty("you").GetString());
        JsonElement connection = root.GetProperty("connections").EnumerateArray().Single();
        Assert.AreEqual("net/1", connection.GetProperty("protocol").GetString());
        Assert.AreEqual("CN=client", connection.GetProperty("peerCertificate").GetString());
        Assert.Contains($"<td>{connection.GetProperty("id").GetInt64()}</td><td>net/1</td>", html);
    }

    [TestMethod]
    public async Task Serve_NoEngineRuns_ServesTcpAndSaysWhatIsMissing()
    {
        using var directory = new TemporaryDirectory();
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var stop = new CancellationTokenSource();
        string readyFile = directory.Combine("ready.json");
        Task<int> serving = HostCommandLine.RunAsync(ServeArguments(readyFile), MakeContext(output, error), stop.Token);
        int port = await WaitForPortAsync(readyFile, serving);

        using HttpClient http = MakeClient(port, 2, withCertificate: false);
        using HttpResponseMessage response = await http.GetAsync("/");
        await stop.CancelAsync();

        Assert.AreEqual(ExitCodes.Ok, await serving.WithTimeout());
        Assert.AreEqual(2, response.Version.Major);
        Assert.IsFalse(response.Headers.Contains("alt-svc"), "It would lead clients to a port where nobody is.");
        Assert.Contains("HTTP/3 and raw streams are NOT served", error.ToString());
        Assert.Contains("apt-get install libwarp", error.ToString());
        Assert.Contains($"listens on TCP 127.0.0.1:{port}", output.ToString());
    }

    [TestMethod]
    public async Task Serve_TheNamedEngineIsMissing_EndsWithFour()
    {
        using var directory = new TemporaryDirectory();
        using var output = new StringWriter();
        using var error = new StringWriter();

        int code = await HostCommandLine.RunAsync([.. ServeArguments(directory.Combine("ready.json")), "--engine", "warp"], MakeContext(output, error)).WithTimeout();

        Assert.AreEqual(ExitCodes.EngineMissing, code);
        Assert.Contains("apt-get install libwarp", error.ToString());
    }

    [TestMethod]
    public async Task Serve_StoppedWhileItStarts_Ends()
    {
        using var directory = new TemporaryDirectory();
        using var output = new StringWriter();
        using var error = new StringWriter();

        int code = await HostCommandLine.RunAsync(ServeArguments(directory.Combine("ready.json")), MakeContext(output, error), new CancellationToken(canceled: true)).WithTimeout();

        Assert.AreEqual(ExitCodes.Failure, code);
        Assert.Contains("Stopped before it was done", error.ToString());
    }

    private static string[] ServeArguments(string readyFile) =>
    [
        "serve", "--address", "127.0.0.1", "--port", "0", "--admin", "none", "--client-certificate", "none", "--log-level", "None", "--ready-file", readyFile,
        "--cert", s_certificates.PathOf("server.pem"), "--key", s_certificates.PathOf("server-key.pem"),
    ];

    private static HostContext MakeContext(TextWriter output, TextWriter error) => HostContext.ForProcess() with
    {
        Output = output,
        Error = error,
        GetEnvironmentVariable = static _ => null,
        Engines = new EngineSelector(
        [
            new EngineCandidate("warp", static () => new MemoryEngine(
                new MemoryNetwork(), new MemoryEngineOptions { Name = "warp", Support = new EngineSupport(false, "apt-get install libwarp", null) })),
        ]),
    };

    private static async Task<int> WaitForPortAsync(string readyFile, Task serving)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!File.Exists(readyFile))
        {
            Assert.IsFalse(serving.IsCompleted, "The server ended before it was ready.");
            await Task.Delay(10, limit.Token);
        }

        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(readyFile, limit.Token));
        return json.RootElement.GetProperty("port").GetInt32();
    }

    private static HttpClient MakeClient(int port, int version, bool withCertificate)
    {
        var trust = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        trust.CustomTrustStore.ImportFromPemFile(s_certificates.PathOf("ca.pem"));
        var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = trust } };
        if (withCertificate)
        {
            handler.SslOptions.ClientCertificates = [TlsIdentity.FromPemFiles(s_certificates.PathOf("client.pem"), s_certificates.PathOf("client-key.pem")).Certificate];
        }

        return new HttpClient(handler)
        {
            BaseAddress = new Uri($"https://127.0.0.1:{port}/"),
            Timeout = TimeSpan.FromSeconds(30),
            DefaultRequestVersion = version == 2 ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }
}
