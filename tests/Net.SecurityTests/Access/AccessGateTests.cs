using System.Net;
using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.SecurityTests.Audit;
using Net.Testing;

namespace Net.SecurityTests.Access;

[TestClass]
public sealed class AccessGateTests : IDisposable
{
    private static readonly byte[] Pepper = new byte[32];
    private readonly ManualTimeProvider _time = new();
    private readonly MemoryAuditStorage _storage = new();
    private readonly ApiKey _key = ApiKey.Create();

    public void Dispose() => _storage.Dispose();

    [TestMethod]
    public void Enter_CallersAndTargets_AreAnsweredApart()
    {
        AccessGate gate = new(Options(), _time);

        Assert.AreEqual(AccessOutcome.Allowed, gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/C"), null, out AccessCall? call).Outcome);
        Assert.AreEqual("key:billing", call!.Principal.Id);
        Assert.AreEqual(AccessOutcome.Forbidden, gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/D"), null, out _).Outcome);
        Assert.AreEqual(AccessOutcome.Unauthenticated, gate.Enter(With(ApiKey.Create().Text), AccessTarget.ForGrpc("a.B/C"), null, out _).Outcome);
        Assert.AreEqual(AccessOutcome.Unauthenticated, gate.Enter(default, AccessTarget.ForGrpc("a.B/C"), null, out _).Outcome);
    }

    [TestMethod]
    public void Enter_AnonymousWithoutTheRight_IsAskedWhoItIs()
    {
        AccessGate gate = new(Options() with { Authentication = Options().Authentication with { AllowAnonymous = true } }, _time);

        Assert.AreEqual(AccessVerdict.Unknown, gate.Enter(default, AccessTarget.ForGrpc("a.B/C"), null, out _));
    }

    [TestMethod]
    public void Enter_UnmappedPathAskedForAsGrpc_NeedsBothRights()
    {
        AccessOptions options = Options("grpc:*", "http:POST:/a/*");
        AccessGate gate = new(options, _time);

        Assert.IsTrue(gate.Enter(With(_key.Text), AccessTarget.ForUnmappedGrpc("POST", "/a/b"), null, out _).IsAllowed);
        Assert.AreEqual(AccessOutcome.Forbidden, gate.Enter(With(_key.Text), AccessTarget.ForUnmappedGrpc("POST", "/api/secret"), null, out _).Outcome);
    }

    [TestMethod]
    public void Check_CredentialExpires_EndsTheCall()
    {
        AccessGate gate = new(Options(), _time);
        gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/C"), null, out AccessCall? call);
        _time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        Assert.IsTrue(call!.Check().IsAllowed);
        Assert.AreEqual(TimeSpan.FromTicks(1), call.NextCheck);

        _time.Advance(TimeSpan.FromTicks(1));

        Assert.AreEqual(AccessOutcome.Unauthenticated, call.Check().Outcome);
        Assert.AreEqual(AccessOutcome.Unauthenticated, call.Check(AccessTarget.ForQuery(QueryOperation.Get, "rows")).Outcome);
    }

    [TestMethod]
    public void Check_RightOrKeyTakenAway_EndsTheCallWithinTheInterval()
    {
        AccessGate gate = new(Options(), _time);
        gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/C"), null, out AccessCall? first);
        gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/C"), null, out AccessCall? second);

        gate.Update(Options("grpc:other/*"));
        Assert.IsTrue(first!.Check().IsAllowed, "Before the interval is over.");
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.AreEqual(AccessOutcome.Forbidden, first.Check().Outcome);

        gate.Update(Options() with { Authentication = new AuthenticationOptions { ApiKeys = ApiKeySource.FromKeys(new ApiKeySet([], Pepper)) } });
        Assert.AreEqual(AccessOutcome.Unauthenticated, second!.Check().Outcome);
    }

    [TestMethod]
    public void Update_FaultyOptions_LeavesTheOldOnes()
    {
        AccessGate gate = new(Options(), _time);
        AccessOptions before = gate.Options;

        Assert.ThrowsExactly<ArgumentException>(() => gate.Update(Options("nonsense")));

        Assert.AreSame(before, gate.Options);
        Assert.IsTrue(gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/C"), null, out _).IsAllowed);
    }

    [TestMethod]
    public void Enter_OverTheRate_SaysHowLongToWaitAndGivesTheCallBack()
    {
        AccessGate gate = new(Options() with { Admission = new AdmissionOptions { RatePerPrincipal = 1, BurstPerPrincipal = 1, MaxConcurrentPerPrincipal = 1 } }, _time);
        gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/C"), null, out AccessCall? call);
        call!.Dispose();
        call.Dispose();

        AccessVerdict verdict = gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/C"), null, out _);

        Assert.AreEqual((AccessOutcome.Overloaded, TimeSpan.FromSeconds(1)), (verdict.Outcome, verdict.RetryAfter));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsTrue(gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/C"), null, out call).IsAllowed);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual(AccessOutcome.Overloaded, gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/C"), null, out _).Outcome, "One runs.");
    }

    [TestMethod]
    public async Task Enter_WithAudit_WritesWhatHappenedWithoutSecrets()
    {
        ApiKey wrong = ApiKey.Create();
        await using (AuditLog audit = AuditLog.Open(new AuditOptions { Directory = "unused" }, _storage, _time))
        {
            AccessGate gate = new(Options(), _time, audit);
            gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/C"), null, out _);
            gate.Enter(With(_key.Text), AccessTarget.ForRaw("evil\nroute"), null, out _);
            gate.Enter(With(wrong.Text) with { TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" }, AccessTarget.ForHttp("GET", "/"), null, out _);
        }

        string text = Encoding.ASCII.GetString(_storage.Files.Values.Single());
        string[] lines = text.TrimEnd('\n').Split('\n');
        Assert.AreEqual(6, lines.Length, text);
        StringAssert.Contains(lines[2], "\"category\":\"authentication\",\"action\":\"login\",\"outcome\":\"success\",\"principal\":\"key:billing\",\"source\":\"192.0.2.7\",\"resource\":\"grpc:a.B/C\"");
        StringAssert.Contains(lines[3], "\"category\":\"authorization\",\"action\":\"call\",\"outcome\":\"failure\"");
        StringAssert.Contains(lines[4], "\"reason\":\"UnknownApiKey\"");
        StringAssert.Contains(lines[4], "\"trace\":\"4bf92f3577b34da6a3ce929d0e0e4736\"");
        Assert.IsFalse(text.Contains(wrong.Text[24..60], StringComparison.Ordinal) || text.Contains(_key.Text[24..60], StringComparison.Ordinal), "A key stands in the audit.");
    }

    [TestMethod]
    public async Task Enter_AuditCannotBeWritten_RefusesUntilItCan()
    {
        AuditLog audit = AuditLog.Open(new AuditOptions { Directory = "unused" }, _storage, _time);
        AccessGate gate = new(Options(), _time, audit);
        await audit.WhenIdleAsync().WithTimeout();
        _storage.Room = 0;
        audit.Write(new AuditEvent(AuditCategory.Admin, "test", isSuccess: true));
        await _time.WaitForTimersAsync(1).WithTimeout();

        Assert.AreEqual(AccessOutcome.Overloaded, gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/C"), null, out _).Outcome);

        _storage.Room = long.MaxValue;
        _time.Advance(TimeSpan.FromSeconds(1));
        await audit.WhenIdleAsync().WithTimeout();
        Assert.AreEqual(AccessOutcome.Allowed, gate.Enter(With(_key.Text), AccessTarget.ForGrpc("a.B/C"), null, out _).Outcome);
        await audit.DisposeAsync();
    }

    private static CallerCredentials With(string key) => new() { Authorization = "Bearer " + key, Source = IPAddress.Parse("192.0.2.7") };

    private AccessOptions Options(params string[] allow) => new()
    {
        Authentication = new AuthenticationOptions
        {
            ApiKeys = ApiKeySource.FromKeys(new ApiKeySet(
                [new ApiKeyEntry { Id = _key.Id, Hash = ApiKeySet.HashOf(_key, Pepper), Name = "billing", Roles = ["r"], Expires = new ManualTimeProvider().GetUtcNow().AddHours(1) }], Pepper)),
        },
        Authorization = new AuthorizationOptions
        {
            Roles = new Dictionary<string, RoleOptions> { ["r"] = new() { Allow = allow.Length > 0 ? allow : ["grpc:a.B/C", "aql:read:rows"] } },
        },
    };
}
