using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>QUIC against its fallback over TCP: who wins, what is remembered, and how calls come back to QUIC.</summary>
[TestClass]
public sealed class RaceTests
{
    private readonly FakeChannelProtocol _tcp = new("tcp", "tcp") { IsManual = true };
    private readonly FakeChannelProtocol _quic;

    public RaceTests() => _quic = new FakeChannelProtocol("quic", fallback: _tcp) { IsManual = true };

    private PoolFixture Start(ProtocolRaceOptions? race = null, int minConnections = 1) =>
        new(new PoolOptions { MinConnections = minConnections }, o => o with { Race = race ?? ProtocolRaceOptions.Default }, protocol: _quic);

    [TestMethod]
    public void Quic_WithinItsHeadStart_WinsAndTcpIsNotTried()
    {
        using PoolFixture fixture = Start();
        fixture.Advance(0.2);
        _quic.Pending[0].Succeed();
        fixture.Advance(60);
        Assert.IsEmpty(_tcp.Attempts);
        ChannelLease lease = fixture.Begin();
        Assert.AreEqual("quic", lease.Session.Protocol);
        StringAssert.StartsWith(lease.Choice, "quic:");
        PoolFixture.End(lease);
    }

    [TestMethod]
    public void Tcp_AfterTheHeadStart_ServesTheCallAndQuicTakesOverOnceItIsUp()
    {
        using PoolFixture fixture = Start();
        Task<ChannelLease> waiting = fixture.RentAsync();
        fixture.Advance(0.249);
        Assert.IsEmpty(_tcp.Attempts);
        fixture.Advance(0.001);
        Assert.HasCount(1, _tcp.Pending);
        _tcp.Pending[0].Succeed();
        fixture.Run();
        Assert.AreEqual("tcp", waiting.Result.Session.Protocol);
        StringAssert.Contains(waiting.Result.Choice, "head start of 250 ms");
        Assert.IsTrue(((FakeChannelSession)waiting.Result.Session).TryBegin());

        // The attempt over QUIC goes on, and the next call goes there.
        _quic.Pending[0].Succeed();
        fixture.Run();
        ChannelLease next = fixture.Begin();
        Assert.AreEqual("quic", next.Session.Protocol);
        Assert.AreEqual(PooledConnectionState.Draining, fixture.Connections[0].State);
        Assert.AreEqual(0, fixture.Snapshot.EndPoints[0].UdpBlocked);
        PoolFixture.End(next);
        PoolFixture.End(waiting.Result);
        fixture.Run();
        Assert.IsTrue(_tcp.Sessions[0].IsClosed);
    }

    [TestMethod]
    public void Quic_ThatTakesOver_HasTheCallThatComesWithTheNewsOfIt()
    {
        using PoolFixture fixture = Start();
        Task<ChannelLease> waiting = fixture.RentAsync();
        fixture.Advance(0.25);
        _tcp.Pending[0].Succeed();
        fixture.Run();
        waiting.Result.Complete(CallOutcome.Success);
        List<string> protocols = [];
        fixture.Channel.Changed += (_, e) =>
        {
            if (e.Kind == ChannelEventKind.ConnectionOpened)
            {
                ChannelLease lease = fixture.Begin();
                protocols.Add(lease.Session.Protocol);
                PoolFixture.End(lease);
            }
        };

        _quic.Pending[0].Succeed();
        fixture.Run();

        Assert.AreSequenceEqual(["quic"], protocols);
    }

    [TestMethod]
    public void Quic_ThatFails_GivesTcpItsTurnAtOnce()
    {
        using PoolFixture fixture = Start();
        _quic.Pending[0].Fail();
        fixture.Run();
        Assert.HasCount(1, _tcp.Pending);
        _tcp.Pending[0].Succeed();
        fixture.Run();
        ChannelLease lease = fixture.Begin();
        StringAssert.Contains(lease.Choice, "QUIC failed");
        PoolFixture.End(lease);
        Assert.AreEqual(0.5, fixture.Snapshot.EndPoints[0].UdpBlocked, 0.01);
        Assert.AreEqual(HealthState.Healthy, fixture.Snapshot.EndPoints[0].Health.State);
        Assert.IsTrue(fixture.Events.Any(static e => e.Kind == ChannelEventKind.TransportChanged));
    }

    [TestMethod]
    public void Tcp_WhenQuicWinsAfterAll_IsCancelled()
    {
        using PoolFixture fixture = Start();
        fixture.Advance(0.3);
        _quic.Pending[0].Succeed();
        fixture.Run();
        Assert.IsTrue(_tcp.Attempts.Single().CancellationToken.IsCancellationRequested);
        Assert.HasCount(1, fixture.Connections);
    }

    [TestMethod]
    public void Both_WhenTheyFail_MakeTheEndPointDeadAndSayNothingOfUdp()
    {
        using PoolFixture fixture = Start();
        _quic.Pending[0].Fail();
        fixture.Run();
        _tcp.Pending[0].Fail();
        fixture.Run();
        Assert.AreEqual(1, fixture.Snapshot.EndPoints[0].ConnectFailures);
        Assert.AreEqual(0, fixture.Snapshot.EndPoints[0].UdpBlocked);

        // The other way round, too.
        fixture.Advance(1);
        Assert.HasCount(1, _quic.Pending);
        _tcp.Pending[0].Fail();
        fixture.Run();
        Assert.AreEqual(1, fixture.Snapshot.EndPoints[0].ConnectFailures);
        _quic.Pending[0].Fail();
        fixture.Run();
        Assert.AreEqual(2, fixture.Snapshot.EndPoints[0].ConnectFailures);
    }

    [TestMethod]
    public void HeadStart_WithARememberedRoundTripTime_IsReckonedFromIt()
    {
        _quic.Path = new PathStatistics { SmoothedRtt = TimeSpan.FromMilliseconds(30) };
        using PoolFixture fixture = Start();
        FakeChannelSession first = _quic.Pending[0].Succeed();
        fixture.Advance(60);
        first.Fail();
        while (_quic.Pending.Count == 0)
        {
            fixture.Time.AdvanceToNextTimer();
            fixture.Run();
        }

        fixture.Advance(0.119);
        Assert.IsEmpty(_tcp.Attempts);
        fixture.Advance(0.001);
        Assert.HasCount(1, _tcp.Pending);
    }

    [TestMethod]
    public void BlockedUdp_IsTriedMoreAndMoreRarelyAndTheMemoryFades()
    {
        var race = new ProtocolRaceOptions { ProbeInterval = TimeSpan.FromSeconds(5), MaxProbeInterval = TimeSpan.FromSeconds(60) };
        using PoolFixture fixture = Start(race);
        FailQuicOnce(fixture);
        _tcp.Pending[0].Succeed();
        fixture.Run();
        List<double> probes = [];
        for (int i = 0; i < 7; i++)
        {
            double from = fixture.Time.Elapsed.TotalSeconds;
            while (_quic.Pending.Count == 0)
            {
                fixture.Time.AdvanceToNextTimer();
                fixture.Run();
            }

            probes.Add(fixture.Time.Elapsed.TotalSeconds - from);
            FailQuicOnce(fixture);
        }

        Assert.IsTrue(probes[0] is >= 4 and <= 5, $"{probes[0]}");
        Assert.IsTrue(probes[1] is >= 6 and <= 10, $"{probes[1]}");
        Assert.IsTrue(probes[2] > probes[1] && probes[3] > probes[2], string.Join(' ', probes));
        Assert.IsTrue(probes.TrueForAll(static p => p <= 60), string.Join(' ', probes));
        double blocked = fixture.Snapshot.EndPoints[0].UdpBlocked;
        Assert.IsGreaterThan(0.9, blocked);

        // What happens on TCP is no failure of the end point's.
        Assert.AreEqual(0, fixture.Snapshot.EndPoints[0].ConnectFailures);
        _quic.OnConnect = static _ => new ValueTask<ChannelSession>(new TaskCompletionSource<ChannelSession>().Task);
    }

    [TestMethod]
    public void Quic_ThatWorksAgain_TakesTheCallsBackByItself()
    {
        using PoolFixture fixture = Start();
        FailQuicOnce(fixture);
        _tcp.Pending[0].Succeed();
        fixture.Advance(5);
        Assert.HasCount(1, _quic.Pending);
        _quic.Pending[0].Succeed();
        fixture.Run();
        ChannelLease lease = fixture.Begin();
        Assert.AreEqual("quic", lease.Session.Protocol);
        PoolFixture.End(lease);
        Assert.AreEqual(0, fixture.Snapshot.EndPoints[0].UdpBlocked);
        Assert.IsTrue(_tcp.Sessions[0].IsClosed);
        StringAssert.Contains(fixture.Events.Last(static e => e.Kind == ChannelEventKind.TransportChanged).Reason, "QUIC works again");
    }

    [TestMethod]
    public void Tcp_WhileUdpIsBlocked_GrowsAndIsReplacedWithoutARace()
    {
        using PoolFixture fixture = Start(minConnections: 2);
        FailQuicOnce(fixture);
        _tcp.Pending[0].Succeed();
        fixture.Run();
        Assert.HasCount(1, _tcp.Pending);
        _tcp.Pending[0].Succeed();
        fixture.Run();
        Assert.AreEqual(2, fixture.Connections.Count(static c => c.Transport == "tcp"));
        Assert.HasCount(1, _quic.Attempts);
    }

    [TestMethod]
    public void Tcp_ThatIsLostWhileQuicIsStillUnderWay_IsOpenedAgain()
    {
        using PoolFixture fixture = Start();
        fixture.Advance(0.25);
        FakeChannelSession first = _tcp.Pending[0].Succeed();
        fixture.Advance(4);
        Assert.HasCount(1, _quic.Pending);
        first.Fail();
        fixture.Advance(0.2);
        Assert.HasCount(1, _tcp.Pending);
        _tcp.Pending[0].Succeed();
        fixture.Run();
        PoolFixture.End(fixture.Begin());

        // Its end still tells what QUIC is worth here.
        _quic.Pending[0].Fail();
        fixture.Run();
        Assert.AreEqual(0.5, fixture.Snapshot.EndPoints[0].UdpBlocked, 0.01);
    }

    [TestMethod]
    public void Exact_NeverTriesTcp()
    {
        using PoolFixture fixture = Start(new ProtocolRaceOptions { Policy = FallbackPolicy.Exact });
        fixture.Advance(5);
        _quic.Pending[0].Fail();
        fixture.Advance(5);
        Assert.IsEmpty(_tcp.Attempts);
        Assert.AreEqual(1, fixture.Snapshot.EndPoints[0].ConnectFailures);
    }

    [TestMethod]
    public void Only_NeverTriesQuic()
    {
        using PoolFixture fixture = Start(new ProtocolRaceOptions { Policy = FallbackPolicy.Only });
        Assert.IsEmpty(_quic.Attempts);
        _tcp.Pending[0].Succeed();
        fixture.Advance(200);
        Assert.IsEmpty(_quic.Attempts);
        Assert.HasCount(1, fixture.Connections);
    }

    private void FailQuicOnce(PoolFixture fixture)
    {
        _quic.Pending[0].Fail();
        fixture.Run();
    }
}
