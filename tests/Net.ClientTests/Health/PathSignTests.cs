using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Health;

/// <summary>What QUIC's own figures say of a path before any call fails.</summary>
[TestClass]
public sealed class PathSignTests
{
    private readonly ManualTimeProvider _clock = new();
    private FakeTarget _target = null!;

    [TestInitialize]
    public void Initialize() => _target = new FakeTarget(_clock);

    [TestMethod]
    public async Task ProbeTimeouts_UnderLoad_AreSeenWithinASecondAndCleared()
    {
        await using HealthMonitor monitor = Start();
        Tell(0, new PathStatistics { ProbeTimeouts = 1 });
        Run(5);
        Assert.AreEqual(HealthState.Healthy, monitor.Health.Current.State);

        Tell(0, new PathStatistics { ProbeTimeouts = 2 });
        Run(0.2);
        Assert.AreEqual(HealthState.Degraded, monitor.Health.Current.State);
        Assert.AreEqual("Path: path: 2 probe timeouts in a row", monitor.Health.Current.Reason);

        Tell(0, new PathStatistics { ProbeTimeouts = 0 });
        Run(0.8);
        Assert.AreEqual(HealthState.Degraded, monitor.Health.Current.State, "four clean readings are not enough");
        Run(0.2);
        Assert.AreEqual(HealthState.Healthy, monitor.Health.Current.State);
    }

    [TestMethod]
    public async Task ProbeTimeouts_OfOneSessionOfThree_AreTheSessionsTrouble()
    {
        _target.Sessions.AddRange([new FakeSession(), new FakeSession()]);
        await using HealthMonitor monitor = Start();
        Tell(0, new PathStatistics { ProbeTimeouts = 5 });
        Tell(1, new PathStatistics { ProbeTimeouts = 0 });
        Tell(2, new PathStatistics { ProbeTimeouts = 0 });
        Run(5);
        Assert.AreEqual(HealthState.Healthy, monitor.Health.Current.State);

        Tell(1, new PathStatistics { ProbeTimeouts = 2 });
        Run(0.2);
        Assert.AreEqual(HealthState.Degraded, monitor.Health.Current.State);
    }

    [TestMethod]
    [DataRow(1.0, 99.0, false, DisplayName = "a rise below the smallest that counts")]
    [DataRow(60.0, 250.0, false, DisplayName = "a rise by less than the factor")]
    [DataRow(60.0, 301.0, true, DisplayName = "a rise by the factor and more than the smallest")]
    public async Task RoundTripTime_Rises_IsASignWhenBothBoundsArePassed(double least, double smoothed, bool isSign)
    {
        await using HealthMonitor monitor = Start();
        Tell(0, new PathStatistics { MinRtt = TimeSpan.FromMilliseconds(least), SmoothedRtt = TimeSpan.FromMilliseconds(smoothed) });
        Run(1);

        Assert.AreEqual(isSign, monitor.Health.Current.State == HealthState.Degraded);
    }

    [TestMethod]
    public async Task RoundTripTime_WhoseLatestSampleIsGood_IsNoSign()
    {
        await using HealthMonitor monitor = Start();
        Tell(0, new PathStatistics { MinRtt = TimeSpan.FromMilliseconds(30), SmoothedRtt = TimeSpan.FromSeconds(7), LatestRtt = TimeSpan.FromSeconds(7) });
        Run(0.4);
        Assert.AreEqual(HealthState.Degraded, monitor.Health.Current.State);

        // The smoothed one takes dozens of samples to follow.
        Tell(0, new PathStatistics { MinRtt = TimeSpan.FromMilliseconds(30), SmoothedRtt = TimeSpan.FromSeconds(6), LatestRtt = TimeSpan.FromMilliseconds(32) });
        Run(1.2);
        Assert.AreEqual(HealthState.Healthy, monitor.Health.Current.State);
    }

    [TestMethod]
    public async Task Loss_OfManyDatagrams_IsASignOnceThereAreEnough()
    {
        await using HealthMonitor monitor = Start();
        long sent = 1000, lost = 400;
        void Send(int datagrams, int lose)
        {
            sent += datagrams;
            lost += lose;
            Tell(0, new PathStatistics { DatagramsSent = sent, PacketsLost = lost });
            Run(0.2);
        }

        Send(0, 0);
        for (int i = 0; i < 21; i++)
        {
            Send(20, 3);
        }

        Assert.AreEqual(HealthState.Healthy, monitor.Health.Current.State, "15 of 100 are below the bound, and what was lost before counts for nothing");
        Send(40, 20);
        Assert.AreEqual(HealthState.Healthy, monitor.Health.Current.State, "40 datagrams are too few to tell");
        Send(60, 20);
        Assert.AreEqual(HealthState.Degraded, monitor.Health.Current.State);
        StringAssert.Contains(monitor.Health.Current.Reason!, "datagrams lost");
    }

    [TestMethod]
    public async Task SmoothedRtt_OfTheBestSession_IsWhereTheCostStarts()
    {
        _target.Sessions.Add(new FakeSession());
        await using HealthMonitor monitor = Start();
        Tell(0, new PathStatistics { SmoothedRtt = TimeSpan.FromMilliseconds(12), MinRtt = TimeSpan.FromMilliseconds(10) });
        Tell(1, new PathStatistics { SmoothedRtt = TimeSpan.FromMilliseconds(7), MinRtt = TimeSpan.FromMilliseconds(5) });
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.AreEqual(TimeSpan.FromMilliseconds(7), _target.Load.SmoothedRtt);
        Assert.AreEqual(7, _target.Load.GetCost(_clock.GetTimestamp()));
    }

    [TestMethod]
    public async Task Suspicion_ChecksAreFarOff_BringsACheckForward()
    {
        var probe = new FakeProbe(HealthAspect.Path, _clock);
        await using HealthMonitor monitor = Start(probe);
        Run(3);
        Assert.HasCount(1, probe.Times);
        Tell(0, new PathStatistics { ProbeTimeouts = 3 });
        Run(1.4);

        Assert.IsGreaterThan(1, probe.Times.Count);
    }

    [TestMethod]
    public async Task Sampling_NobodyCalls_ReadsAFifthAsOften()
    {
        await using HealthMonitor monitor = Start();
        int readings = 0;
        for (int i = 0; i < 1000; i++)
        {
            TimeSpan? next = _clock.NextTimer;
            _clock.Advance(TimeSpan.FromMilliseconds(20));
            readings += next <= TimeSpan.FromMilliseconds(20) ? 1 : 0;
        }

        Assert.AreEqual(20, readings, 1);
    }

    [TestMethod]
    public async Task Sampling_StatisticsThrow_IsLoggedAndGoesOn()
    {
        using var log = new NoUnexpectedErrorsScope();
        log.Expect("CheckBroke");
        await using HealthMonitor monitor = new HealthMonitors(new HealthOptions { Probes = [] }, _clock, new Random(1), log).Create(_target);
        monitor.Start();
        _target.Sessions[0] = null!;
        _clock.Advance(TimeSpan.FromSeconds(3));
        _target.Sessions[0] = new FakeSession { Statistics = new PathStatistics { ProbeTimeouts = 9 } };
        _clock.Advance(TimeSpan.FromSeconds(3));

        Assert.AreEqual(HealthState.Degraded, monitor.Health.Current.State);
    }

    private HealthMonitor Start(FakeProbe? probe = null)
    {
        var options = new HealthOptions { Probes = probe is null ? [] : [probe], Jitter = 0 };
        HealthMonitor monitor = new HealthMonitors(options, _clock, new Random(1)).Create(_target);
        monitor.Start();
        return monitor;
    }

    private void Tell(int session, PathStatistics statistics) => _target.Sessions[session].Statistics = statistics;

    // With calls all the time.
    private void Run(double seconds)
    {
        for (int i = (int)Math.Round(seconds * 10); i > 0; i--)
        {
            _target.Call(CallOutcome.Success);
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }
    }
}
