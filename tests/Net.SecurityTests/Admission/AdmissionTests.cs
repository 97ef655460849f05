using System.Net;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Admission;

[TestClass]
public sealed class AdmissionTests
{
    private readonly ManualTimeProvider _time = new();

    [TestMethod]
    public void TryEnter_AboveTheRate_WaitsAsLongAsItSays()
    {
        var control = new AdmissionControl(new AdmissionOptions(), _time);
        for (int i = 0; i < 50; i++)
        {
            Assert.AreEqual(AdmissionRefusal.None, control.TryEnter("a", out _, out _), $"call {i}");
        }

        Assert.AreEqual(AdmissionRefusal.PrincipalRate, control.TryEnter("a", out _, out TimeSpan wait));
        Assert.AreEqual(TimeSpan.FromMilliseconds(10), wait);
        Assert.AreEqual(AdmissionRefusal.None, control.TryEnter("b", out _, out _), "Another principal has its own rate.");

        _time.Advance(wait - TimeSpan.FromTicks(1));
        Assert.AreEqual(AdmissionRefusal.PrincipalRate, control.TryEnter("a", out _, out _));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.AreEqual(AdmissionRefusal.None, control.TryEnter("a", out _, out _));
    }

    [TestMethod]
    public void TryEnter_OverTenSeconds_LetsTheRateThroughAndNoMore()
    {
        var control = new AdmissionControl(new AdmissionOptions(), _time);
        int let = 0;
        for (int i = 0; i < 10_000; i++)
        {
            if (control.TryEnter("a", out PrincipalUse? use, out _) == AdmissionRefusal.None)
            {
                let++;
                AdmissionControl.Exit(use!);
            }

            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.AreEqual(1049, let, 1);
    }

    [TestMethod]
    public void TryEnter_GlobalRate_BoundsAllTogether()
    {
        var control = new AdmissionControl(new AdmissionOptions { RatePerPrincipal = null, GlobalRate = 10, GlobalBurst = 3 }, _time);

        AdmissionRefusal[] results = [.. Enumerable.Range(0, 4).Select(i => control.TryEnter($"p{i}", out _, out _))];

        CollectionAssert.AreEqual(new[] { AdmissionRefusal.None, AdmissionRefusal.None, AdmissionRefusal.None, AdmissionRefusal.GlobalRate }, results);
    }

    [TestMethod]
    public void TryEnter_ConcurrentCalls_AreGivenBack()
    {
        var control = new AdmissionControl(new AdmissionOptions { RatePerPrincipal = null, MaxConcurrentPerPrincipal = 2 }, _time);
        control.TryEnter("a", out PrincipalUse? first, out _);
        control.TryEnter("a", out _, out _);
        Assert.AreEqual(AdmissionRefusal.ConcurrentCalls, control.TryEnter("a", out _, out _));

        AdmissionControl.Exit(first!);

        Assert.AreEqual(AdmissionRefusal.None, control.TryEnter("a", out _, out _));
    }

    [TestMethod]
    public void TryUseConnection_CountsEachConnectionOnceAndGivesItBack()
    {
        var control = new AdmissionControl(new AdmissionOptions { MaxConnectionsPerPrincipal = 2 }, _time);
        object[] connections = [new(), new(), new()];

        Assert.AreEqual(AdmissionRefusal.None, control.TryUseConnection(connections[0], "a", out bool isFirst));
        Assert.IsTrue(isFirst);
        Assert.AreEqual(AdmissionRefusal.None, control.TryUseConnection(connections[0], "a", out isFirst));
        Assert.IsFalse(isFirst);
        Assert.AreEqual(AdmissionRefusal.None, control.TryUseConnection(connections[0], "b", out isFirst));
        Assert.IsFalse(isFirst);
        Assert.AreEqual(AdmissionRefusal.None, control.TryUseConnection(connections[1], "a", out _));
        Assert.AreEqual(AdmissionRefusal.Connections, control.TryUseConnection(connections[2], "a", out _));

        control.ConnectionEnded(connections[0]);

        Assert.AreEqual(AdmissionRefusal.None, control.TryUseConnection(connections[2], "a", out _));
    }

    [TestMethod]
    public void TryEnter_MorePrincipalsThanRoom_KeepsMemoryBounded()
    {
        var control = new AdmissionControl(new AdmissionOptions { MaxPrincipals = 100, BurstPerPrincipal = 1 }, _time);
        for (int i = 0; i < 1000; i++)
        {
            control.TryEnter($"p{i}", out PrincipalUse? use, out _);
            if (use is not null)
            {
                AdmissionControl.Exit(use);
            }
        }

        Assert.AreEqual(100, control.Count);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual(AdmissionRefusal.None, control.TryEnter("late", out _, out _));
        Assert.AreEqual(1, control.Count, "Those that would begin anew anyway make room.");
    }

    [TestMethod]
    public void Authenticate_TenFailuresFromOneSource_AreTheLastThatAreLookedAt()
    {
        ApiKey key = ApiKey.Create();
        byte[] pepper = new byte[32];
        var entry = new ApiKeyEntry { Id = key.Id, Hash = ApiKeySet.HashOf(key, pepper), Name = "a", Expires = _time.GetUtcNow().AddDays(1) };
        var authenticator = new Authenticator(new AuthenticationOptions { ApiKeys = ApiKeySource.FromKeys(new ApiKeySet([entry], pepper)) }, _time);
        IPAddress attacker = IPAddress.Parse("2001:db8::1");
        AuthenticationResult Try(IPAddress source, string text) => authenticator.Authenticate(new CallerCredentials { Authorization = "Bearer " + text, Source = source });

        for (int i = 0; i < 10; i++)
        {
            AuthenticationResult failed = Try(attacker, ApiKey.Create().Text);
            Assert.AreEqual(AuthenticationFailure.UnknownApiKey, failed.Failure);
            Assert.AreEqual(i == 9, failed.HasReachedThrottle);
        }

        AuthenticationResult throttled = Try(IPAddress.Parse("2001:db8::ffff"), key.Text);
        Assert.AreEqual(AuthenticationFailure.Throttled, throttled.Failure, "The /64 counts, and also the right key is not looked at.");
        Assert.AreEqual(TimeSpan.FromSeconds(6), throttled.RetryAfter);
        Assert.AreEqual(AuthenticationFailure.None, Try(IPAddress.Parse("2001:db8:0:1::1"), key.Text).Failure);
        Assert.AreEqual(AuthenticationFailure.None, Try(attacker, key.Text).Failure, "It is remembered by now, so that it is no guess.");

        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.AreEqual(AuthenticationFailure.UnknownApiKey, Try(attacker, ApiKey.Create().Text).Failure);
        Assert.AreEqual(AuthenticationFailure.Throttled, Try(attacker, ApiKey.Create().Text).Failure);
    }

    [TestMethod]
    public void Fail_FromManySources_KeepsMemoryBounded()
    {
        var throttle = new FailureThrottle(new FailureThrottleOptions { MaxRemembered = 100, MaxFailuresPerSource = 1 }, _time);
        for (int i = 0; i < 100_000; i++)
        {
            throttle.Fail(new IPAddress(i), $"key{i}");
        }

        Assert.IsTrue(throttle.Remembered <= 200, $"{throttle.Remembered}");
        Assert.IsFalse(throttle.MayTry(new IPAddress(99_999), null, out _));
    }
}
