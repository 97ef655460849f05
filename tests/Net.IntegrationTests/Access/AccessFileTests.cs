using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Net.Hosting;
using Net.Hosting.Access;
using Net.IntegrationTests.Host;
using Net.IntegrationTests.Security;
using Net.IntegrationTests.Setup;
using Net.Security;
using Net.Testing;

namespace Net.IntegrationTests.Access;

/// <summary>The file of rules, its reload, and the commands that make keys and check the audit.</summary>
[TestClass]
public sealed class AccessFileTests
{
    private const string Rules = """
        {
          // Comments are allowed.
          "authentication": {
            "certificates": [ { "field": "spiffe", "pattern": "spiffe://example.org/*", "name": "{1}", "roles": ["reader"] } ],
            "apiKeys": { "file": "keys.json", "pepper": "pepper.key" },
            "throttle": { "maxFailuresPerSource": 1000 }
          },
          "roles": { "app": { "allow": ["grpc:a.B/*"], "deny": ["grpc:a.B/Secret"] } },
          "admission": { "ratePerPrincipal": 0 },
          "audit": { "directory": "audit", "onFailure": "continue" }
        }
        """;

    private readonly ManualTimeProvider _time = new();

    [TestMethod]
    public async Task Rules_KeyMadeByTheCommand_OpensWhatItsRoleAllowsAndIsWrittenDown()
    {
        using var directory = new TemporaryDirectory();
        string key = await MakeAsync(directory);
        await using (ServeAccess access = ServeAccess.Open(directory.Combine("access.json"), null, TimeProvider.System, NullLogger.Instance))
        {
            Assert.IsTrue(Enter(access, key, "a.B/C").IsAllowed);
            Assert.AreEqual(AccessOutcome.Forbidden, Enter(access, key, "a.B/Secret").Outcome);
            Assert.AreEqual(AccessOutcome.Unauthenticated, Enter(access, ApiKey.Create().Text, "a.B/C").Outcome);
            Assert.IsNull(access.Gate.Options.Admission.RatePerPrincipal);
        }

        ScriptResult verified = await HostProgram.RunAsync("audit", "verify", directory.Combine("audit"));
        Assert.AreEqual(0, verified.ExitCode, verified.Everything);
        StringAssert.Contains(verified.Everything, "Intact: 6 entries");

        string file = Directory.GetFiles(directory.Combine("audit"), "*.jsonl").Single();
        string[] lines = await File.ReadAllLinesAsync(file);
        lines[3] = lines[3].Replace("failure", "success", StringComparison.Ordinal);
        await File.WriteAllLinesAsync(file, lines);
        ScriptResult broken = await HostProgram.RunAsync("audit", "verify", directory.Combine("audit"));
        Assert.AreEqual(1, broken.ExitCode);
        StringAssert.Contains(broken.Everything, "BROKEN at line 4 of audit-");
        Assert.IsFalse(string.Join('\n', lines).Contains(key[24..60], StringComparison.Ordinal), "The key stands in the audit.");
    }

    [TestMethod]
    public async Task Audit_RotationAndRefusedPair_AreWrittenDownAndTheChainHolds()
    {
        using var directory = new TemporaryDirectory();
        using var files = new CertificateDirectory();
        var authority = new TestAuthority("Audit root");
        await MakeAsync(directory);
        X509Certificate2 first = authority.IssueServer();
        X509Certificate2 second = authority.IssueServer();
        files.ReplacePair("server", first);
        await using CertificateSource certificates = CertificateSource.FromFiles(files["server.pem"], files["server-key.pem"]);
        await using (ServeAccess access = ServeAccess.Open(directory.Combine("access.json"), null, TimeProvider.System, NullLogger.Instance))
        {
            access.Follow(certificates);
            await RotationSite.ChangeAsync(certificates, () => files.ReplacePair("server", second));
            CertificateSourceException refusal = await RotationSite.RefuseAsync(certificates, () => files.Replace("server.pem", CertificateDirectory.Pem(authority.IssueServer())));
            Assert.AreEqual(CertificateFault.KeyMismatch, refusal.Fault);
        }

        JsonElement[] entries =
        [
            .. (await File.ReadAllLinesAsync(Directory.GetFiles(directory.Combine("audit"), "*.jsonl").Single()))
                .Select(static line => JsonDocument.Parse(line).RootElement).Where(static entry => entry.GetProperty("category").GetString() == "certificate"),
        ];
        CollectionAssert.AreEqual((string[])["success", "success", "failure"], entries.Select(static entry => entry.GetProperty("outcome").GetString()).ToArray());
        CollectionAssert.AreEqual((string[])[first.SerialNumber, second.SerialNumber], entries.Take(2).Select(static entry => entry.GetProperty("resource").GetString()).ToArray());
        Assert.AreEqual("KeyMismatch", entries[2].GetProperty("reason").GetString());
        StringAssert.Contains(entries[2].GetProperty("detail").GetString(), "server");
        ScriptResult verified = await HostProgram.RunAsync("audit", "verify", directory.Combine("audit"));
        Assert.AreEqual(0, verified.ExitCode, verified.Everything);
    }

    [TestMethod]
    public async Task Audit_CertificateNearItsEnd_IsWrittenDownOnceForEachMark()
    {
        using var directory = new TemporaryDirectory();
        using var files = new CertificateDirectory();
        await MakeAsync(directory);
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow);
        X509Certificate2 brief = new TestAuthority("Audit root").IssueServer(time.GetUtcNow().AddHours(60));
        files.ReplacePair("server", brief);
        var root = new TestAuthority("Brief root", time.GetUtcNow().AddHours(60));
        files.Replace("ca.pem", root.Pem + new TestAuthority("Lasting root").Pem);
        await using CertificateSource certificates = CertificateSource.Open(new CertificateSourceOptions
        {
            Identities = [IdentityInput.FromPemFiles(files["server.pem"], files["server-key.pem"])], TrustFiles = [files["ca.pem"]], TimeProvider = time, PollInterval = TimeSpan.FromHours(1),
        });
        await RotationSite.LookAsync(certificates, time);
        await using (ServeAccess access = ServeAccess.Open(directory.Combine("access.json"), null, TimeProvider.System, NullLogger.Instance))
        {
            // The first warning came before anybody listened. The log has one each day, the audit only those of another mark: a week, the last day, the end.
            access.Follow(certificates);
            for (int hour = 0; hour < 90; hour++)
            {
                await RotationSite.LookAsync(certificates, time);
            }
        }

        JsonElement[] entries =
        [
            .. (await File.ReadAllLinesAsync(Directory.GetFiles(directory.Combine("audit"), "*.jsonl").Single()))
                .Select(static line => JsonDocument.Parse(line).RootElement).Where(static entry => entry.GetProperty("action").GetString() == "expiry"),
        ];
        foreach ((X509Certificate2 certificate, string words) in new[] { (brief, "The certificate " + brief.Subject), (root.Certificate, "The trusted root CN=Brief root") })
        {
            JsonElement[] own = [.. entries.Where(entry => entry.GetProperty("resource").GetString() == certificate.SerialNumber)];
            Assert.AreEqual("ExpiresSoon, ExpiresSoon, Expired", string.Join(", ", own.Select(static entry => entry.GetProperty("reason").GetString())));
            Assert.AreEqual("success, success, failure", string.Join(", ", own.Select(static entry => entry.GetProperty("outcome").GetString())));
            Assert.IsTrue(own.All(entry => entry.GetProperty("category").GetString() == "certificate" && entry.GetProperty("detail").GetString()!.StartsWith(words, StringComparison.Ordinal)));
        }

        Assert.HasCount(6, entries);
    }

    [TestMethod]
    public async Task Rules_BadContents_LeaveTheOldOnesAndGoodOnesAreTaken()
    {
        using var directory = new TemporaryDirectory();
        string key = await MakeAsync(directory);
        string path = directory.Combine("access.json");
        await using (ServeAccess access = ServeAccess.Open(path, null, _time, NullLogger.Instance))
        {
            foreach (string bad in new[]
            {
                "", "{", Rules[..200], Rules.Replace("\"allow\"", "\"alow\"", StringComparison.Ordinal), Rules.Replace("grpc:a.B/*", "grpc", StringComparison.Ordinal),
                Rules.Replace("\"deny\"", "\"allow\"", StringComparison.Ordinal), Rules.Replace("keys.json", "../keys.json", StringComparison.Ordinal), Rules.Replace("keys.json", "missing.json", StringComparison.Ordinal),
                Rules.Replace("[\"reader\"]", "[\"raeder\"]", StringComparison.Ordinal), Rules.Replace("\"*\"", "null", StringComparison.Ordinal) + "x", new string(' ', 10 << 20),
            })
            {
                await File.WriteAllTextAsync(path, bad);
                _time.Advance(TimeSpan.FromSeconds(1));
                Assert.IsTrue(Enter(access, key, "a.B/C").IsAllowed, bad[..Math.Min(100, bad.Length)]);
            }

            await File.WriteAllTextAsync(path, Rules.Replace("grpc:a.B/*", "grpc:x.Y/*", StringComparison.Ordinal));
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.AreEqual(AccessOutcome.Forbidden, Enter(access, key, "a.B/C").Outcome);
            Assert.IsTrue(Enter(access, key, "x.Y/C").IsAllowed);
        }

        string audit = await File.ReadAllTextAsync(Directory.GetFiles(directory.Combine("audit"), "*.jsonl").Single());
        Assert.AreEqual(11, audit.Split('\n').Count(static line => line.Contains("\"configuration\",\"action\":\"file\",\"outcome\":\"failure\"", StringComparison.Ordinal)), audit);
    }

    [TestMethod]
    public async Task Open_FaultyFile_SaysWhatIsWrongAndWhereToLook()
    {
        using var directory = new TemporaryDirectory();
        await MakeAsync(directory);
        await File.WriteAllTextAsync(directory.Combine("access.json"), Rules.Replace("\"allow\"", "\"alow\"", StringComparison.Ordinal));

        HostException fault = Assert.ThrowsExactly<HostException>(() => ServeAccess.Open(directory.Combine("access.json"), null, _time, NullLogger.Instance));

        StringAssert.Contains(fault.Message, "alow");
        StringAssert.Contains(fault.Message, "line 8, at $.roles.app");
    }

    [TestMethod]
    public async Task ApiKeyNew_NameThatCannotBe_LeavesTheFileAsItWas()
    {
        using var directory = new TemporaryDirectory();
        await MakeAsync(directory);
        string before = await File.ReadAllTextAsync(directory.Combine("keys.json"));

        ScriptResult result = await HostProgram.RunAsync(
            "apikey", "new", "--file", directory.Combine("keys.json"), "--pepper", directory.Combine("pepper.key"), "--name", "two\nlines");

        Assert.AreNotEqual(0, result.ExitCode);
        Assert.AreEqual(before, await File.ReadAllTextAsync(directory.Combine("keys.json")));
    }

    private static async Task<string> MakeAsync(TemporaryDirectory directory)
    {
        ScriptResult made = await HostProgram.RunAsync(
            "apikey", "new", "--file", directory.Combine("keys.json"), "--pepper", directory.Combine("pepper.key"), "--name", "billing", "--role", "app", "--days", "3660");
        Assert.AreEqual(0, made.ExitCode, made.Everything);
        string key = made.Everything.Split('\n').Select(static line => line.Trim()).Single(static line => ApiKey.TryParse(line, out _));
        await File.WriteAllTextAsync(directory.Combine("access.json"), Rules);
        return key;
    }

    private static AccessVerdict Enter(ServeAccess access, string key, string method)
    {
        AccessVerdict verdict = access.Gate.Enter(new CallerCredentials { Authorization = "Bearer " + key }, AccessTarget.ForGrpc(method), null, out AccessCall? call);
        call?.Dispose();
        return verdict;
    }
}
