using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>End points that cannot be connected to: how often they are tried, and what others notice of it.</summary>
[TestClass]
public sealed class BackoffTests
{
    [TestMethod]
    public void Attempts_ToADeadEndPoint_BackOffAndNeverOverlap()
    {
        using var fixture = new PoolFixture(protocol: new FakeChannelProtocol { IsManual = true });
        List<double> pauses = [];
        for (int i = 0; i < 12; i++)
        {
            Assert.HasCount(1, fixture.Protocol.Pending);
            fixture.Protocol.Pending[0].Fail();
            fixture.Run();
            double failed = fixture.Time.Elapsed.TotalSeconds;
            while (fixture.Protocol.Pending.Count == 0)
            {
                fixture.Time.AdvanceToNextTimer();
                fixture.Run();
            }

            pauses.Add(fixture.Time.Elapsed.TotalSeconds - failed);
        }

        for (int i = 0; i < pauses.Count; i++)
        {
            double most = Math.Min(0.1 * Math.Pow(2, i), 3);
            Assert.IsTrue(pauses[i] >= most / 2 - 1e-6 && pauses[i] <= most + 1e-6, $"pause {i} was {pauses[i]} s, the most is {most}");
        }

        Assert.IsGreaterThan(6, pauses.Distinct().Count(), "the pauses have no jitter");
    }

    [TestMethod]
    public void DeadEndPoint_AtTheStart_HoldsUpNobodyAndComesBackByItself()
    {
        bool isDead = true;
        var protocol = new FakeChannelProtocol();
        protocol.OnConnect = attempt =>
        {
            if (isDead && attempt.Context.EndPoint.Address.Host == "10.0.0.1")
            {
                attempt.Fail();
            }

            return null;
        };
        using var fixture = new PoolFixture(endPoints: 3, protocol: protocol);
        for (int i = 0; i < 30; i++)
        {
            ChannelLease lease = fixture.Begin();
            Assert.AreNotEqual("10.0.0.1", lease.EndPoint.Address.Host);
            PoolFixture.End(lease);
        }

        Assert.AreEqual(HealthState.Unhealthy, fixture.Snapshot.EndPoints[0].Health.State);
        Assert.IsNotNull(fixture.Snapshot.EndPoints[0].NextConnect);
        fixture.Advance(30);
        isDead = false;
        fixture.Advance(PoolOptions.Default.MaxConnectBackoff);
        Assert.HasCount(2, fixture.Connections);
        Assert.AreEqual(HealthState.Healthy, fixture.Snapshot.EndPoints[0].Health.State);

        // It starts slowly, but it does start.
        fixture.Advance(60);
        Assert.Contains("10.0.0.1", Enumerable.Range(0, 30).Select(_ =>
        {
            ChannelLease lease = fixture.Begin();
            string host = lease.EndPoint.Address.Host;
            PoolFixture.End(lease);
            return host;
        }));
    }

    [TestMethod]
    public void FailingEndPoint_WithSeveralProtocols_IsTriedByOneAtATime()
    {
        var first = new FakeChannelProtocol("one") { IsManual = true };
        var second = new FakeChannelProtocol("two") { IsManual = true };
        using var fixture = new PoolFixture(new PoolOptions { ConnectAttemptDelay = Timeout.InfiniteTimeSpan }, protocol: first, change: o => o with { WarmUp = [first, second] });
        first.Pending[0].Fail();
        second.Pending[0].Fail();
        for (int i = 0; i < 20; i++)
        {
            fixture.Advance(4);
            FakeConnect[] pending = [.. first.Pending, .. second.Pending];
            Assert.HasCount(1, pending);
            pending[0].Fail();
        }
    }

    [TestMethod]
    public void Connect_ThatDoesNotEnd_FailsAtItsTimeoutWithTheSettingsName()
    {
        using var fixture = new PoolFixture(protocol: new FakeChannelProtocol { IsManual = true });
        fixture.Advance(9.9);
        Assert.AreEqual(0, fixture.Snapshot.EndPoints[0].ConnectFailures);
        fixture.Advance(0.2);
        Assert.IsTrue(fixture.Protocol.Attempts[0].CancellationToken.IsCancellationRequested);
        Assert.AreEqual(1, fixture.Snapshot.EndPoints[0].ConnectFailures);
        StringAssert.Contains(fixture.Events.Single(static e => e.Kind == ChannelEventKind.ConnectFailed).Reason, nameof(PoolOptions.ConnectTimeout));
    }

    [TestMethod]
    public void Connections_ThatEndAsSoonAsTheyAreOpen_BackOffLikeFailures()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1 }, protocol: new FakeChannelProtocol { IsManual = true });
        int attempts = 0;
        for (TimeSpan end = TimeSpan.FromSeconds(60); fixture.Time.Elapsed < end;)
        {
            if (fixture.Protocol.Pending.Count > 0)
            {
                attempts++;
                FakeChannelSession session = fixture.Protocol.Pending[0].Succeed();
                fixture.Run();
                session.Fail();
                fixture.Run();
            }
            else
            {
                fixture.Time.AdvanceToNextTimer();
                fixture.Run();
            }
        }

        Assert.IsTrue(attempts is > 15 and < 60, $"{attempts} attempts in a minute");
    }

    [TestMethod]
    public void Protocol_ThatThrowsSomethingElse_IsAFailureAsAnyOther()
    {
        var protocol = new FakeChannelProtocol { OnConnect = static _ => throw new InvalidOperationException("broken") };
        using var fixture = new PoolFixture(protocol: protocol);
        Assert.AreEqual(1, fixture.Snapshot.EndPoints[0].ConnectFailures);
        StringAssert.Contains(fixture.Events.Single(static e => e.Kind == ChannelEventKind.ConnectFailed).Reason, "broken");
        protocol.OnConnect = null;
        fixture.Advance(1);
        Assert.HasCount(2, fixture.Connections);
    }
}
