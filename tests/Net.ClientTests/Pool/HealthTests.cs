using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>Active checks of a pool: which session they are made on.</summary>
[TestClass]
public sealed class HealthTests
{
    [TestMethod]
    public void Check_OfAProtocolThatItsFallbackServes_IsMadeOnTheFallback()
    {
        var tcp = new FakeChannelProtocol("tcp", "tcp") { IsManual = true };
        var quic = new FakeChannelProtocol("quic", fallback: tcp) { IsManual = true };
        var probe = new NotingProbe("quic");
        using PoolFixture fixture = Start(probe, quic);
        fixture.Advance(0.25);
        Assert.IsEmpty(probe.Sessions);

        tcp.Pending[0].Succeed();
        fixture.Advance(2);
        Assert.IsNotEmpty(probe.Sessions);
        Assert.IsTrue(probe.Sessions.All(static s => s == "tcp"), string.Join(' ', probe.Sessions));
        Assert.IsTrue(fixture.Snapshot.EndPoints[0].Health.Process.IsKnown);

        // Once QUIC is up, it serves, and it is what is checked.
        quic.Pending[0].Succeed();
        fixture.Run();
        probe.Sessions.Clear();
        fixture.Advance(2);
        Assert.IsNotEmpty(probe.Sessions);
        Assert.IsTrue(probe.Sessions.All(static s => s == "quic"), string.Join(' ', probe.Sessions));
    }

    [TestMethod]
    [DataRow(CallOutcome.TransportFailure, HealthAspect.Path)]
    [DataRow(CallOutcome.TimedOut, HealthAspect.Process)]
    [DataRow(CallOutcome.ServerFailure, HealthAspect.Service)]
    public void Calls_ThatFailInARow_TakeTheirEndPointOutForAWhile(CallOutcome outcome, HealthAspect aspect)
    {
        HealthOptions health = HealthOptions.Default with { Probes = [], Passive = PassiveHealthOptions.Default with { ConsecutiveFailures = 3, Hold = TimeSpan.FromSeconds(5) } };
        using var fixture = new PoolFixture(endPoints: 2, change: o => o with { Health = health, Outliers = null, Breaker = null, Balancing = Net.Client.Balancing.RoundRobin });
        for (int failures = 0; failures < 3;)
        {
            ChannelLease lease = fixture.Begin();
            bool isFirst = lease.EndPoint.Address.Host == "10.0.0.1";
            failures += isFirst ? 1 : 0;
            PoolFixture.End(lease, isFirst ? outcome : CallOutcome.Success);
        }

        fixture.Run();
        EndPointHealthSnapshot seen = fixture.Snapshot.EndPoints[0].Health;
        HealthVerdict verdict = aspect switch { HealthAspect.Path => seen.Path, HealthAspect.Process => seen.Process, _ => seen.Service };
        Assert.AreEqual(HealthState.Unhealthy, verdict.State, seen.Reason);
        Assert.HasCount(1, HostsOf(fixture, 20));
        Assert.IsTrue(fixture.Events.Any(static e => e.Kind == ChannelEventKind.HealthChanged));

        fixture.Advance(60);
        Assert.HasCount(2, HostsOf(fixture, 40));
    }

    [TestMethod]
    public void Check_BeforeTheFirstConnectionIsReady_IsMadeSoonAfterItIs()
    {
        var protocol = new FakeChannelProtocol("quic") { IsManual = true };
        var probe = new NotingProbe("quic");
        using PoolFixture fixture = Start(probe, protocol, idleInterval: TimeSpan.FromMinutes(10));
        fixture.Advance(3);
        Assert.IsEmpty(probe.Sessions);

        protocol.Pending[0].Succeed();
        fixture.Advance(0.2);

        Assert.HasCount(1, probe.Sessions);

        // From then on it is an idle end point as any other.
        fixture.Advance(60);
        Assert.HasCount(1, probe.Sessions);
    }

    [TestMethod]
    public void Check_OfAnotherProtocol_IsNotMadeOnAFallback()
    {
        var tcp = new FakeChannelProtocol("tcp", "tcp");
        var probe = new NotingProbe("other");
        using PoolFixture fixture = Start(probe, new FakeChannelProtocol("quic", fallback: tcp) { IsManual = true });

        fixture.Advance(5);

        Assert.HasCount(1, tcp.Sessions);
        Assert.IsEmpty(probe.Sessions);
    }

    [TestMethod]
    public void Check_WhereOnlyTheFallbackMayBeUsed_IsMadeOnIt()
    {
        var probe = new NotingProbe("quic");
        using PoolFixture fixture = Start(probe, new FakeChannelProtocol("quic", fallback: new FakeChannelProtocol("tcp", "tcp")), FallbackPolicy.Only);

        fixture.Advance(5);

        Assert.IsNotEmpty(probe.Sessions);
        Assert.IsTrue(probe.Sessions.All(static s => s == "tcp"), string.Join(' ', probe.Sessions));
    }

    [TestMethod]
    public void RoundTripTime_ThatWasLongOnce_IsMeasuredAgainWithoutCallsAndTheEndPointGetsItsCallsBack()
    {
        using var fixture = new PoolFixture(
            new PoolOptions { MinConnections = 1 },
            static o => o with { Health = HealthOptions.Default with { Probes = [] }, Outliers = null, Breaker = null, Balancing = Net.Client.Balancing.RoundRobin },
            endPoints: 2);
        FakeChannelSession slow = fixture.Protocol.Sessions.Single(static s => s.Context!.EndPoint.Address.Host == "10.0.0.1");
        double smoothed = 7000;
        slow.Path = Path(smoothed, smoothed);
        int pings = 0;
        slow.OnPing = _ =>
        {
            // As RFC 9002, section 5.3, reckons it.
            pings++;
            smoothed = (smoothed * 7 / 8) + (30.0 / 8);
            slow.Path = Path(smoothed, 30);
            return ValueTask.FromResult(TimeSpan.FromMilliseconds(30));
        };
        fixture.Advance(1);
        Assert.HasCount(1, HostsOf(fixture, 20), "A path of seven seconds is avoided.");

        fixture.Advance(30);
        Assert.HasCount(2, HostsOf(fixture, 20), "It was asked until its figures were those of now.");
        int asked = pings;
        Assert.IsTrue(asked is > 20 and < 60, $"asked {asked} times");
        fixture.Advance(30);
        Assert.AreEqual(asked, pings, "A path that is well is left alone.");
    }

    [TestMethod]
    public void RoundTripTime_ThatIsLongForGood_IsAskedForSeldomInTheEnd()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1 }, static o => o with { Health = HealthOptions.Default with { Probes = [] }, Outliers = null, Breaker = null });
        FakeChannelSession slow = fixture.Protocol.Sessions.Single();
        slow.Path = Path(400, 400);
        int pings = 0;
        slow.OnPing = _ =>
        {
            pings++;
            return ValueTask.FromResult(TimeSpan.FromMilliseconds(400));
        };

        fixture.Advance(60);
        int before = pings;
        fixture.Advance(60);

        Assert.IsTrue(before > 60, $"asked {before} times at first");
        Assert.IsTrue(pings - before is > 10 and < 40, $"asked {pings - before} times in a minute");

        // What has become quick is seen, and the next rise finds the watch eager again.
        slow.Path = Path(30, 30);
        fixture.Advance(10);
        before = pings;
        slow.Path = Path(400, 400);
        fixture.Advance(10);
        Assert.IsTrue(pings - before > 40, $"asked {pings - before} times in ten seconds");
    }

    private static PathStatistics Path(double smoothed, double latest) => new()
    {
        MinRtt = TimeSpan.FromMilliseconds(30), SmoothedRtt = TimeSpan.FromMilliseconds(smoothed), LatestRtt = TimeSpan.FromMilliseconds(latest), ProbeTimeouts = 0,
    };

    private static HashSet<string> HostsOf(PoolFixture fixture, int calls)
    {
        var hosts = new HashSet<string>();
        for (int i = 0; i < calls; i++)
        {
            ChannelLease lease = fixture.Begin();
            hosts.Add(lease.EndPoint.Address.Host);
            PoolFixture.End(lease);
        }

        return hosts;
    }

    private static PoolFixture Start(HealthProbe probe, FakeChannelProtocol protocol, FallbackPolicy policy = FallbackPolicy.Prefer, TimeSpan? idleInterval = null) => new(
        new PoolOptions { MinConnections = 1 },
        o => o with
        {
            Race = ProtocolRaceOptions.Default with { Policy = policy },
            Health = HealthOptions.Default with
            {
                Probes = [probe], Interval = TimeSpan.FromSeconds(1), IdleInterval = idleInterval ?? TimeSpan.FromSeconds(1), ConfirmInterval = TimeSpan.FromSeconds(0.1),
            },
        },
        protocol: protocol);

    private sealed class NotingProbe(string protocol) : HealthProbe
    {
        public override string Name => "noting";

        public override HealthAspect Aspect => HealthAspect.Process;

        public override string? Protocol => protocol;

        internal List<string> Sessions { get; } = [];

        public override ValueTask<ProbeResult> ProbeAsync(ChannelSession session, CancellationToken cancellationToken)
        {
            Sessions.Add(session.Protocol);
            return ValueTask.FromResult(ProbeResult.Pass());
        }
    }
}
