using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>Calls on a connection whose server was killed, which says nothing: they do not wait until their own deadline, nor are they cut off where the server may still answer.</summary>
[TestClass]
public sealed class SilenceTests
{
    private const double Interval = 0.5;

    [TestMethod]
    public void Calls_OfASilentConnection_FailOnceTheServerAnswersAnotherAndNotAProbe()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1 });
        (ChannelLease waiting, FakeChannelSession silent) = FallSilent(fixture, probeTimeouts: 3);
        int asked = 0;
        silent.OnPing = token =>
        {
            asked++;
            return new ValueTask<TimeSpan>(new TaskCompletionSource<TimeSpan>().Task.WaitAsync(token));
        };

        fixture.Advance(Interval);
        Assert.AreEqual(1, asked, "Whether it answers is found out sooner by asking.");
        fixture.Advance(3);
        Assert.IsFalse(silent.IsClosed, "No probe has been sent since the other was opened: the pauses between them double.");

        silent.Path = new PathStatistics { ProbeTimeouts = 4 };
        fixture.Advance(Interval);
        Assert.IsFalse(silent.IsClosed, "The probe's answer may be under way.");
        fixture.Advance(Interval);

        Assert.IsTrue(silent.IsDisposed);
        StringAssert.Contains(silent.AbortReason, "may have been processed");
        waiting.Complete(CallOutcome.TransportFailure);
    }

    [TestMethod]
    public void Calls_OfASilentConnectionThatAnswersLate_AreLeftAlone()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1 });
        (ChannelLease waiting, FakeChannelSession silent) = FallSilent(fixture, probeTimeouts: 3);
        fixture.Advance(Interval);
        silent.Path = new PathStatistics { ProbeTimeouts = 4 };
        fixture.Advance(Interval);
        silent.Path = new PathStatistics { ProbeTimeouts = 0 };
        fixture.Advance(60);

        Assert.IsFalse(silent.IsClosed);
        PoolFixture.End(waiting);
        fixture.Run();
        Assert.IsTrue(silent.IsClosed, "It was replaced.");
        Assert.IsNull(silent.AbortReason);
    }

    [TestMethod]
    public void Calls_OfASilentConnectionThatNothingReplaces_FailAfterTheSilenceTimeout()
    {
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1, SilenceTimeout = TimeSpan.FromSeconds(20) });
        fixture.Protocol.IsManual = true;
        (ChannelLease waiting, FakeChannelSession silent) = FallSilent(fixture, probeTimeouts: 3);
        silent.Path = new PathStatistics { ProbeTimeouts = 9 };
        fixture.Advance(19.9);
        Assert.IsFalse(silent.IsClosed, "The path may be interrupted.");
        fixture.Advance(1);

        Assert.IsTrue(silent.IsDisposed);
        StringAssert.Contains(silent.AbortReason, nameof(PoolOptions.SilenceTimeout));
        waiting.Complete(CallOutcome.TransportFailure);
    }

    [TestMethod]
    public void Failures_OfAConnectionThatItsEndPointOutlived_DoNotTripTheBreakerOfTheNewProcess()
    {
        using var fixture = new PoolFixture(
            new PoolOptions { MinConnections = 1 }, static o => o with { Breaker = new CircuitBreakerOptions { ConsecutiveFailures = 3 } });
        ChannelLease[] others = [.. Enumerable.Range(0, 10).Select(_ => fixture.Begin())];
        (ChannelLease waiting, FakeChannelSession silent) = FallSilent(fixture, probeTimeouts: 3);
        fixture.Advance(Interval);
        silent.Path = new PathStatistics { ProbeTimeouts = 5 };
        fixture.Advance(2 * Interval);
        Assert.IsTrue(silent.IsDisposed);

        foreach (ChannelLease other in others)
        {
            other.Complete(CallOutcome.TransportFailure);
        }

        waiting.Complete(CallOutcome.TransportFailure);
        fixture.Run();
        Assert.AreEqual(BreakerState.Closed, fixture.Snapshot.EndPoints[0].Breaker);
        fixture.Rent().Dispose();
    }

    [DataRow(false)]
    [DataRow(true)]
    [TestMethod]
    public void Failures_OfASilentConnection_TripTheBreakerUnlessTheEndPointAnswersOnAnother(bool answers)
    {
        using var fixture = new PoolFixture(
            new PoolOptions { MinConnections = 1 }, static o => o with { Breaker = new CircuitBreakerOptions { ConsecutiveFailures = 4 } });
        fixture.Protocol.IsManual = true;
        ChannelLease[] others = [.. Enumerable.Range(0, 4).Select(_ => fixture.Begin())];
        fixture.Advance(1);
        (ChannelLease waiting, _) = FallSilent(fixture, probeTimeouts: 3);
        others[0].Complete(CallOutcome.TimedOut);
        others[1].Complete(CallOutcome.TimedOut);
        Assert.AreEqual(BreakerState.Closed, fixture.Snapshot.EndPoints[0].Breaker);
        if (answers)
        {
            fixture.Protocol.Pending.Single().Succeed();
            fixture.Run();
        }

        others[2].Complete(CallOutcome.TimedOut);
        others[3].Complete(CallOutcome.TransportFailure);
        waiting.Complete(CallOutcome.TimedOut);
        Assert.AreEqual(answers ? BreakerState.Closed : BreakerState.Open, fixture.Snapshot.EndPoints[0].Breaker);
    }

    [TestMethod]
    public void Sample_OfManyConnectionsThatFellSilentTogether_AsksEachAFewTimes()
    {
        using var fixture = new PoolFixture(
            new PoolOptions { MinConnections = 100, MaxConnections = 100 },
            static o => o with { Health = HealthOptions.Default with { Probes = [], Path = PathHealthOptions.Default with { SampleInterval = TimeSpan.FromMilliseconds(200) } } });
        FakeChannelSession[] sessions = [.. fixture.Protocol.Sessions];
        Assert.HasCount(100, sessions);
        int before = sessions.Sum(static s => s.PathReads);
        foreach (FakeChannelSession session in sessions)
        {
            session.Path = new PathStatistics { ProbeTimeouts = 5 };
        }

        fixture.Advance(1.2);

        Assert.IsTrue(sessions.All(static s => s.IsClosed));
        Assert.IsLessThan(5 * sessions.Length, sessions.Sum(static s => s.PathReads) - before, "A server with a thousand connections dies as quickly as one with ten.");
    }

    // One call fails, which shows that nothing comes from the peer any more; another waits.
    private static (ChannelLease Waiting, FakeChannelSession Silent) FallSilent(PoolFixture fixture, int probeTimeouts)
    {
        ChannelLease waiting = fixture.Begin();
        ChannelLease failing = fixture.Begin();
        var silent = (FakeChannelSession)waiting.Session;
        silent.Path = new PathStatistics { ProbeTimeouts = probeTimeouts };
        PoolFixture.End(failing, CallOutcome.TimedOut);
        fixture.Run();
        return (waiting, silent);
    }
}
