using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>How many connections there are, when they are opened, and when they end.</summary>
[TestClass]
public sealed class ConnectionTests
{
    [TestMethod]
    public void WarmUp_WithOneAttemptAtATime_OpensTheMinimumOneAfterTheOther()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 3, MaxConcurrentConnects = 1 }, protocol: new FakeChannelProtocol { IsManual = true });
        for (int i = 1; i <= 3; i++)
        {
            Assert.HasCount(1, fixture.Protocol.Pending);
            fixture.Protocol.Pending[0].Succeed();
            fixture.Run();
            Assert.HasCount(i, fixture.Connections);
        }

        Assert.IsEmpty(fixture.Protocol.Pending);
    }

    [TestMethod]
    public void WarmUpAsync_UntilTwoEndPointsAreReady_IsOverOnlyThen()
    {
        using var fixture = new PoolFixture(endPoints: 3, protocol: new FakeChannelProtocol { IsManual = true });
        Task warm = fixture.Channel.WarmUpAsync(fixture.Protocol, 2);
        fixture.Run();
        for (int i = 0; i < 2; i++)
        {
            fixture.Protocol.Pending.First(static p => p.Context.EndPoint.Address.Host == "10.0.0.1").Succeed();
            fixture.Run();
        }

        Assert.IsFalse(warm.IsCompleted);
        for (int i = 0; i < 2; i++)
        {
            fixture.Protocol.Pending.First(static p => p.Context.EndPoint.Address.Host == "10.0.0.3").Succeed();
            fixture.Run();
        }

        Assert.IsTrue(warm.IsCompletedSuccessfully);
    }

    [TestMethod]
    public void WarmUpAsync_WhereNoConnectionIsKept_OpensOneToEachEndPoint()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 0 }, endPoints: 2, warmUp: false);
        fixture.Run();
        Assert.IsEmpty(fixture.Protocol.Attempts);

        Task warm = fixture.Channel.WarmUpAsync(fixture.Protocol, 2);
        fixture.Run();

        Assert.IsTrue(warm.IsCompletedSuccessfully);
        Assert.IsTrue(fixture.Snapshot.EndPoints.All(static e => e.Connections.Count == 1));
        fixture.Run();
        Assert.HasCount(2, fixture.Protocol.Attempts);
    }

    [TestMethod]
    public void WarmUpAsync_WhenCancelledOrTheChannelCloses_Ends()
    {
        Task closed;
        using var cancellation = new CancellationTokenSource();
        using (var fixture = new PoolFixture(protocol: new FakeChannelProtocol { IsManual = true }))
        {
            Task cancelled = fixture.Channel.WarmUpAsync(fixture.Protocol, 1, cancellation.Token);
            closed = fixture.Channel.WarmUpAsync(fixture.Protocol);
            cancellation.Cancel();
            Assert.IsTrue(cancelled.IsCanceled);
            Assert.IsFalse(closed.IsCompleted);
        }

        Assert.AreEqual(TransportError.NoEndPoint, ((TransportException)closed.Exception!.InnerException!).Error);
    }

    [TestMethod]
    public void Protocol_ThatNobodyUses_IsNotConnected()
    {
        using var fixture = new PoolFixture(warmUp: false);
        Assert.IsEmpty(fixture.Protocol.Attempts);

        Task<ChannelLease> renting = fixture.RentAsync();
        Assert.IsTrue(renting.IsCompletedSuccessfully);
        Assert.HasCount(2, fixture.Connections);
        renting.Result.Dispose();
    }

    [TestMethod]
    public void Growth_AtThreeQuartersOfTheCredit_OpensAnotherConnectionBeforeItRunsOut()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1, GrowAt = 0.75 }, protocol: new FakeChannelProtocol { MaxStreams = 8 });
        List<ChannelLease> leases = [];
        for (int i = 0; i < 5; i++)
        {
            leases.Add(fixture.Begin());
            fixture.Run();
        }

        Assert.HasCount(1, fixture.Connections);
        leases.Add(fixture.Begin());
        fixture.Run();
        Assert.HasCount(2, fixture.Connections);
        leases.ForEach(static l => PoolFixture.End(l));
    }

    [TestMethod]
    public void Growth_UpToTheMaximum_GoesNoFurther()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1, MaxConnections = 3 }, protocol: new FakeChannelProtocol { MaxStreams = 4 });
        List<ChannelLease> leases = [];
        while (fixture.Channel.TryRent(fixture.Protocol, default, out ChannelLease lease))
        {
            Assert.IsTrue(((FakeChannelSession)lease.Session).TryBegin());
            leases.Add(lease);
            fixture.Run();
        }

        Assert.HasCount(12, leases);
        Assert.HasCount(3, fixture.Connections);
        Assert.HasCount(3, fixture.Protocol.Attempts);
        leases.ForEach(static l => PoolFixture.End(l));
    }

    [TestMethod]
    public void ExtraConnections_WhenQuiet_AreDrainedAndTheMinimumStays()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 2, MaxConnections = 4, LimitJitter = 0, Lifetime = Timeout.InfiniteTimeSpan }, protocol: new FakeChannelProtocol { MaxStreams = 4 });
        List<ChannelLease> leases = [];
        while (fixture.Channel.TryRent(fixture.Protocol, default, out ChannelLease lease))
        {
            ((FakeChannelSession)lease.Session).TryBegin();
            leases.Add(lease);
            fixture.Run();
        }

        Assert.HasCount(4, fixture.Connections);
        leases.ForEach(static l => PoolFixture.End(l));
        fixture.Advance(299);
        Assert.HasCount(4, fixture.Connections);
        fixture.Advance(301);
        Assert.HasCount(2, fixture.Connections);
        fixture.Advance(3000);
        Assert.HasCount(2, fixture.Connections);
        Assert.HasCount(4, fixture.Protocol.Attempts);
    }

    [TestMethod]
    public void Picks_UnderLightLoad_LeaveExtraConnectionsIdle()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1, MaxConnections = 2 }, protocol: new FakeChannelProtocol { MaxStreams = 8 });
        List<ChannelLease> leases = [.. Enumerable.Range(0, 6).Select(_ => fixture.Begin())];
        fixture.Run();
        Assert.HasCount(2, fixture.Connections);
        leases.ForEach(static l => PoolFixture.End(l));

        for (int i = 0; i < 10; i++)
        {
            ChannelLease lease = fixture.Begin();
            Assert.AreEqual(1, lease.ConnectionId);
            PoolFixture.End(lease);
        }
    }

    [TestMethod]
    public void Lifetime_WhenOver_OpensTheSuccessorBeforeTheOldOneDrains()
    {
        var protocol = new FakeChannelProtocol();
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1, LimitJitter = 0 }, protocol: protocol);
        ChannelLease stream = fixture.Begin();
        protocol.IsManual = true;
        fixture.Advance(1800);
        Assert.HasCount(1, protocol.Pending);
        Assert.AreEqual(PooledConnectionState.Expiring, fixture.Connections[0].State);
        ChannelLease meanwhile = fixture.Begin();
        Assert.AreEqual(1, meanwhile.ConnectionId);
        PoolFixture.End(meanwhile);

        protocol.Pending[0].Succeed();
        fixture.Run();
        Assert.AreEqual(PooledConnectionState.Draining, fixture.Connections[0].State);
        ChannelLease next = fixture.Begin();
        Assert.AreEqual(2, next.ConnectionId);
        PoolFixture.End(next);

        // The stream lives on; its connection ends with it.
        Assert.IsFalse(fixture.Session(0).IsDraining);
        PoolFixture.End(stream);
        fixture.Run();
        Assert.IsTrue(fixture.Session(0).IsClosed);
        Assert.HasCount(1, fixture.Connections);
    }

    [TestMethod]
    public void Lifetime_WhileNoSuccessorComesAbout_IsOutlived()
    {
        var protocol = new FakeChannelProtocol();
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1, LimitJitter = 0 }, protocol: protocol);
        protocol.OnConnect = static attempt =>
        {
            attempt.Fail();
            return null;
        };
        protocol.IsManual = true;
        fixture.Advance(1900);
        ChannelLease lease = fixture.Begin();
        Assert.AreEqual(1, lease.ConnectionId);
        PoolFixture.End(lease);
    }

    [TestMethod]
    public void Limits_WithJitter_DoNotEndTogether()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 8, LimitJitter = 0.1 });
        List<double> ends = [];
        fixture.Channel.Changed += (_, e) =>
        {
            if (e.Kind == ChannelEventKind.ConnectionDraining)
            {
                ends.Add(fixture.Time.Elapsed.TotalSeconds);
            }
        };
        fixture.Advance(1900);
        Assert.HasCount(8, ends);
        Assert.AreEqual(8, ends.Distinct().Count());
        Assert.IsTrue(ends.TrueForAll(static s => s is >= 1620 and <= 1800), string.Join(' ', ends));
    }

    [TestMethod]
    public void GoAway_OfTheServer_IsHonouredAndTheConnectionReplaced()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 2, Lifetime = Timeout.InfiniteTimeSpan });
        ChannelLease held = fixture.Begin();
        FakeChannelSession gone = (FakeChannelSession)held.Session;
        fixture.Advance(60);
        gone.GoAway();
        for (int i = 0; i < 10; i++)
        {
            ChannelLease lease = fixture.Begin();
            Assert.AreNotSame(gone, lease.Session);
            PoolFixture.End(lease);
        }

        fixture.Advance(1);
        Assert.AreEqual(2, fixture.Connections.Count(static c => c.State == PooledConnectionState.Ready));
        Assert.IsFalse(gone.IsClosed);
        PoolFixture.End(held);
        fixture.Run();
        Assert.HasCount(2, fixture.Connections);
    }

    [TestMethod]
    public void Drain_OfAStreamThatNeverEnds_IsCutAtItsTimeout()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1, LimitJitter = 0, DrainTimeout = TimeSpan.FromMinutes(5) });
        ChannelLease stream = fixture.Begin();
        fixture.Advance(1800);
        FakeChannelSession session = fixture.Session(0);
        fixture.Advance(299);
        Assert.IsFalse(session.IsClosed);
        fixture.Advance(2);
        Assert.IsTrue(session.IsDisposed);
        stream.Complete(CallOutcome.TransportFailure);
    }

    [TestMethod]
    public void Loss_OfAConnection_IsMadeGoodAtOnce()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 2 });
        fixture.Advance(100);
        fixture.Session(0).Fail();
        fixture.Advance(PoolOptions.Default.ConnectBackoff);
        Assert.HasCount(2, fixture.Connections);
        Assert.HasCount(3, fixture.Protocol.Attempts);
        Assert.AreEqual(0, fixture.Snapshot.EndPoints[0].ConnectFailures);
    }

    [TestMethod]
    public void MaxStreamsPerConnection_BelowThePeersLimit_Holds()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1, MaxConnections = 1, MaxStreamsPerConnection = 3 });
        List<ChannelLease> leases = [fixture.Begin(), fixture.Begin(), fixture.Begin()];
        Assert.IsFalse(fixture.Channel.TryRent(fixture.Protocol, default, out _));
        leases.ForEach(static l => PoolFixture.End(l));
    }

    [TestMethod]
    public void MinConnections_OfZero_ConnectsAtTheFirstCallAndClosesWhenIdle()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 0, LimitJitter = 0 });
        Assert.IsEmpty(fixture.Protocol.Attempts);
        Task<ChannelLease> renting = fixture.RentAsync();
        renting.Result.Dispose();
        Assert.HasCount(1, fixture.Connections);
        fixture.Advance(301);
        Assert.IsEmpty(fixture.Connections);
        Assert.AreEqual(0, fixture.Time.ActiveTimers);
    }

    [TestMethod]
    [DataRow(CallOutcome.TimedOut)]
    [DataRow(CallOutcome.TransportFailure)]
    public void Complete_FailedOnAConnectionWhosePeerAnswersNothing_ReplacesItAndLetsItsCallsEnd(CallOutcome outcome)
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1, MaxProbeTimeouts = 3 });
        ChannelLease failing = fixture.Begin();
        ChannelLease other = fixture.Begin();
        fixture.Session(0).Path = new PathStatistics { ProbeTimeouts = 3 };

        PoolFixture.End(failing, outcome);
        fixture.Run();

        Assert.AreEqual(2, fixture.Protocol.Sessions.Count);
        ChannelLease next = fixture.Begin();
        Assert.AreSame(fixture.Session(1), next.Session);
        Assert.IsFalse(fixture.Session(0).IsClosed, "A call is under way on it.");
        PoolFixture.End(other);
        PoolFixture.End(next);
        fixture.Run();
        Assert.IsTrue(fixture.Session(0).IsClosed);
        Assert.IsTrue(fixture.Events.Any(static e => e.Kind == ChannelEventKind.ConnectionDraining && e.Reason == "its server answers nothing on it"));
    }

    [TestMethod]
    [DataRow(2, 3, CallOutcome.TimedOut)]
    [DataRow(100, 0, CallOutcome.TimedOut)]
    [DataRow(3, 3, CallOutcome.ServerFailure)]
    [DataRow(3, 3, CallOutcome.Success)]
    public void Complete_WithoutSignsOfASilentPeer_KeepsTheConnection(int seen, int max, CallOutcome outcome)
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1, MaxProbeTimeouts = max });
        ChannelLease lease = fixture.Begin();
        fixture.Session(0).Path = new PathStatistics { ProbeTimeouts = seen };

        PoolFixture.End(lease, outcome);
        fixture.Run();

        Assert.AreEqual(1, fixture.Protocol.Sessions.Count);
        Assert.AreEqual(PooledConnectionState.Ready, fixture.Connections[0].State);
    }

    [TestMethod]
    public void Health_ThatChangesWhileThePeerAnswersNothing_ReplacesTheConnection()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1 });
        fixture.Session(0).Path = new PathStatistics { ProbeTimeouts = 5 };

        fixture.Channel.FindHealth(fixture.EndPoints[0])!.RecordPathSign("no answer");
        fixture.Run();

        Assert.AreEqual(2, fixture.Protocol.Sessions.Count);
        Assert.IsTrue(fixture.Session(0).IsClosed);
    }

    [TestMethod]
    public void Sample_OfAConnectionThatBecameSilentBesideOthersThatAnswer_ReplacesItBeforeAnyCallFails()
    {
        using var fixture = new PoolFixture(
            new PoolOptions { MinConnections = 3 }, static o => o with { Health = HealthOptions.Default with { Probes = [], Path = PathHealthOptions.Default with { SampleInterval = TimeSpan.FromMilliseconds(200) } } });
        foreach (FakeChannelSession session in fixture.Protocol.Sessions)
        {
            session.Path = new PathStatistics { ProbeTimeouts = 0 };
        }

        ChannelLease lease = fixture.Begin();
        fixture.Advance(1.5);
        var silent = (FakeChannelSession)lease.Session;
        silent.Path = new PathStatistics { ProbeTimeouts = 3 };
        fixture.Advance(0.3);
        Assert.AreEqual(3, fixture.Protocol.Sessions.Count, "The server may only stand still for a moment.");
        silent.Path = new PathStatistics { ProbeTimeouts = 4 };
        fixture.Advance(0.3);

        Assert.AreEqual(4, fixture.Protocol.Sessions.Count);
        Assert.IsFalse(silent.IsClosed, "A call is under way on it.");
        PoolFixture.End(lease);
        fixture.Run();
        Assert.IsTrue(silent.IsClosed);
    }

    [TestMethod]
    public void Sample_OfAConnectionWithProbeTimeouts_HasTheIdleOnesAskWhetherThePeerAnswers()
    {
        using var fixture = new PoolFixture(
            new PoolOptions { MinConnections = 3 }, static o => o with { Health = HealthOptions.Default with { Probes = [], Timeout = TimeSpan.FromSeconds(2), Path = PathHealthOptions.Default with { SampleInterval = TimeSpan.FromMilliseconds(200) } } });
        int asked = 0;
        foreach (FakeChannelSession session in fixture.Protocol.Sessions)
        {
            session.Path = new PathStatistics { ProbeTimeouts = 0 };
            session.OnPing = async token =>
            {
                asked++;
                var end = new TaskCompletionSource<TimeSpan>();
                using CancellationTokenRegistration registration = token.UnsafeRegister(static s => ((TaskCompletionSource<TimeSpan>)s!).TrySetCanceled(), end);
                return await end.Task;
            };
        }

        ChannelLease lease = fixture.Begin();
        fixture.Advance(1.5);
        Assert.AreEqual(0, asked);
        ((FakeChannelSession)lease.Session).Path = new PathStatistics { ProbeTimeouts = 2 };
        fixture.Advance(1);
        Assert.AreEqual(2, asked, "Each of the others, and not again while it has not answered.");

        fixture.Advance(1.5);
        Assert.AreEqual(4, asked, "What got no answer in time is asked anew while there are signs.");
        PoolFixture.End(lease);
    }
}
