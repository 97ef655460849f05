using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Health;

/// <summary>The verdicts and what they come to, without a monitor.</summary>
[TestClass]
public sealed class EndPointHealthTests
{
    private static readonly ProbeResult Fail = ProbeResult.Fail("it says no");

    private readonly ManualTimeProvider _clock = new();
    private readonly FakeProbe _path = new(HealthAspect.Path);
    private readonly List<EndPointHealthChangedEventArgs> _changes = [];
    private FakeTarget _target = null!;

    [TestInitialize]
    public void Initialize() => _target = new FakeTarget(_clock);

    [TestMethod]
    public void Current_NothingKnown_IsHealthyUnlessThePathIsChecked()
    {
        Assert.AreEqual(HealthState.Healthy, Make(new HealthOptions { Probes = [] }).Current.State);

        EndPointHealthSnapshot current = Make(new HealthOptions { Probes = [_path] }).Current;
        Assert.AreEqual(HealthState.Degraded, current.State);
        Assert.AreEqual("Path: not reached yet", current.Reason);
        Assert.IsFalse(current.Path.IsKnown || current.Process.IsKnown || current.Service.IsKnown);
    }

    [TestMethod]
    public void RecordProbe_FirstResult_DecidesAlone()
    {
        EndPointHealth dead = Make(new HealthOptions { Probes = [_path] });
        dead.RecordProbe(_path, Fail);
        Assert.AreEqual(HealthState.Unhealthy, dead.Current.State);
        Assert.AreEqual("Path: fake: it says no", dead.Current.Reason);

        EndPointHealth alive = Make(new HealthOptions { Probes = [_path] });
        alive.RecordProbe(_path, ProbeResult.Pass());
        Assert.AreEqual(HealthState.Healthy, alive.Current.State);
        Assert.IsTrue(alive.Current.Path.IsKnown);
    }

    [TestMethod]
    public void RecordProbe_ResultsAgainstTheVerdict_TurnItAtTheThresholdsOnly()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [_path], Fall = 3, Rise = 2 });
        string trace = Play(health, "PFFPFFFPFPP");

        Assert.AreEqual("hhhhhhuuuuh", trace);
        Assert.HasCount(3, _changes);
        Assert.AreEqual(HealthState.Unhealthy, _changes[1].Current.State);
        Assert.AreEqual(HealthState.Healthy, _changes[1].Previous.State);
        Assert.AreSame(_target.EndPoint, _changes[1].EndPoint);
    }

    [TestMethod]
    public void RecordProbe_SettlingResult_NeedsNoThreshold()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [_path] });
        health.RecordProbe(_path, ProbeResult.Pass());

        health.RecordProbe(_path, Fail, settles: true);
        Assert.AreEqual(HealthState.Unhealthy, health.Current.State);
        health.RecordProbe(_path, ProbeResult.Pass(), settles: true);
        Assert.AreEqual(HealthState.Healthy, health.Current.State);
    }

    [TestMethod]
    public void RecordProbe_Inconclusive_ChangesNothing()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [_path] });
        health.RecordProbe(_path, ProbeResult.Inconclusive("not supported"));
        Assert.IsEmpty(_changes);
        Play(health, "PFF");
        health.RecordProbe(_path, ProbeResult.Inconclusive("not supported"));
        Assert.AreEqual("u", Play(health, "F"));
    }

    [TestMethod]
    public void RecordProbe_FlappingEndPoint_HasToProveItselfLongerEachTime()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [_path], Fall = 1, Rise = 2, MaxRise = 8, FlapWindow = TimeSpan.FromMinutes(1) });
        int PassesNeeded()
        {
            health.RecordProbe(_path, Fail);
            for (int passes = 1; ; passes++)
            {
                health.RecordProbe(_path, ProbeResult.Pass());
                if (health.Current.State == HealthState.Healthy)
                {
                    return passes;
                }
            }
        }

        health.RecordProbe(_path, ProbeResult.Pass());
        int[] needed = [.. Enumerable.Range(0, 5).Select(_ => PassesNeeded())];
        _clock.Advance(TimeSpan.FromMinutes(2));

        CollectionAssert.AreEqual((int[])[2, 4, 8, 8, 8], needed);
        Assert.AreEqual(2, PassesNeeded(), "it has been stable for longer than the window");
    }

    [TestMethod]
    public void RecordProbe_AnotherProbe_IsRefusedByName()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [] });

        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => health.RecordProbe(_path, Fail)).Message, "'fake'");
    }

    [TestMethod]
    public void Verdicts_DifferentTroubles_AreKeptApart()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [_path], Passive = new PassiveHealthOptions { ConsecutiveFailures = 3 } });
        Play(health, "P");
        Calls(health, CallOutcome.ServerFailure, 3);

        EndPointHealthSnapshot current = health.Current;
        Assert.AreEqual(HealthState.Healthy, current.Path.State);
        Assert.AreEqual(HealthState.Healthy, current.Process.State);
        Assert.AreEqual(HealthState.Unhealthy, current.Service.State);
        Assert.AreEqual("Service: calls: 3 calls in a row failed in the server", current.Reason);
        Assert.AreSame(current.Service, current[HealthAspect.Service]);
    }

    [TestMethod]
    [DataRow(CallOutcome.TransportFailure, HealthAspect.Path)]
    [DataRow(CallOutcome.TimedOut, HealthAspect.Process)]
    [DataRow(CallOutcome.ServerFailure, HealthAspect.Service)]
    public void RecordCall_FailuresInARow_FailTheirVerdictForAWhile(CallOutcome outcome, HealthAspect aspect)
    {
        var options = new PassiveHealthOptions { ConsecutiveFailures = 4, Hold = TimeSpan.FromSeconds(10), MaxHold = TimeSpan.FromSeconds(30), Window = TimeSpan.FromSeconds(5) };
        EndPointHealth health = Make(new HealthOptions { Probes = [], Passive = options });
        Calls(health, outcome, 3);
        Calls(health, CallOutcome.Success, 1);
        Calls(health, outcome, 3);
        Assert.AreEqual(HealthState.Healthy, health.Current.State, "three in a row are below the threshold");
        double[] holds = [.. Enumerable.Range(0, 4).Select(_ =>
        {
            Calls(health, outcome, 4);
            Assert.AreEqual(HealthState.Unhealthy, health.Current[aspect].State);
            DateTimeOffset failed = _clock.GetUtcNow();
            while (health.Current.State == HealthState.Unhealthy)
            {
                Assert.IsTrue(_clock.AdvanceToNextTimer());
            }

            Assert.IsFalse(health.Current[aspect].IsKnown, "it is to be judged anew");
            return (_clock.GetUtcNow() - failed).TotalSeconds;
        })];

        CollectionAssert.AreEqual((double[])[10, 20, 30, 30], holds);
        Calls(health, CallOutcome.Success, 1);
        Assert.IsTrue(health.Current[aspect].IsKnown);
        _clock.Advance(TimeSpan.FromSeconds(6));
        Calls(health, outcome, 4);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.AreEqual(HealthState.Healthy, health.Current.State, "after a quiet window the hold is short again");
    }

    [TestMethod]
    public void RecordConnect_ThatSucceeds_ClearsThePathOfWhatCallsSaidAndNothingElse()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [], Passive = new PassiveHealthOptions { ConsecutiveFailures = 2, Hold = TimeSpan.FromSeconds(10) } });
        Calls(health, CallOutcome.TransportFailure, 2);
        Calls(health, CallOutcome.TimedOut, 2);
        Assert.AreEqual(HealthState.Unhealthy, health.Current.Path.State);

        health.RecordConnect("refused");
        Assert.AreEqual(HealthState.Unhealthy, health.Current.Path.State);
        health.RecordConnect(null);

        Assert.AreEqual(HealthState.Healthy, health.Current.Path.State);
        Assert.AreEqual(HealthState.Unhealthy, health.Current.Process.State);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.AreEqual(HealthState.Healthy, health.Current.State);
    }

    [TestMethod]
    public void RecordProbe_ThatPassesAgain_EndsWhatCallsSaidOfTheSameAspect()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [_path], Fall = 1, Rise = 2, Passive = new PassiveHealthOptions { ConsecutiveFailures = 2, Hold = TimeSpan.FromSeconds(10) } });
        health.RecordProbe(_path, ProbeResult.Pass());
        Calls(health, CallOutcome.TransportFailure, 2);
        Calls(health, CallOutcome.TimedOut, 2);
        health.RecordProbe(_path, ProbeResult.Pass());
        Assert.AreEqual(HealthState.Unhealthy, health.Current.Path.State, "a probe that never failed does not see what the calls see");

        health.RecordProbe(_path, Fail);
        health.RecordProbe(_path, ProbeResult.Pass());
        Assert.AreEqual(HealthState.Unhealthy, health.Current.Path.State, "one pass is not enough");
        health.RecordProbe(_path, ProbeResult.Pass());

        Assert.AreEqual(HealthState.Healthy, health.Current.Path.State);
        Assert.AreEqual(HealthState.Unhealthy, health.Current.Process.State, "the probe says nothing of it");
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.AreEqual(HealthState.Healthy, health.Current.State);
    }

    [TestMethod]
    public void RecordCall_PartOfTheCallsInAWindow_FailsToo()
    {
        var options = new PassiveHealthOptions { ConsecutiveFailures = 1000, FailureRatio = 0.5, MinCalls = 20, Window = TimeSpan.FromSeconds(10) };
        EndPointHealth health = Make(new HealthOptions { Probes = [], Passive = options });
        for (int i = 0; i < 40; i++)
        {
            // One of three fails: below the ratio, however many.
            Calls(health, i % 3 == 0 ? CallOutcome.TransportFailure : CallOutcome.Success, 1);
        }

        Assert.AreEqual(HealthState.Healthy, health.Current.State);
        _clock.Advance(TimeSpan.FromSeconds(11));
        for (int i = 0; i < 9; i++)
        {
            Calls(health, CallOutcome.TransportFailure, 1);
            Calls(health, CallOutcome.Success, 1);
        }

        Assert.AreEqual(HealthState.Healthy, health.Current.State, "too few calls for a ratio");
        Calls(health, CallOutcome.Success, 1);
        Calls(health, CallOutcome.TransportFailure, 2);
        Assert.AreEqual(HealthState.Unhealthy, health.Current.Path.State);
        StringAssert.Contains(health.Current.Reason!, "calls within 00:00:10 broke in transport");
    }

    [TestMethod]
    [DataRow(CallOutcome.ApplicationFailure)]
    [DataRow(CallOutcome.Cancelled)]
    [DataRow(CallOutcome.Overloaded)]
    [DataRow(CallOutcome.Refused)]
    public void RecordCall_WhatIsNoFaultOfTheEndPoint_NeverCounts(CallOutcome outcome)
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [] });

        Calls(health, outcome, 1000);

        Assert.AreEqual(HealthState.Healthy, health.Current.State);
    }

    [TestMethod]
    public void RecordCall_PassiveOff_SaysNothing()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [], Passive = null });

        Calls(health, CallOutcome.TransportFailure, 100);

        Assert.AreEqual(HealthState.Healthy, health.Current.State);
        Assert.AreEqual(0, _clock.ActiveTimers);
    }

    [TestMethod]
    public void RecordCall_GoesWell_AllocatesNothing()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [] });
        Calls(health, CallOutcome.Success, 10);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            health.RecordCall(CallOutcome.Success);
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void RecordConnect_FailsAndSucceeds_OneConnectionIsProofEnough()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [], Fall = 3 });
        health.RecordConnect("refused");
        Assert.AreEqual(HealthState.Unhealthy, health.Current.State, "it was dead at the start");
        health.RecordConnect(null);
        Assert.AreEqual(HealthState.Healthy, health.Current.State);
        health.RecordConnect("refused");
        health.RecordConnect("refused");
        Assert.AreEqual(HealthState.Healthy, health.Current.State);
        health.RecordConnect("timed out");
        Assert.AreEqual("Path: connect: timed out", health.Current.Reason);
    }

    [TestMethod]
    public void RecordPathSign_MakesThePathSuspect_AndFailingOutweighsIt()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [_path], Fall = 1 });
        Play(health, "P");
        health.RecordPathSign("3 probe timeouts in a row");
        Assert.AreEqual(HealthState.Degraded, health.Current.State);
        Assert.AreEqual("Path: path: 3 probe timeouts in a row", health.Current.Reason);

        Assert.AreEqual("u", Play(health, "F"));
        health.RecordPathSign(null);
        Assert.AreEqual(HealthState.Unhealthy, health.Current.State);
    }

    [TestMethod]
    public void Since_StateStays_IsWhenItBegan()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [_path], Fall = 1 });
        Play(health, "P");
        _clock.Advance(TimeSpan.FromSeconds(5));
        Play(health, "F");
        DateTimeOffset failed = _clock.GetUtcNow();
        _clock.Advance(TimeSpan.FromSeconds(5));
        health.RecordProbe(_path, ProbeResult.Fail("now for another reason"));

        Assert.AreEqual(failed, health.Current.Since);
        Assert.AreEqual(failed, health.Current.Path.Since);
        Assert.AreEqual("Path: fake: now for another reason", health.Current.Reason);
        Assert.HasCount(2, _changes, "another reason is no change of the verdict");
    }

    [TestMethod]
    public void Dispose_WhileAVerdictIsHeld_StopsTheTimerAndTakesInNothingMore()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [] });
        Calls(health, CallOutcome.TransportFailure, 5);
        Assert.AreEqual(1, _clock.ActiveTimers);

        health.Dispose();
        health.RecordConnect("refused");

        Assert.AreEqual(0, _clock.ActiveTimers);
        Assert.HasCount(1, _changes);
    }

    [TestMethod]
    public void Record_ManyThreads_EndsInOneConsistentVerdict()
    {
        EndPointHealth health = Make(new HealthOptions { Probes = [_path], Fall = 2, Rise = 2, FlapWindow = TimeSpan.Zero });

        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, thread =>
        {
            for (int i = 0; i < 500; i++)
            {
                health.RecordProbe(_path, (i + thread) % 5 < 3 ? Fail : ProbeResult.Pass());
                health.RecordCall(CallOutcome.Success);
                health.RecordPathSign(i % 2 == 0 ? "a sign" : null);
                EndPointHealthSnapshot current = health.Current;
                Assert.AreEqual(current.Path.State > current.Process.State ? current.Path.State : current.Process.State, current.State);
            }
        });

        health.RecordPathSign(null);
        StringAssert.EndsWith(Play(health, "PP"), "h");
    }

    [TestMethod]
    public void Options_AllOutOfRange_AreAllReported()
    {
        var options = new HealthOptions
        {
            Interval = default, ConfirmInterval = default, RecoveryInterval = default, IdleInterval = default, Jitter = 0.6, Timeout = default, Fall = 0, Rise = 0,
            FlapWindow = TimeSpan.FromDays(2), MaxRise = 0, MaxConcurrentChecks = 0, Probes = [_path, new FakeProbe()],
            Passive = new PassiveHealthOptions { ConsecutiveFailures = 0, FailureRatio = 0, MinCalls = 0, Window = default, Hold = default, MaxHold = TimeSpan.FromDays(2) },
            Path = new PathHealthOptions { SampleInterval = default, ProbeTimeouts = 0, LossRatio = 0, LossDatagrams = 0, RttFactor = 1, RttRise = default, ClearSamples = 0 },
        };

        string message = Assert.ThrowsExactly<ArgumentException>(options.Validate).Message;

        foreach (string property in (string[])["Interval", "ConfirmInterval", "RecoveryInterval", "Jitter", "Timeout", "Fall", "Rise", "FlapWindow", "MaxConcurrentChecks", "Probes"])
        {
            StringAssert.Contains(message, "HealthOptions." + property + " ");
        }

        foreach (string property in (string[])["PassiveHealthOptions.FailureRatio", "PassiveHealthOptions.MaxHold", "PathHealthOptions.RttFactor", "PathHealthOptions.ClearSamples"])
        {
            StringAssert.Contains(message, property);
        }
    }

    private EndPointHealth Make(HealthOptions options)
    {
        var health = new EndPointHealth(_target.EndPoint, _target.Load, options, _clock);
        health.Changed += (_, change) => _changes.Add(change);
        return health;
    }

    // P passes, F fails; the answer is the state after each: h healthy, u unhealthy.
    private string Play(EndPointHealth health, string results) => string.Concat(results.Select(r =>
    {
        health.RecordProbe(_path, r == 'P' ? ProbeResult.Pass() : Fail);
        return health.Current.State switch { HealthState.Healthy => 'h', HealthState.Degraded => 'd', _ => 'u' };
    }));

    private void Calls(EndPointHealth health, CallOutcome outcome, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _target.Call(outcome);
            health.RecordCall(outcome);
        }
    }
}
