using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Net.Channels;
using Net.Client;
using Net.Grpc;
using Net.Hosting;
using Net.Hosting.Services;
using Net.IntegrationTests.Setup;
using Net.Protocol.Echo;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary>What <c>net serve</c> serves over HTTP, with and without a QUIC engine.</summary>
[TestClass]
public sealed class HttpServeTests : HostTest
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public async Task Serve_HttpOverTcp_OffersHttp3AtTheSamePort(int version)
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
        using HttpClient http = MakeClient(server.Port, version, withCertificate: true);

        using HttpResponseMessage response = await http.GetAsync("/");

        Assert.AreEqual(version, response.Version.Major);
        Assert.StartsWith($"h3=\":{server.Port}\"", response.Headers.GetValues("alt-svc").Single());
    }

    [TestMethod]
    public async Task Serve_HttpOverTcpWithoutTheRequiredCertificate_IsRefused()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
        using HttpClient http = MakeClient(server.Port, 2, withCertificate: false);

        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => http.GetAsync("/"));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public async Task Page_ForAPersonAndForAProgram_TellTheSame(int version)
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Certificates);
        await using ConnectedClient raw = await ConnectedClient.StartAsync(server);
        await raw.EchoAsync("one stream stays open");
        await using ServeClient client = await ServeClient.StartAsync(server);
        await using GrpcDuplexCall<EchoRequest, EchoResponse> call = client.Grpc.Duplex(EchoMethods.EchoStream);
        await call.Requests.WriteAsync(new EchoRequest { Payload = "one call stays open" }).WithTimeout();
        Assert.IsNotNull(await call.Responses.ReadAsync().WithTimeout());
        using HttpClient? overTcp = version == 3 ? null : MakeClient(server.Port, version, withCertificate: true);
        HttpClient http = overTcp ?? client.Http;

        using HttpResponseMessage page = await http.GetAsync("/").WithTimeout();
        string html = await page.Content.ReadAsStringAsync();

        // The first answer is counted as a call until its handler is over, which may be after it came.
        await server.WaitForCallsAsync(1);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/")
        {
            Version = http.DefaultRequestVersion, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Headers = { { "accept", "application/json" } },
        };
        using HttpResponseMessage data = await http.SendAsync(request).WithTimeout();
        using JsonDocument json = JsonDocument.Parse(await data.Content.ReadAsStringAsync());

        Assert.AreEqual(version, page.Version.Major);
        Assert.AreEqual(version, data.Version.Major);
        Assert.AreEqual("text/html", page.Content.Headers.ContentType?.MediaType);
        Assert.Contains("default-src 'none'", page.Headers.GetValues("content-security-policy").Single());
        Assert.DoesNotContain("<script", html);
        Assert.Contains($"UDP 127.0.0.1:{server.Port}", html);
        Assert.Contains("QUIC connections: 2<", html);
        Assert.Contains("<tr><th>calls</th><td class=\"number\">1</td>", html);
        Assert.Contains("<tr><th>raw streams</th><td class=\"number\">1</td>", html);
        Assert.AreEqual("application/json", data.Content.Headers.ContentType?.MediaType);
        JsonElement root = json.RootElement;
        Assert.AreEqual("serving", root.GetProperty("status").GetString());
        Assert.AreEqual(1, root.GetProperty("streamsInFlight").GetInt32());
        Assert.AreEqual(1, root.GetProperty("callsInFlight").GetInt32());
        Assert.AreEqual(89, root.GetProperty("certificate").GetProperty("daysLeft").GetInt32());
        Assert.AreEqual($"{(version == 1 ? "HTTP/1.1" : $"HTTP/{version}")} as CN=client", root.GetProperty("you").GetString());
        JsonElement[] connections = [.. root.GetProperty("connections").EnumerateArray()];
        Assert.AreEqual("h3 net/1", string.Join(' ', connections.Select(static connection => connection.GetProperty("protocol").GetString()).Order(StringComparer.Ordinal)));
        foreach (JsonElement connection in connections)
        {
            Assert.AreEqual("CN=client", connection.GetProperty("peerCertificate").GetString());
            Assert.IsGreaterThan(0, connection.GetProperty("rttMilliseconds").GetDouble());
            Assert.IsGreaterThan(0, connection.GetProperty("bytesReceived").GetInt64());
            StringAssert.Matches(html, new Regex(
                $"<td>{connection.GetProperty("id").GetInt64()}</td><td>{connection.GetProperty("protocol").GetString()}</td><td>127.0.0.1:[^<]* <span class=\"quiet\">CN=client</span></td><td class=\"number\">[0-9.]+ ms</td>"));
        }
    }

    [TestMethod]
    public async Task Serve_NoEngineRuns_ServesTcpAndSaysWhatIsMissing()
    {
        using var directory = new TemporaryDirectory();
        using HostCommands host = MakeHost();
        using var stop = new CancellationTokenSource();
        string readyFile = directory.Combine("ready.json");
        Task<int> serving = host.RunAsync(ServeArguments(readyFile), stop.Token);
        int port = await WaitForPortAsync(readyFile, serving);

        using HttpClient http = MakeClient(port, 2, withCertificate: false);
        using HttpResponseMessage response = await http.GetAsync("/");
        string html = await response.Content.ReadAsStringAsync();
        string echo = await EchoOverTcpAsync(port, "hello");
        await stop.CancelAsync();

        Assert.AreEqual(ExitCodes.Ok, await serving.WithTimeout());
        Assert.AreEqual(2, response.Version.Major);
        Assert.IsFalse(response.Headers.Contains("alt-svc"), "It would lead clients to a port where nobody is.");
        Assert.AreEqual("hello", echo);
        Assert.Contains("HTTP/3 and raw streams over QUIC are not served", html);
        Assert.Contains("<tr><th>raw streams</th><td>echo</td></tr>", html);
        Assert.Contains("HTTP/3 and raw streams over QUIC are NOT served; HTTP/2, HTTP/1.1 and raw streams over TCP are.", host.Error);
        Assert.Contains("apt-get install libwarp", host.Error);
        Assert.Contains($"listens on TCP 127.0.0.1:{port}", host.Output);
        Assert.Contains("TCP          h2, http/1.1, net/1", host.Output);
        Assert.Contains("raw streams  echo", host.Output);
    }

    [TestMethod]
    public async Task Serve_TheNamedEngineIsMissing_EndsWithFour()
    {
        using var directory = new TemporaryDirectory();
        using HostCommands host = MakeHost();

        int code = await host.RunAsync([.. ServeArguments(directory.Combine("ready.json")), "--engine", "warp"]).WithTimeout();

        Assert.AreEqual(ExitCodes.EngineMissing, code);
        Assert.Contains("apt-get install libwarp", host.Error);
    }

    [TestMethod]
    public async Task Serve_StoppedWhileItStarts_Ends()
    {
        using var directory = new TemporaryDirectory();
        using HostCommands host = MakeHost();

        int code = await host.RunAsync(ServeArguments(directory.Combine("ready.json")), new CancellationToken(canceled: true)).WithTimeout();

        Assert.AreEqual(ExitCodes.Failure, code);
        Assert.Contains("Stopped before it was done", host.Error);
    }

    private static string[] ServeArguments(string readyFile) =>
    [
        "serve", "--address", "127.0.0.1", "--port", "0", "--admin", "none", "--client-certificate", "none", "--log-level", "None", "--ready-file", readyFile,
        "--cert", Certificates.PathOf("server.pem"), "--key", Certificates.PathOf("server-key.pem"),
    ];

    private static HostCommands MakeHost() => new(static context => context with { Engines = HostCommands.NoEngine });

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

    private static async Task<string> EchoOverTcpAsync(int port, string text)
    {
        await using ClientChannel channel = new NetChannelBuilder($"https://127.0.0.1:{port}")
            .UseTrust(CertificateTrust.FromPemFile(Certificates.PathOf("ca.pem")))
            .UseFallback(FallbackPolicy.Only)
            .Build();
        await using RawStream stream = await channel.OpenStreamAsync("echo").AsTask().WithTimeout();
        await stream.Output.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask().WithTimeout();
        await stream.Output.CompleteAsync();
        using var reader = new StreamReader(stream.Input.AsStream(leaveOpen: true), Encoding.UTF8);
        return await reader.ReadToEndAsync().WithTimeout();
    }

    private static HttpClient MakeClient(int port, int version, bool withCertificate)
    {
        var trust = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        trust.CustomTrustStore.ImportFromPemFile(Certificates.PathOf("ca.pem"));
        var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = trust } };
        if (withCertificate)
        {
            handler.SslOptions.ClientCertificates = [TlsIdentity.FromPemFiles(Certificates.PathOf("client.pem"), Certificates.PathOf("client-key.pem")).Certificate];
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
