using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Health;

/// <summary>Checks that the peer reports changes to by itself.</summary>
[TestClass]
public sealed class HealthWatchTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly Watch _watch = new();
    private FakeTarget _target = null!;

    [TestInitialize]
    public void Initialize() => _target = new FakeTarget(_clock);

    [TestMethod]
    public async Task Watch_PeerReports_SettlesAtOnceAndIsNotPolled()
    {
        await using HealthMonitor monitor = Start();
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual(1, _watch.Checks);
        _watch.Report!(ProbeResult.Fail("NOT_SERVING"));
        Assert.AreEqual("Service: watch: NOT_SERVING", monitor.Health.Current.Reason);
        _watch.Report!(ProbeResult.Pass());
        Assert.AreEqual(HealthState.Healthy, monitor.Health.Current.Service.State);

        _clock.Advance(TimeSpan.FromHours(1));

        Assert.AreEqual(1, _watch.Checks);
        Assert.AreEqual(1, _watch.Watches);
    }

    [TestMethod]
    public async Task Watch_EndsOrBreaks_IsCheckedAndWatchedAgain()
    {
        await using HealthMonitor monitor = Start();
        _clock.Advance(TimeSpan.FromSeconds(1));
        Action<ProbeResult> old = _watch.Report!;
        _watch.Running!.SetException(new TransportException(TransportError.ConnectionLost, "gone"));
        _clock.Advance(TimeSpan.FromSeconds(30));

        Assert.AreEqual(2, _watch.Checks);
        Assert.AreEqual(2, _watch.Watches);
        old(ProbeResult.Fail("a late word of the first watch"));
        Assert.AreEqual(HealthState.Healthy, monitor.Health.Current.Service.State);
    }

    [TestMethod]
    public async Task Watch_PeerOffersNone_PollsOnThatSessionAndTriesOnTheNext()
    {
        _watch.IsOffered = false;
        await using HealthMonitor monitor = Start();
        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.AreEqual(1, _watch.Watches);
        Assert.IsGreaterThan(4, _watch.Checks);

        _watch.IsOffered = true;
        _target.Sessions[0] = new FakeSession();
        _clock.Advance(TimeSpan.FromMinutes(3));

        Assert.AreEqual(2, _watch.Watches);
        Assert.IsFalse(_watch.Running!.Task.IsCompleted);
    }

    [TestMethod]
    public async Task Watch_SessionDrains_LetsItGo()
    {
        await using HealthMonitor monitor = Start();
        _clock.Advance(TimeSpan.FromSeconds(1));
        FakeSession session = _target.Sessions[0];
        Assert.AreEqual(1, session.DrainingHandlers);
        session.Drain();

        Assert.IsTrue(_watch.Token.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual(0, session.DrainingHandlers);
        _clock.Advance(TimeSpan.FromMinutes(3));
        Assert.AreEqual(1, _watch.Watches, "a draining session is not watched again");
    }

    [TestMethod]
    public async Task DisposeAsync_WhileAWatchRunsThatHeedsNoToken_Ends()
    {
        HealthMonitor monitor = Start();
        _clock.Advance(TimeSpan.FromSeconds(1));

        await monitor.DisposeAsync().WithTimeout();

        Assert.IsTrue(_watch.Token.IsCancellationRequested);
        Assert.AreEqual(0, _target.Sessions[0].DrainingHandlers);
        Assert.AreEqual(0, _clock.ActiveTimers);
    }

    private HealthMonitor Start()
    {
        var options = new HealthOptions { Probes = [_watch], Jitter = 0 };
        HealthMonitor monitor = new HealthMonitors(options, _clock, new Random(1)).Create(_target);
        monitor.Start();
        return monitor;
    }

    private sealed class Watch : HealthWatch
    {
        internal bool IsOffered { get; set; } = true;

        internal int Checks { get; private set; }

        internal int Watches { get; private set; }

        internal TaskCompletionSource? Running { get; private set; }

        internal Action<ProbeResult>? Report { get; private set; }

        internal CancellationToken Token { get; private set; }

        public override string Name => "watch";

        public override HealthAspect Aspect => HealthAspect.Service;

        public override ValueTask<ProbeResult> ProbeAsync(ChannelSession session, CancellationToken cancellationToken)
        {
            Checks++;
            return ValueTask.FromResult(ProbeResult.Pass());
        }

        public override Task WatchAsync(ChannelSession session, Action<ProbeResult> report, CancellationToken cancellationToken)
        {
            Watches++;
            Report = report;
            Token = cancellationToken;
            Running = new TaskCompletionSource();
            return IsOffered ? Running.Task : throw new NotSupportedException("UNIMPLEMENTED");
        }
    }
}
