using Microsoft.Extensions.Logging;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Health;

/// <summary>When checks run, that none overlaps another, and what becomes of end points that die and come back.</summary>
[TestClass]
public sealed class HealthMonitorTests : IDisposable
{
    private static readonly HealthOptions Exact = new()
    {
        Interval = TimeSpan.FromSeconds(30), ConfirmInterval = TimeSpan.FromSeconds(1), RecoveryInterval = TimeSpan.FromSeconds(5), IdleInterval = TimeSpan.FromSeconds(120),
        Timeout = TimeSpan.FromSeconds(3), Jitter = 0, Fall = 3, Rise = 2, Path = new PathHealthOptions { SampleInterval = Timeout.InfiniteTimeSpan },
    };

    private readonly ManualTimeProvider _clock = new();
    private readonly NoUnexpectedErrorsScope _log = new();
    private FakeTarget _target = null!;
    private FakeProbe _probe = null!;

    [TestInitialize]
    public void Initialize()
    {
        _target = new FakeTarget(_clock);
        _probe = new FakeProbe(HealthAspect.Path, _clock);
    }

    public void Dispose()
    {
        _log.Dispose();
        Assert.AreEqual(0, _clock.ActiveTimers, "a timer was left behind");
    }

    [TestMethod]
    public async Task Start_EndPointInUse_ChecksAtTheInterval()
    {
        await using HealthMonitor monitor = Start(Exact);
        for (int i = 0; i < 120; i++)
        {
            _target.Call(CallOutcome.Success);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        CollectionAssert.AreEqual((double[])[0, 30, 60, 90, 120], Seconds());
        Assert.AreEqual(HealthState.Healthy, monitor.Health.Current.State);
        CollectionAssert.AreEqual(new string?[5], _target.Asked);
    }

    [TestMethod]
    public async Task Start_NobodyCalls_ChecksAtTheIdleInterval()
    {
        await using HealthMonitor monitor = Start(Exact);
        _clock.Advance(TimeSpan.FromSeconds(400));
        _target.Load.Begin();
        _clock.Advance(TimeSpan.FromSeconds(100));

        // The first check finds out what nobody knows yet, so the second comes as if it were in use; a call that is still running is use, too.
        CollectionAssert.AreEqual((double[])[0, 30, 150, 270, 390], Seconds()[..5]);
        Assert.AreEqual(510.0 - 10, (_clock.GetUtcNow() - Begin).TotalSeconds);
        _clock.Advance(TimeSpan.FromSeconds(70));
        CollectionAssert.AreEqual((double[])[0, 30, 150, 270, 390, 510, 540, 570], Seconds());
    }

    [TestMethod]
    public async Task Check_EndPointDiesAndComesBack_ConfirmsQuicklyAndRecoversByItself()
    {
        await using HealthMonitor monitor = Start(Exact);
        _clock.Advance(TimeSpan.FromSeconds(1));
        _target.Call(CallOutcome.Success);
        _probe.Answer(isGood: false);
        var changes = new List<(double Time, HealthState State)>();
        monitor.Health.Changed += (_, change) => changes.Add(((_clock.GetUtcNow() - Begin).TotalSeconds, change.Current.State));

        _clock.Advance(TimeSpan.FromSeconds(50));
        _probe.Answer(isGood: true);
        _clock.Advance(TimeSpan.FromSeconds(10));

        // Failed at 30; confirmed at 31 and 32; once more soon, as the verdict changed; then every 5 s; two passes, a second apart, bring it back.
        CollectionAssert.AreEqual((double[])[0, 30, 31, 32, 33, 38, 43, 48, 53, 54], Seconds());
        CollectionAssert.AreEqual(((double, HealthState)[])[(32, HealthState.Unhealthy), (54, HealthState.Healthy)], changes);
    }

    [TestMethod]
    public async Task Start_EndPointDeadAtTheStart_IsKnownAtOnceAndComesBack()
    {
        _target.OnGetSession = static _ => throw new TransportException(TransportError.ConnectFailed, "nobody listens");
        await using HealthMonitor monitor = Start(Exact);
        _clock.Advance(TimeSpan.Zero);
        Assert.AreEqual("Path: fake: nobody listens", monitor.Health.Current.Reason);
        Assert.AreEqual(HealthState.Unhealthy, monitor.Health.Current.State);
        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.IsTrue(_target.Asked.Count is > 100 and < 125, $"{_target.Asked.Count} attempts in 10 minutes");
        Assert.IsEmpty(_probe.Times, "nobody was there to be asked");

        _target.OnGetSession = null;
        _clock.Advance(TimeSpan.FromSeconds(6));

        Assert.AreEqual(HealthState.Healthy, monitor.Health.Current.State);
    }

    [TestMethod]
    public async Task Check_NoSessionForAnotherAspect_SaysNothingOfIt()
    {
        _probe = new FakeProbe(HealthAspect.Service, _clock);
        _target.OnGetSession = static _ => throw new TransportException(TransportError.ConnectFailed, "nobody listens");
        await using HealthMonitor monitor = Start(Exact);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.IsFalse(monitor.Health.Current.Service.IsKnown);
        _target.OnGetSession = null;
        _target.Sessions.Clear();
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.IsFalse(monitor.Health.Current.Service.IsKnown);
        Assert.IsEmpty(_probe.Times);
    }

    [TestMethod]
    public async Task Check_ProbeThatNeverAnswers_FailsAtItsTimeoutAndIsCancelled()
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _probe.OnProbe = async token =>
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, _clock, token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Not by registering with the token: what registered last is called first, and its continuation may take an earlier registration away.
                cancelled.SetResult();
                throw;
            }

            return ProbeResult.Pass();
        };
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using HealthMonitor monitor = Create(Exact);
        monitor.Health.Changed += (_, _) => failed.TrySetResult();
        monitor.Start();
        _clock.Advance(TimeSpan.FromSeconds(2.9));
        Assert.IsFalse(monitor.Health.Current.Path.IsKnown);

        _clock.Advance(TimeSpan.FromSeconds(0.1));

        await failed.Task.WithTimeout();
        await cancelled.Task.WithTimeout();
        Assert.AreEqual("Path: fake: no answer within 00:00:03", monitor.Health.Current.Reason);
    }

    [TestMethod]
    public async Task Check_ProbeThatHeedsNoToken_NeverRunsTwiceAtATime()
    {
        var stuck = new TaskCompletionSource<ProbeResult>();
        _probe.OnProbe = _ => new ValueTask<ProbeResult>(stuck.Task);
        await using HealthMonitor monitor = Start(Exact);
        for (int i = 0; i < 300; i++)
        {
            // Continuations of a timeout may run elsewhere: whenever the check is over, its timer is armed again.
            await _clock.WaitForTimersAsync(1).WithTimeout();
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.HasCount(1, _probe.Times);
        Assert.AreEqual(1, _probe.MostAtOnce);
        Assert.AreEqual("Path: fake: the check before has not ended yet", monitor.Health.Current.Reason);

        _probe.Answer(isGood: true);
        stuck.SetResult(ProbeResult.Pass());
        for (int i = 0; i < 20 && monitor.Health.Current.State != HealthState.Healthy; i++)
        {
            await _clock.WaitForTimersAsync(1).WithTimeout();
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.AreEqual(HealthState.Healthy, monitor.Health.Current.State);
        Assert.AreEqual(1, _probe.MostAtOnce);
    }

    [TestMethod]
    public async Task Check_ProbeThrows_IsAResult()
    {
        await using HealthMonitor monitor = Start(Exact);
        _probe.OnProbe = static _ => throw new NotSupportedException("no such service");
        _clock.Advance(TimeSpan.Zero);
        Assert.IsFalse(monitor.Health.Current.Path.IsKnown);

        _probe.OnProbe = static _ => throw new InvalidOperationException("a fault in the probe");
        _clock.Advance(TimeSpan.FromMinutes(2));

        Assert.AreEqual("Path: fake: a fault in the probe", monitor.Health.Current.Reason);
    }

    [TestMethod]
    public async Task Intervals_WithJitter_StayWithinTheirBoundsAndDiffer()
    {
        Random random = TestSeed.TakeRandom();
        await using HealthMonitor monitor = Start(Exact with { Jitter = 0.2, Interval = TimeSpan.FromSeconds(10), IdleInterval = TimeSpan.FromSeconds(10) }, random);
        _clock.Advance(TimeSpan.FromMinutes(60));

        double[] times = Seconds();
        Assert.IsLessThanOrEqualTo(0.2, times[0]);
        double[] intervals = [.. times.Zip(times.Skip(1), static (a, b) => b - a)];
        Assert.IsTrue(intervals.All(i => i is >= 8 and <= 12), string.Join(", ", intervals));
        Assert.IsTrue(intervals.Min() < 9 && intervals.Max() > 11, "they are to be spread over the whole range");
    }

    [TestMethod]
    public async Task CheckSoon_AskedManyTimes_BringsOneCheckForward()
    {
        await using HealthMonitor monitor = Start(Exact);
        _clock.Advance(TimeSpan.FromSeconds(10));
        for (int i = 0; i < 9; i++)
        {
            monitor.CheckSoon();
            _clock.Advance(TimeSpan.FromSeconds(0.1));
        }

        Assert.HasCount(1, _probe.Times);
        _clock.Advance(TimeSpan.FromSeconds(10));
        CollectionAssert.AreEqual((double[])[0, 11], Seconds());
    }

    [TestMethod]
    public async Task PassiveFailure_WhileChecksAreFarOff_BringsACheckForward()
    {
        await using HealthMonitor monitor = Start(Exact);
        _clock.Advance(TimeSpan.FromSeconds(10));
        for (int i = 0; i < 5; i++)
        {
            _target.Call(CallOutcome.TransportFailure);
            monitor.Health.RecordCall(CallOutcome.TransportFailure);
        }

        Assert.AreEqual(HealthState.Unhealthy, monitor.Health.Current.State);
        _clock.Advance(TimeSpan.FromSeconds(1));
        CollectionAssert.AreEqual((double[])[0, 11], Seconds());
    }

    [TestMethod]
    public async Task Checks_OfManyEndPoints_RunOnlySoManyAtATime()
    {
        var gate = new TaskCompletionSource<ProbeResult>();
        _probe.OnProbe = _ => new ValueTask<ProbeResult>(gate.Task);
        var monitors = new HealthMonitors(Exact with { Probes = [_probe], MaxConcurrentChecks = 3 }, _clock, new Random(1), _log);
        HealthMonitor[] all = [.. Enumerable.Range(0, 10).Select(_ => monitors.Create(new FakeTarget(_clock)))];
        Array.ForEach(all, static m => m.Start());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.HasCount(3, _probe.Times);

        Task over = Task.WhenAll(all.Select(m => Until(m.Health, HealthState.Healthy)));
        gate.SetResult(ProbeResult.Pass());
        await over.WithTimeout();

        Assert.HasCount(10, _probe.Times);
        Assert.IsLessThanOrEqualTo(3, _probe.MostAtOnce);
        foreach (HealthMonitor monitor in all)
        {
            await monitor.DisposeAsync();
        }
    }

    [TestMethod]
    public async Task DisposeAsync_WhileACheckRuns_CancelsItAndEnds()
    {
        var asked = new TaskCompletionSource();
        _probe.OnProbe = async token =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, _clock, token).ConfigureAwait(false);
            return ProbeResult.Pass();
        };
        HealthMonitor monitor = Start(Exact);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await asked.Task.WithTimeout();

        await monitor.DisposeAsync().WithTimeout();
        await monitor.DisposeAsync().WithTimeout();

        Assert.IsFalse(monitor.Health.Current.Path.IsKnown);
    }

    [TestMethod]
    public async Task PingProbe_OnASession_CountsForThePath()
    {
        var monitors = new HealthMonitors(Exact with { Probes = [new PingProbe()] }, _clock, new Random(1), _log);
        await using HealthMonitor monitor = monitors.Create(_target);
        monitor.Start();
        _clock.Advance(TimeSpan.Zero);
        Assert.IsTrue(monitor.Health.Current.Path.IsKnown);

        _target.Sessions[0].OnPing = static _ => throw new TransportException(TransportError.ConnectionLost, "the connection ended");
        _clock.Advance(TimeSpan.FromMinutes(3));

        Assert.AreEqual("Path: ping: the connection ended", monitor.Health.Current.Reason);
    }

    private DateTimeOffset Begin { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static Task Until(EndPointHealth health, HealthState state)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        health.Changed += (_, change) =>
        {
            if (change.Current.State == state)
            {
                reached.TrySetResult();
            }
        };
        return health.Current.State == state ? Task.CompletedTask : reached.Task;
    }

    private HealthMonitor Create(HealthOptions options, Random? random = null) =>
        new HealthMonitors(options with { Probes = [_probe] }, _clock, random ?? new Random(1), _log).Create(_target);

    [TestMethod]
    [DataRow(1, LogLevel.Warning, "NothingChecks")]
    [DataRow(2, LogLevel.Information, "ProbeUnsupported")]
    public async Task Check_WherePingCannotBeSent_IsToldOnceForTheChannel(int probes, LogLevel level, string told)
    {
        var log = new EventLog();
        HealthProbe[] checks = [new PingProbe(), _probe];
        var monitors = new HealthMonitors(Exact with { Probes = checks[..probes] }, _clock, new Random(1), log);
        var targets = new[] { new FakeTarget(_clock), new FakeTarget(_clock) };
        foreach (FakeTarget target in targets)
        {
            target.Sessions[0].OnPing = static _ => throw new NotSupportedException("There is no PING here.");
        }

        HealthMonitor[] all = [.. targets.Select(monitors.Create)];
        Array.ForEach(all, static m => m.Start());
        _clock.Advance(TimeSpan.FromMinutes(10));

        (LogLevel Level, string? Name, string Text) only = log.Events.Single(static e => e.Name is "NothingChecks" or "ProbeUnsupported");
        Assert.AreEqual((level, told), (only.Level, only.Name));
        Assert.Contains("The check ping cannot be made over net/1", only.Text);
        Assert.Contains("There is no PING here.", only.Text);
        if (probes == 1)
        {
            Assert.Contains("EchoProbe or GrpcHealthProbe", only.Text);
            Assert.IsFalse(all[0].Health.Current.Path.IsKnown, "A check that cannot be made says nothing.");
        }

        foreach (HealthMonitor monitor in all)
        {
            await monitor.DisposeAsync();
        }
    }

    private HealthMonitor Start(HealthOptions options, Random? random = null)
    {
        HealthMonitor monitor = Create(options, random);
        monitor.Start();
        return monitor;
    }

    private double[] Seconds() => [.. _probe.Times.Select(t => (t - Begin).TotalSeconds)];
}
