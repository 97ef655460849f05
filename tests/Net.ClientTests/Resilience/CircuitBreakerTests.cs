using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resilience;

[TestClass]
public sealed class CircuitBreakerTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);
    private readonly ManualTimeProvider _clock = new();

    [TestMethod]
    public void Defaults_AreThoseOfTheFirstPool()
    {
        CircuitBreakerOptions options = CircuitBreakerOptions.Default;

        Assert.AreEqual((5, 2, 3), (options.ConsecutiveFailures, options.SuccessesToClose, options.HalfOpenCalls));
        Assert.AreEqual((TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60)), (options.OpenTime, options.Window));
    }

    [TestMethod]
    public void Validate_EverythingWrong_NamesEachFault()
    {
        var options = new CircuitBreakerOptions
        {
            ConsecutiveFailures = 0, FailureRatio = double.NaN, MinimumThroughput = 1, Window = TimeSpan.Zero, OpenTime = TimeSpan.Zero, OpenTimeGrowth = 0.5,
            MaxOpenTime = TimeSpan.FromTicks(-1), OpenTimeJitter = 0.6, HalfOpenCalls = 0, SuccessesToClose = 0, ProbeTimeout = TimeSpan.Zero,
        };

        string message = Assert.ThrowsExactly<ArgumentException>(options.Validate).Message;

        foreach (string property in (string[])["ConsecutiveFailures", "FailureRatio", "MinimumThroughput", "Window", "OpenTime ", "OpenTimeGrowth", "MaxOpenTime", "OpenTimeJitter", "HalfOpenCalls", "SuccessesToClose", "ProbeTimeout"])
        {
            StringAssert.Contains(message, "CircuitBreakerOptions." + property);
        }
    }

    [TestMethod]
    public void Report_FiveFailuresInARow_OpensForTheOpenTime()
    {
        using CircuitBreaker breaker = Make(new());
        Fail(breaker, 4);
        Assert.AreEqual(BreakerState.Closed, breaker.State);

        Fail(breaker, 1);

        Assert.AreEqual(BreakerState.Open, breaker.State);
        Assert.AreEqual(BreakerTrigger.ConsecutiveFailures, breaker.LastTrigger);
        Assert.AreEqual(TimeSpan.FromSeconds(60), breaker.RetryAfter);
        Assert.AreEqual(_clock.GetUtcNow() + TimeSpan.FromSeconds(60), breaker.OpenUntil);
        Assert.IsFalse(breaker.TryAcquire(out _));
    }

    [TestMethod]
    [DataRow(CallOutcome.ServerFailure, true)]
    [DataRow(CallOutcome.TransportFailure, true)]
    [DataRow(CallOutcome.TimedOut, true)]
    [DataRow(CallOutcome.Success, false)]
    [DataRow(CallOutcome.ApplicationFailure, false)]
    [DataRow(CallOutcome.Overloaded, false)]
    [DataRow(CallOutcome.Cancelled, false)]
    [DataRow(CallOutcome.Refused, false)]
    public void Report_EachOutcomeManyTimes_OpensOnlyForFailuresOfTheEndPoint(CallOutcome outcome, bool opens)
    {
        using CircuitBreaker breaker = Make(new());

        for (int i = 0; i < 100 && breaker.TryAcquire(out BreakerPermit permit); i++)
        {
            permit.Report(outcome);
        }

        Assert.AreEqual(opens ? BreakerState.Open : BreakerState.Closed, breaker.State);
    }

    [TestMethod]
    public void Report_FailuresAmongAnswers_OpensByTheRatioOnceTheWindowHoldsEnough()
    {
        using CircuitBreaker breaker = Make(new() { ConsecutiveFailures = null, FailureRatio = 0.5, MinimumThroughput = 10 });

        for (int i = 0; i < 4; i++)
        {
            Answer(breaker, 1);
            Fail(breaker, 1);
        }

        Answer(breaker, 1);
        Assert.AreEqual(BreakerState.Closed, breaker.State, "Nine calls are not enough.");
        Fail(breaker, 1);
        Assert.AreEqual((BreakerState.Open, BreakerTrigger.FailureRatio), (breaker.State, breaker.LastTrigger));
    }

    [TestMethod]
    public void Report_FailuresThatAreOld_DoNotCount()
    {
        using CircuitBreaker breaker = Make(new() { FailureRatio = 0.5, MinimumThroughput = 5 });
        Fail(breaker, 4);

        _clock.Advance(TimeSpan.FromSeconds(60) + Tick);
        Fail(breaker, 4);

        Assert.AreEqual(BreakerState.Closed, breaker.State);
    }

    [TestMethod]
    public void TryAcquire_HalfOpen_LetsNoMoreThanThreeThroughAtOnce()
    {
        using CircuitBreaker breaker = Make(new());
        Fail(breaker, 5);
        _clock.Advance(TimeSpan.FromSeconds(60) - Tick);
        Assert.IsFalse(breaker.TryAcquire(out _));
        _clock.Advance(Tick);
        Assert.AreEqual(BreakerState.HalfOpen, breaker.State);

        var probes = new BreakerPermit[3];
        for (int i = 0; i < 3; i++)
        {
            Assert.IsTrue(breaker.TryAcquire(out probes[i]));
            Assert.IsTrue(probes[i].IsProbe);
        }

        Assert.IsFalse(breaker.CanAcquire());
        Assert.IsFalse(breaker.TryAcquire(out _));
        probes[1].Report(CallOutcome.Cancelled);
        Assert.IsTrue(breaker.TryAcquire(out probes[1]), "A probe that says nothing gives its place back.");
        probes[0].Report(CallOutcome.Success);
        Assert.AreEqual(BreakerState.HalfOpen, breaker.State);
        probes[0].Report(CallOutcome.Success);
        Assert.AreEqual(BreakerState.HalfOpen, breaker.State, "A permit counts once.");
        probes[1].Report(CallOutcome.ApplicationFailure);
        Assert.AreEqual(BreakerState.Closed, breaker.State);
        probes[2].Report(CallOutcome.TransportFailure);
        Assert.AreEqual(BreakerState.Closed, breaker.State, "A probe of before counts no more.");
    }

    [TestMethod]
    public void TryAcquire_ProbeHeldForLong_LosesItsPlaceAndItsVote()
    {
        using CircuitBreaker breaker = Make(new() { HalfOpenCalls = 1 });
        Fail(breaker, 5);
        _clock.Advance(TimeSpan.FromSeconds(60));
        Assert.IsTrue(breaker.TryAcquire(out BreakerPermit stream));

        _clock.Advance(TimeSpan.FromSeconds(30) - Tick);
        Assert.IsFalse(breaker.TryAcquire(out _));
        _clock.Advance(Tick);

        Assert.IsTrue(breaker.TryAcquire(out BreakerPermit next));
        stream.Report(CallOutcome.TransportFailure);
        Assert.AreEqual(BreakerState.HalfOpen, breaker.State);
        next.Report(CallOutcome.TransportFailure);
        Assert.AreEqual(BreakerState.Open, breaker.State);
    }

    [TestMethod]
    public void OpenTime_EachFailedProbe_GrowsToItsLimit()
    {
        using CircuitBreaker breaker = Make(new() { MaxOpenTime = TimeSpan.FromSeconds(400) });
        Fail(breaker, 5);

        foreach (int seconds in (int[])[60, 120, 240, 400, 400])
        {
            Assert.AreEqual(TimeSpan.FromSeconds(seconds), breaker.RetryAfter);
            _clock.Advance(TimeSpan.FromSeconds(seconds));
            Fail(breaker, 1);
        }
    }

    [TestMethod]
    public void OpenTime_FailsAgainSoonAfterItClosed_GoesOnGrowing()
    {
        using CircuitBreaker breaker = Make(new());
        Fail(breaker, 5);
        _clock.Advance(TimeSpan.FromSeconds(60));
        Answer(breaker, 2);
        _clock.Advance(TimeSpan.FromSeconds(59));
        Fail(breaker, 5);
        Assert.AreEqual(TimeSpan.FromSeconds(120), breaker.RetryAfter);

        _clock.Advance(TimeSpan.FromSeconds(120));
        Answer(breaker, 2);
        _clock.Advance(TimeSpan.FromSeconds(61));
        Fail(breaker, 5);
        Assert.AreEqual(TimeSpan.FromSeconds(60), breaker.RetryAfter, "It held for longer than the window: all is forgotten.");
    }

    [TestMethod]
    public void OpenTime_WithJitter_LiesAroundTheOpenTime()
    {
        var random = TestSeed.TakeRandom();
        var times = new HashSet<TimeSpan>();
        for (int i = 0; i < 200; i++)
        {
            using var breaker = new CircuitBreaker("a:1", new() { OpenTimeJitter = 0.1 }, _clock, random);
            Fail(breaker, 5);
            times.Add(breaker.RetryAfter!.Value);
        }

        Assert.IsTrue(times.Count > 100, "The times must differ.");
        Assert.IsTrue(times.All(static t => t >= TimeSpan.FromSeconds(54) && t <= TimeSpan.FromSeconds(66)));
    }

    [TestMethod]
    public void Isolate_ThenTime_StaysUntilReset()
    {
        using CircuitBreaker breaker = Make(new());
        Assert.IsTrue(breaker.TryAcquire(out BreakerPermit before));
        breaker.Isolate();
        breaker.Isolate();
        _clock.Advance(TimeSpan.FromDays(1));
        before.Report(CallOutcome.Success);

        Assert.AreEqual(BreakerState.Isolated, breaker.State);
        Assert.IsFalse(breaker.CanAcquire());
        Assert.IsFalse(breaker.TryAcquire(out _));
        Assert.IsNull(breaker.RetryAfter);
        breaker.Reset();
        Assert.IsTrue(breaker.TryAcquire(out _));
    }

    [TestMethod]
    public void Reset_WhileClosed_ForgetsFailuresAndCallsUnderWay()
    {
        using CircuitBreaker breaker = Make(new());
        Assert.IsTrue(breaker.TryAcquire(out BreakerPermit before));
        Fail(breaker, 4);

        breaker.Reset();
        before.Report(CallOutcome.TransportFailure);
        Fail(breaker, 4);

        Assert.AreEqual(BreakerState.Closed, breaker.State);
    }

    [TestMethod]
    public void StateChanged_ThroughALife_TellsEachStepInOrder()
    {
        using CircuitBreaker breaker = Make(new());
        List<string> steps = [];
        breaker.StateChanged += (sender, e) =>
        {
            Assert.AreSame(breaker, sender);
            steps.Add($"{e.Sequence} {e.Previous}>{e.Current} {e.Trigger} {e.OpenFor?.TotalSeconds}");
            _ = breaker.State; // A handler may ask: no lock is held.
        };

        Fail(breaker, 5);
        _clock.Advance(TimeSpan.FromSeconds(60));
        Fail(breaker, 1);
        _clock.Advance(TimeSpan.FromSeconds(120));
        Answer(breaker, 2);
        breaker.Isolate();
        breaker.Reset();

        CollectionAssert.AreEqual(
            (string[])[
                "1 Closed>Open ConsecutiveFailures 60", "2 Open>HalfOpen OpenTimeOver ", "3 HalfOpen>Open ProbeFailed 120", "4 Open>HalfOpen OpenTimeOver ",
                "5 HalfOpen>Closed ProbesSucceeded ", "6 Closed>Isolated Manual ", "7 Isolated>Closed Manual ",
            ],
            steps);
    }

    [TestMethod]
    public async Task TryAcquire_ManyThreads_NeverMoreProbesThanPlaces()
    {
        using CircuitBreaker breaker = Make(new() { OpenTime = TimeSpan.FromMilliseconds(1), MaxOpenTime = TimeSpan.FromMilliseconds(1), SuccessesToClose = 3, ProbeTimeout = TimeSpan.FromHours(1) });
        int underWay = 0;
        int most = 0;
        int seed = TestSeed.Take();
        long probes = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            var random = new Random(seed + worker);
            for (int i = 0; i < 20_000; i++)
            {
                if (!breaker.TryAcquire(out BreakerPermit permit))
                {
                    _clock.Advance(TimeSpan.FromMilliseconds(1));
                    continue;
                }

                if (permit.IsProbe)
                {
                    Interlocked.Increment(ref probes);
                    int now = Interlocked.Increment(ref underWay);
                    int seen;
                    while ((seen = Volatile.Read(ref most)) < now && Interlocked.CompareExchange(ref most, now, seen) != seen)
                    {
                    }

                    Interlocked.Decrement(ref underWay);
                }

                permit.Report(random.Next(3) == 0 ? CallOutcome.Success : CallOutcome.TransportFailure);
            }
        }))).WithTimeout();

        Assert.IsTrue(probes > 0);
        Assert.IsTrue(most <= 3, $"{most} probes at once.");

        // Nothing is left behind: with all permits reported the breaker still closes.
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        breaker.Reset();
        Fail(breaker, 5);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Answer(breaker, 3);
        Assert.AreEqual(BreakerState.Closed, breaker.State);
    }

    [TestMethod]
    public void ClosedPath_AcquireAndReport_AllocatesNothing()
    {
        using var breaker = new CircuitBreaker("a:1");
        Answer(breaker, 1000);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Answer(breaker, 10_000);

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Fail(CircuitBreaker breaker, int times) => Report(breaker, times, CallOutcome.TransportFailure);

    private static void Answer(CircuitBreaker breaker, int times) => Report(breaker, times, CallOutcome.Success);

    private static void Report(CircuitBreaker breaker, int times, CallOutcome outcome)
    {
        for (int i = 0; i < times; i++)
        {
            if (!breaker.TryAcquire(out BreakerPermit permit))
            {
                Assert.Fail("The breaker lets nothing through.");
            }

            permit.Report(outcome);
        }
    }

    // Without chance there is no jitter.
    private CircuitBreaker Make(CircuitBreakerOptions options) => new("a:1", options, _clock);
}
