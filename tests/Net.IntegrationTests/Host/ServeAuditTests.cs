using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Net.Hosting;
using Net.IntegrationTests.Ngtcp2;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary>What a real <c>net serve</c> writes down: each of the five kinds of events, with who and which trace, and no secret.</summary>
[TestClass]
public sealed class ServeAuditTests : HostTest, IDisposable
{
    private const string Rules = """
        {
          "authentication": { "issuers": [ { "issuer": "https://login.test", "audiences": ["https://net.test"], "keys": "login.jwks", "allowedRoles": ["reader"] } ] },
          "audit": { "directory": "audit", "includeAllowedCalls": true }
        }
        """;

    private static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(static i => (byte)i)];
    private readonly TemporaryDirectory _files = new();
    private readonly MadeCertificates _certificates = new();

    public void Dispose()
    {
        _files.Dispose();
        _certificates.Dispose();
    }

    [TestMethod]
    public async Task Audit_OfARealServer_HoldsEachKindOfEventWithWhoAndWhichTrace()
    {
        await _certificates.MakeAsync();
        string forged = Token()[..^4] + "AAAA";
        await File.WriteAllTextAsync(_files.Combine("login.jwks"), $$"""{"keys":[{"kty":"oct","kid":"k1","alg":"HS256","k":"{{Base64Url.EncodeToString(Secret)}}"}]}""");
        await File.WriteAllTextAsync(_files.Combine("access.json"), Rules);
        await using ServeProcess server = await ServeProcess.StartAsync(_certificates, "--access", _files.Combine("access.json"));
        using HttpClient http = MakeClient(server.Port);

        // Authentication and authorization: who, what, from where, and the caller's trace.
        Assert.AreEqual(HttpStatusCode.Unauthorized, await GetAsync(http, "/", forged, 'a'));
        Assert.AreEqual(HttpStatusCode.OK, await GetAsync(http, "/", Token(), 'b'));
        Assert.AreEqual(HttpStatusCode.Forbidden, await GetAsync(http, "/admin%22%7D%0A%7B%22seq%22:1", Token(), 'c'));
        JsonElement login = await FindAsync("authentication", "failure", static e => Text(e, "trace") == new string('a', 32));
        Assert.AreEqual("127.0.0.1", Text(login, "source")?.Split(':')[0]);
        Assert.IsNull(Text(login, "principal"));
        Assert.IsNotNull(Text(login, "reason"));
        JsonElement known = await FindAsync("authentication", "success", static e => Text(e, "trace") == new string('b', 32));
        StringAssert.Contains(Text(known, "principal"), "alice");
        JsonElement allowed = await FindAsync("authorization", "success", static e => Text(e, "trace") == new string('b', 32));
        StringAssert.Contains(Text(allowed, "principal"), "alice");
        JsonElement forbidden = await FindAsync("authorization", "failure", static e => Text(e, "trace") == new string('c', 32));
        StringAssert.Contains(Text(forbidden, "principal"), "alice");
        StringAssert.StartsWith(Text(forbidden, "resource"), "http:GET:/admin");

        // Configuration: rules that are taken, and rules that are not.
        await File.WriteAllTextAsync(_files.Combine("access.json"), Rules.Replace("reader", "user", StringComparison.Ordinal));
        await FindAsync("configuration", "success", static e => Text(e, "resource") == "access.json");
        await File.WriteAllTextAsync(_files.Combine("access.json"), Rules.Replace("issuer\"", "isuer\"", StringComparison.Ordinal));

        // The file is written in place: of half of it the server may complain, too.
        await FindAsync("configuration", "failure", static e => Text(e, "resource") == "access.json" && Text(e, "detail")?.Contains("isuer", StringComparison.Ordinal) == true);

        // Certificates: a new one, and a pair that does not fit.
        _certificates.ReplaceServerCertificate(DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddDays(60));
        using X509Certificate2 fresh = _certificates.Read("server");
        await FindAsync("certificate", "success", e => Text(e, "resource") == fresh.SerialNumber);
        File.Copy(_certificates.PathOf("client-key.pem"), _certificates.PathOf("server-key.pem"), overwrite: true);
        await FindAsync("certificate", "failure", static e => Text(e, "reason") == "KeyMismatch");

        // What its administrator does.
        server.Hangup();
        await FindAsync("admin", "success", static e => Text(e, "action") == "reload");
        server.Terminate();
        Assert.AreEqual(ExitCodes.Ok, await server.WaitForExitAsync());
        StringAssert.StartsWith(Text(await FindAsync("admin", "success", static e => Text(e, "action") == "drain"), "detail"), "SIGTERM");
        await FindAsync("audit", "success", static e => Text(e, "action") == "end");

        ScriptResult verified = await HostProgram.RunAsync("audit", "verify", _files.Combine("audit"));
        Assert.AreEqual(0, verified.ExitCode, verified.Everything);
        string everything = string.Concat(Lines());
        foreach (string secret in (string[])[forged[^20..], Token().Split('.')[1], Base64Url.EncodeToString(Secret)])
        {
            Assert.DoesNotContain(secret, everything);
        }
    }

    [TestMethod]
    public async Task Audit_TerminatedTwice_HoldsThatCallsWereCut()
    {
        await _certificates.MakeAsync();
        await File.WriteAllTextAsync(_files.Combine("access.json"), """{ "authentication": { "certificates": [ { "field": "commonName", "pattern": "*", "roles": ["user"] } ] } }""");
        await using ServeProcess server = await ServeProcess.StartAsync(
            _certificates, "--access", _files.Combine("access.json"), "--audit", _files.Combine("audit"), "--shutdown-timeout", "10m");
        await using ConnectedClient client = await ConnectedClient.StartAsync(server);
        await client.EchoAsync("a stream is open");

        server.Terminate();
        await server.WaitForAsync("Stopping");
        server.Signal(2);

        Assert.AreEqual(ExitCodes.Failure, await server.WaitForExitAsync());
        StringAssert.StartsWith(Text(await FindAsync("admin", "success", static e => Text(e, "action") == "cut"), "detail"), "SIGINT");
    }

    private static string? Text(JsonElement entry, string member) => entry.TryGetProperty(member, out JsonElement value) ? value.GetString() : null;

    private static async Task<HttpStatusCode> GetAsync(HttpClient http, string path, string token, char trace)
    {
        var uri = new Uri($"{http.BaseAddress!.GetLeftPart(UriPartial.Authority)}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(HttpMethod.Get, uri) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Add("traceparent", $"00-{new string(trace, 32)}-00f067aa0ba902b7-01");
        using HttpResponseMessage response = await http.SendAsync(request).WithTimeout();
        return response.StatusCode;
    }

    private static string Token()
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 600 * 600;
        string signed = Base64Url.EncodeToString("""{"alg":"HS256","kid":"k1","typ":"JWT"}"""u8) + "."
            + Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"iss":"https://login.test","aud":"https://net.test","sub":"alice","roles":["reader"],"iat":{{now}},"exp":{{now + 7200}}}"""));
        return signed + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Secret, Encoding.ASCII.GetBytes(signed)));
    }

    private HttpClient MakeClient(int port)
    {
        X509Certificate2 client = X509CertificateLoader.LoadPkcs12(_certificates.ReadWithKey("client").Export(X509ContentType.Pkcs12), null);
        X509Certificate2 authority = _certificates.Read("ca");
        return new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificates = [client],
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { authority }, RevocationMode = X509RevocationMode.NoCheck },
            },
            ActivityHeadersPropagator = null,
        })
        {
            BaseAddress = new Uri($"https://localhost:{port}"),
        };
    }

    private async Task<JsonElement> FindAsync(string category, string outcome, Func<JsonElement, bool> isIt)
    {
        JsonElement found = default;
        await Waiting.Until(() =>
        {
            found = Lines().Select(static line => JsonDocument.Parse(line).RootElement).LastOrDefault(e => Text(e, "category") == category && Text(e, "outcome") == outcome && isIt(e));
            return found.ValueKind == JsonValueKind.Object;
        });
        return found;
    }

    /// <summary>What is written whole; the server has the file open.</summary>
    private string[] Lines()
    {
        var lines = new List<string>();
        foreach (string path in Directory.GetFiles(_files.Combine("audit"), "*.jsonl").Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            string text = reader.ReadToEnd();
            lines.AddRange(text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        return [.. lines];
    }
}
