using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>End points come, change, are judged, and go, while the channel is in use.</summary>
[TestClass]
public sealed class EndPointTests
{
    [TestMethod]
    public void AddEndPoint_AtRunTime_GetsCalls()
    {
        using var fixture = new PoolFixture(change: static o => o with { SlowStart = new SlowStartOptions { Window = TimeSpan.Zero } });
        fixture.Channel.AddEndPoint(ChannelEndPoint.Parse("10.0.0.2:443"));
        fixture.Run();
        Assert.AreEqual(2, Hosts(fixture, 20).Count);
    }

    [TestMethod]
    public void RemoveEndPoint_WithACallInFlight_DrainsIt()
    {
        using var fixture = new PoolFixture(endPoints: 2);
        ChannelLease stream = fixture.Begin();
        Assert.IsTrue(fixture.Channel.RemoveEndPoint(stream.EndPoint));
        Assert.IsFalse(fixture.Channel.RemoveEndPoint(stream.EndPoint));
        fixture.Run();
        Assert.HasCount(1, Hosts(fixture, 20));
        EndPointSnapshot removed = fixture.Snapshot.EndPoints.Single(static e => e.IsRemoved);
        Assert.HasCount(1, removed.Connections);
        Assert.IsFalse(((FakeChannelSession)stream.Session).IsDraining);
        PoolFixture.End(stream);
        fixture.Run();
        Assert.HasCount(1, fixture.Snapshot.EndPoints);
    }

    [TestMethod]
    public void RemoveEndPoint_WhileConnecting_CancelsTheAttempt()
    {
        using var fixture = new PoolFixture(protocol: new FakeChannelProtocol { IsManual = true });
        fixture.Channel.RemoveEndPoint(fixture.EndPoints[0]);
        fixture.Run();
        Assert.IsTrue(fixture.Protocol.Attempts[0].CancellationToken.IsCancellationRequested);
        Assert.IsEmpty(fixture.Snapshot.EndPoints);
    }

    [TestMethod]
    public void AddEndPoint_AtThePlaceOfOneThatDrains_IsANewOne()
    {
        using var fixture = new PoolFixture();
        ChannelLease stream = fixture.Begin();
        fixture.Channel.RemoveEndPoint(fixture.EndPoints[0]);
        fixture.Channel.AddEndPoint(fixture.EndPoints[0]);
        fixture.Run();
        ChannelLease next = fixture.Begin();
        Assert.AreNotEqual(stream.EndPointId, next.EndPointId);
        PoolFixture.End(next);
        PoolFixture.End(stream);
        fixture.Run();
        Assert.HasCount(1, fixture.Snapshot.EndPoints);
    }

    [TestMethod]
    public void SetEndPoints_ByAResolver_KeepsWhatStaysAndItsConnections()
    {
        using var fixture = new PoolFixture(endPoints: 3);
        int attempts = fixture.Protocol.Attempts.Count;
        fixture.Channel.SetEndPoints([fixture.EndPoints[0], fixture.EndPoints[1] with { Weight = 5, Zone = "b" }]);
        fixture.Run();
        Assert.HasCount(2, fixture.Snapshot.EndPoints);
        Assert.AreEqual(5, fixture.Snapshot.EndPoints[1].EndPoint.Weight);
        Assert.HasCount(attempts, fixture.Protocol.Attempts);
        Assert.HasCount(1, fixture.Events.Where(static e => e.Kind == ChannelEventKind.EndPointRemoved));
        Assert.HasCount(1, fixture.Events.Where(static e => e.Kind == ChannelEventKind.EndPointUpdated));
    }

    [TestMethod]
    public void SetWeight_AtRunTime_ShiftsTheTraffic()
    {
        using var fixture = new PoolFixture(endPoints: 2, change: static o => o with { Balancing = Net.Client.Balancing.Weighted });
        Assert.IsTrue(fixture.Channel.SetWeight(fixture.EndPoints[0], 9));
        Assert.IsFalse(fixture.Channel.SetWeight(ChannelEndPoint.Parse("10.9.9.9:1"), 9));
        Assert.ThrowsExactly<ArgumentException>(() => fixture.Channel.SetWeight(fixture.EndPoints[0], 1001));
        fixture.Run();
        int first = 0;
        for (int i = 0; i < 100; i++)
        {
            ChannelLease lease = fixture.Begin();
            first += lease.EndPointId == 1 ? 1 : 0;
            PoolFixture.End(lease);
        }

        Assert.AreEqual(90, first);
    }

    [TestMethod]
    public void UnhealthyEndPoint_GetsNoCallsUntilItRecovers()
    {
        using var fixture = new PoolFixture(endPoints: 2, change: static o => o with { Health = HealthOptions.Default with { Probes = [new ScriptedProbe()] } });
        EndPointHealth health = fixture.Channel.FindHealth(fixture.EndPoints[0])!;
        HealthProbe probe = fixture.Channel.Options.Health!.Probes[0];
        health.RecordProbe(probe, ProbeResult.Fail("the test says so"), settles: true);
        fixture.Run();
        Assert.HasCount(1, Hosts(fixture, 20));
        health.RecordProbe(probe, ProbeResult.Pass(TimeSpan.Zero), settles: true);
        fixture.Run();
        fixture.Advance(60);
        Assert.HasCount(2, Hosts(fixture, 40));
        Assert.IsTrue(fixture.Events.Any(static e => e.Kind == ChannelEventKind.HealthChanged && e.Reason.Contains("the test says so", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void LowerPriority_ServesWhileTheHigherIsOut()
    {
        using var fixture = new PoolFixture(endPoints: 1);
        fixture.Channel.AddEndPoint(ChannelEndPoint.Parse("10.0.0.2:443") with { Priority = 1 });
        fixture.Run();
        Assert.AreEqual("10.0.0.1", string.Join(' ', Hosts(fixture, 10)));
        fixture.Protocol.OnConnect = static attempt =>
        {
            if (attempt.Context.EndPoint.Priority == 0)
            {
                attempt.Fail();
            }

            return null;
        };
        foreach (FakeChannelSession session in fixture.Protocol.Sessions.Where(static s => s.Context!.EndPoint.Priority == 0))
        {
            session.Fail();
        }

        fixture.Advance(1);
        Assert.AreEqual("10.0.0.2", string.Join(' ', Hosts(fixture, 10)));
        fixture.Protocol.OnConnect = null;
        fixture.Advance(10);
        Assert.AreEqual("10.0.0.1", string.Join(' ', Hosts(fixture, 10)));
    }

    [TestMethod]
    public void SnapshotAndTrace_OfACall_ExplainIt()
    {
        var protocol = new FakeChannelProtocol { Path = new PathStatistics { SmoothedRtt = TimeSpan.FromMilliseconds(7), PacketsLost = 3 } };
        protocol.OnConnect = static attempt =>
        {
            if (attempt.Context.EndPoint.Address.Host == "10.0.0.2")
            {
                attempt.Fail();
            }

            return null;
        };
        using var fixture = new PoolFixture(endPoints: 2, protocol: protocol);
        var trace = new CallTrace();
        ChannelLease lease = fixture.Rent(new LeaseRequest { Trace = trace });
        CallTraceStep candidate = trace.Steps.Single(static s => s.Kind == CallTraceStepKind.Candidate);
        Assert.AreEqual(fixture.EndPoints[0], candidate.EndPoint);
        Assert.IsNotNull(candidate.Score);
        CallTraceStep excluded = trace.Steps.Single(static s => s.Kind == CallTraceStepKind.Excluded);
        StringAssert.Contains(excluded.Detail, "cannot be connected to");
        StringAssert.Contains(trace.Steps.Single(static s => s.Kind == CallTraceStepKind.Picked).Detail, "least_connections");
        StringAssert.Contains(trace.ToString(), "connection " + lease.ConnectionId);

        ConnectionSnapshot connection = fixture.Connections.Single(c => c.Id == lease.ConnectionId);
        Assert.AreEqual(1, connection.Leases);
        Assert.AreEqual(99, connection.Room);
        Assert.AreEqual(3L, connection.Path.PacketsLost);
        Assert.AreEqual(TimeSpan.FromMilliseconds(7), fixture.Snapshot.EndPoints[0].SmoothedRtt);
        lease.Dispose();
    }

    [TestMethod]
    public void Trace_OfACallThatWaits_TellsWhatForAndHowLong()
    {
        using var fixture = new PoolFixture(protocol: new FakeChannelProtocol { IsManual = true }, warmUp: false);
        var trace = new CallTrace();
        Task<ChannelLease> waiting = fixture.RentAsync(new LeaseRequest { Trace = trace });
        fixture.Advance(0.4);
        fixture.Protocol.Pending[0].Succeed();
        fixture.Run();
        waiting.Result.Dispose();
        Assert.AreEqual("Excluded Waiting Connecting Woken Leased", string.Join(' ', trace.Steps.Select(static s => s.Kind)), trace.ToString());
        Assert.AreEqual(0.4, trace.Steps[3].Elapsed.TotalSeconds, 0.001);
    }

    private static HashSet<string> Hosts(PoolFixture fixture, int calls)
    {
        HashSet<string> hosts = [];
        for (int i = 0; i < calls; i++)
        {
            ChannelLease lease = fixture.Begin();
            hosts.Add(lease.EndPoint.Address.Host);
            PoolFixture.End(lease);
        }

        return hosts;
    }

    /// <summary>A check that never runs: the test says what it found.</summary>
    private sealed class ScriptedProbe : HealthProbe
    {
        public override string Name => "scripted";

        public override HealthAspect Aspect => HealthAspect.Service;

        public override ValueTask<ProbeResult> ProbeAsync(ChannelSession session, CancellationToken cancellationToken) => ValueTask.FromResult(ProbeResult.Pass(TimeSpan.Zero));
    }
}
