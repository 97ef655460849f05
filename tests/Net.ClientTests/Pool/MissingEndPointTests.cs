using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>End points of a channel that keeps no connections: one that was out comes back while calls go elsewhere, and nobody is connected to for nothing.</summary>
[TestClass]
public sealed class MissingEndPointTests
{
    private static readonly PoolOptions None = new() { MinConnections = 0, LimitJitter = 0 };

    [TestMethod]
    public void EndPoint_WhoseConnectionDied_IsConnectedToAgainWhileCallsGoElsewhere()
    {
        using var fixture = new PoolFixture(None, endPoints: 2);
        Call(fixture);
        fixture.Advance(10);
        Session(fixture, "10.0.0.1").Fail();
        fixture.Run();
        Assert.AreEqual(2, fixture.Protocol.Attempts.Count);

        CallAndAdvance(fixture, 10);

        Assert.HasCount(1, fixture.Snapshot.EndPoints[0].Connections);
        Assert.AreEqual(3, fixture.Protocol.Attempts.Count);
    }

    [TestMethod]
    public void EndPoint_ThatCouldNotBeConnectedTo_IsTriedAgainWhileCallsGoElsewhereAndComesBack()
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
        using var fixture = new PoolFixture(None, endPoints: 2, protocol: protocol);
        Call(fixture);
        CallAndAdvance(fixture, 30);
        Assert.IsEmpty(fixture.Snapshot.EndPoints[0].Connections);
        int tried = protocol.Attempts.Count;
        Assert.IsGreaterThan(3, tried);

        isDead = false;
        CallAndAdvance(fixture, 10);

        Assert.HasCount(1, fixture.Snapshot.EndPoints[0].Connections);
        Assert.AreEqual(tried + 1, protocol.Attempts.Count);
    }

    [TestMethod]
    public void EndPoint_WhoseBreakerOpenedAndWhoseConnectionFellIdle_IsFoundWellAgain()
    {
        using var fixture = new PoolFixture(
            None with { IdleTimeout = TimeSpan.FromSeconds(2) }, static o => o with { Breaker = new CircuitBreakerOptions { ConsecutiveFailures = 2, OpenTime = TimeSpan.FromSeconds(5), OpenTimeJitter = 0, SuccessesToClose = 1 } }, endPoints: 2);
        Call(fixture);
        ChannelLease[] leases = [.. Enumerable.Range(0, 8).Select(_ => fixture.Begin())];
        foreach (ChannelLease lease in leases)
        {
            PoolFixture.End(lease, lease.EndPoint == fixture.EndPoints[0] ? CallOutcome.ServerFailure : CallOutcome.Success);
        }

        Assert.AreEqual(BreakerState.Open, fixture.Snapshot.EndPoints[0].Breaker);
        CallAndAdvance(fixture, 4);
        Assert.IsEmpty(fixture.Snapshot.EndPoints[0].Connections, "It gets no calls while it is cut off.");

        CallAndAdvance(fixture, 10);

        Assert.AreEqual(BreakerState.Closed, fixture.Snapshot.EndPoints[0].Breaker);
    }

    [TestMethod]
    public void EndPoint_WhoseConnectionDiedWhileNobodyCalls_IsLeftAlone()
    {
        using var fixture = new PoolFixture(None, endPoints: 2);
        Call(fixture);
        fixture.Advance(10);
        Session(fixture, "10.0.0.1").Fail();

        fixture.Advance(400);

        Assert.AreEqual(2, fixture.Protocol.Attempts.Count);
        Assert.AreEqual(0, fixture.Time.ActiveTimers);
    }

    private static void Call(PoolFixture fixture)
    {
        fixture.RentAsync().Result.Dispose();
        fixture.Run();
    }

    private static void CallAndAdvance(PoolFixture fixture, int seconds)
    {
        for (int i = 0; i < 10 * seconds; i++)
        {
            fixture.Rent().Complete(CallOutcome.Success);
            fixture.Advance(0.1);
        }
    }

    private static FakeChannelSession Session(PoolFixture fixture, string host) => fixture.Protocol.Sessions.Single(s => s.Context!.EndPoint.Address.Host == host);
}
