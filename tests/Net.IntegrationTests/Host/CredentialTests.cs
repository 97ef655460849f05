using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Net.Hosting;
using Net.IntegrationTests.Ngtcp2;
using Net.IntegrationTests.Setup;
using Net.Security;

namespace Net.IntegrationTests.Host;

/// <summary>Client commands that say who calls with a file, as processes against a <c>net serve</c> with rules.</summary>
[TestClass]
public sealed class CredentialTests : HostTest
{
    private const string Rules = """
        {
          "authentication": {
            "issuers": [ { "issuer": "https://login.test", "audiences": ["https://net.test"], "keys": "login.jwks", "allowedRoles": ["user"] } ],
            "apiKeys": { "file": "keys.json", "pepper": "pepper.key" }
          }
        }
        """;

    private static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(static i => (byte)i)];
    private static string s_asked = "";
    private static TemporaryDirectory s_files = null!;
    private static ServeProcess s_server = null!;

    [ClassInitialize]
    public static async Task StartServerAsync(TestContext context)
    {
        s_files = new TemporaryDirectory();
        ScriptResult made = await HostProgram.RunAsync(
            "apikey", "new", "--file", s_files.Combine("keys.json"), "--pepper", s_files.Combine("pepper.key"), "--name", "billing", "--role", "user", "--days", "10");
        Assert.AreEqual(0, made.ExitCode, made.Everything);
        string key = made.Everything.Split('\n').Select(static line => line.Trim()).Single(static line => ApiKey.TryParse(line, out _));
        await File.WriteAllTextAsync(s_files.Combine("billing.key"), key + "\n");
        await File.WriteAllTextAsync(s_files.Combine("login.jwks"), $$"""{"keys":[{"kty":"oct","kid":"k1","alg":"HS256","k":"{{Base64Url.EncodeToString(Secret)}}"}]}""");
        await File.WriteAllTextAsync(s_files.Combine("alice.jwt"), Token("user") + "\r\n");
        await File.WriteAllTextAsync(s_files.Combine("nobody.jwt"), Token("user")[..^2] + "xx");
        await File.WriteAllTextAsync(s_files.Combine("access.json"), Rules);
        s_server = await ServeProcess.StartAsync(Certificates, "--access", s_files.Combine("access.json"), "--audit", s_files.Combine("audit"));
    }

    [ClassCleanup]
    public static async Task StopServerAsync()
    {
        if (s_server is not null)
        {
            await s_server.DisposeAsync();
        }

        s_files?.Dispose();
    }

    [TestMethod]
    [DataRow("--token", "alice.jwt", "2")]
    [DataRow("--token", "alice.jwt", "3")]
    [DataRow("--api-key", "billing.key", "2")]
    [DataRow("--api-key", "billing.key", "3")]
    public async Task Echo_OverGrpcWithACredential_IsLetIn(string option, string file, string http)
    {
        ScriptResult result = await RunAsync("echo", s_server.EndPoint, "--protocol", "grpc", "--message", "hello", "--http", http, option, s_files.Combine(file));

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
    }

    [TestMethod]
    [DataRow("--token", "alice.jwt")]
    [DataRow("--api-key", "billing.key")]
    public async Task Echo_RawWithACredential_IsLetIn(string option, string file)
    {
        ScriptResult result = await RunAsync("echo", s_server.EndPoint, "--message", "hello", option, s_files.Combine(file));

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
    }

    [TestMethod]
    public async Task Commands_WithoutOrWithABadCredential_AreRefused()
    {
        foreach (string[] more in (string[][])[[], ["--token", s_files.Combine("nobody.jwt")]])
        {
            ScriptResult grpc = await RunAsync(["aql", s_server.EndPoint, "get users/42", .. more]);
            Assert.AreEqual(ExitCodes.Failure, grpc.ExitCode, grpc.Everything);
            StringAssert.Contains(grpc.Error, "Unauthenticated");

            ScriptResult raw = await RunAsync(["echo", s_server.EndPoint, "--message", "hello", .. more]);
            Assert.AreEqual(ExitCodes.Failure, raw.ExitCode, raw.Everything);
            StringAssert.Contains(raw.Error, "does not know who calls");
        }
    }

    [TestMethod]
    public async Task Bench_RawStreamsWithACredential_AreLetIn()
    {
        ScriptResult result = await RunAsync("bench", "echo", s_server.EndPoint, "--duration", "1", "--warmup", "0", "--connections", "1", "--token", s_files.Combine("alice.jwt"));

        Assert.AreEqual(ExitCodes.Ok, result.ExitCode, result.Everything);
    }

    [TestMethod]
    [DataRow("--token", "alice.jwt")]
    [DataRow("--api-key", "billing.key")]
    public async Task Health_WithACredential_SendsIt(string option, string file)
    {
        // The server of the other tests asks nobody for a credential at its --admin; this one does, as a proxy before it might.
        await using WebApplication site = await StartGuardedSiteAsync();
        string url = site.Urls.Single();

        ScriptResult unknown = await HostProgram.RunAsync("health", url);
        ScriptResult known = await HostProgram.RunAsync("health", url, option, s_files.Combine(file));

        Assert.AreEqual(ExitCodes.Failure, unknown.ExitCode, unknown.Everything);
        StringAssert.Contains(unknown.Error, "with status 401: say who asks with --token or --api-key.");
        Assert.AreEqual(ExitCodes.Ok, known.ExitCode, known.Everything);
        Assert.AreEqual($"Bearer {(await File.ReadAllTextAsync(s_files.Combine(file))).Trim()}", s_asked);
    }

    [TestMethod]
    public async Task Serve_Hangup_IsWrittenDownAsWhatItsAdministratorAskedFor()
    {
        s_server.Hangup();

        await Waiting.Until(static () => ReadAudit().Contains("\"category\":\"admin\",\"action\":\"reload\",\"outcome\":\"success\"", StringComparison.Ordinal));
    }

    [TestMethod]
    public async Task Health_CredentialInTheClear_IsNotSent()
    {
        // 203.0.113.0/24 is for documentation (RFC 5737): nobody answers there, and nobody is asked.
        ScriptResult result = await HostProgram.RunAsync("health", "http://203.0.113.7:9090", "--token", s_files.Combine("alice.jwt"));

        Assert.AreEqual(ExitCodes.Usage, result.ExitCode, result.Everything);
        StringAssert.Contains(result.Error, "over plain HTTP");
    }

    [TestMethod]
    public async Task Files_ThatHoldNoCredential_AreNamedAndNotShown()
    {
        string header = s_files.Combine("header.txt");
        string empty = s_files.Combine("empty.txt");
        string large = s_files.Combine("large.txt");
        await File.WriteAllTextAsync(header, "Bearer sesame");
        await File.WriteAllTextAsync(empty, " \n");
        await File.WriteAllTextAsync(large, new string('x', 20_000));
        foreach ((string path, string why) in ((string, string)[])
        [
            (s_files.Combine("missing.jwt"), "cannot be read"), (header, "at place 7"), (empty, "is empty"), (large, "is larger than"), (Path.GetTempPath(), "cannot be read"),
        ])
        {
            ScriptResult result = await RunAsync("echo", s_server.EndPoint, "--message", "hello", "--token", path);
            Assert.AreEqual(ExitCodes.Usage, result.ExitCode, result.Everything);
            StringAssert.Contains(result.Error, $"The file '{path}' (--token) ");
            StringAssert.Contains(result.Error, why);
            Assert.IsFalse(result.Everything.Contains("sesame", StringComparison.Ordinal), result.Everything);
        }

        ScriptResult both = await RunAsync("echo", s_server.EndPoint, "--message", "hello", "--token", s_files.Combine("alice.jwt"), "--api-key", s_files.Combine("billing.key"));
        Assert.AreEqual(ExitCodes.Usage, both.ExitCode, both.Everything);
        StringAssert.Contains(both.Error, "exclude each other");
    }

    private static async Task<WebApplication> StartGuardedSiteAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication site = builder.Build();
        site.MapGet("/health", static (HttpContext context) =>
        {
            s_asked = context.Request.Headers.Authorization.ToString();
            return Results.StatusCode(s_asked.Length == 0 ? 401 : 200);
        });
        await site.StartAsync();
        return site;
    }

    // The server has the file open.
    private static string ReadAudit()
    {
        string text = "";
        foreach (string path in Directory.GetFiles(s_files.Combine("audit"), "*.jsonl"))
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            text += reader.ReadToEnd();
        }

        return text;
    }

    private static string Token(string role)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        string signed = Base64Url.EncodeToString("""{"alg":"HS256","kid":"k1","typ":"JWT"}"""u8) + "."
            + Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"iss":"https://login.test","aud":"https://net.test","sub":"alice","roles":["{{role}}"],"iat":{{now}},"exp":{{now + 3600}}}"""));
        return signed + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Secret, Encoding.ASCII.GetBytes(signed)));
    }

    private static Task<ScriptResult> RunAsync(params string[] arguments) => HostProgram.RunAsync(s_server.ClientArguments(arguments));
}
