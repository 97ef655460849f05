using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Balancing;

/// <summary>The live figures of an end point.</summary>
[TestClass]
public sealed class LoadTests
{
    private readonly ManualTimeProvider _clock = new();

    [TestMethod]
    public void GetCost_NothingKnown_IsTheInitialCostAndThenTheRoundTripTime()
    {
        var load = new EndPointLoad(_clock, new EndPointLoadOptions { InitialCost = TimeSpan.FromMilliseconds(7) });
        Assert.AreEqual(7, Cost(load));

        load.SmoothedRtt = TimeSpan.FromMilliseconds(31);

        Assert.AreEqual(31, Cost(load));
        Assert.AreEqual(TimeSpan.FromMilliseconds(31), load.SmoothedRtt);
    }

    [TestMethod]
    public void End_SlowerThanExpected_CostsThatAtOnceAndFasterOnlyByAndBy()
    {
        var load = new EndPointLoad(_clock) { SmoothedRtt = TimeSpan.FromMilliseconds(1) };
        End(load, 2);
        Assert.AreEqual(2, Cost(load), 1e-6);
        End(load, 80);
        Assert.AreEqual(80, Cost(load), 1e-5);

        _clock.Advance(TimeSpan.FromSeconds(10));
        End(load, 2);

        // 1/e of the way is left after the memory's 10 s.
        Assert.AreEqual(2 + (78 / Math.E), Cost(load), 0.5);
    }

    [TestMethod]
    public void GetCost_NoCallsAnyMore_FadesToTheRoundTripTime()
    {
        var load = new EndPointLoad(_clock) { SmoothedRtt = TimeSpan.FromMilliseconds(3) };
        End(load, 500);

        _clock.Advance(TimeSpan.FromSeconds(20));
        Assert.AreEqual(3 + (497 / Math.E / Math.E), Cost(load), 0.1);
        _clock.Advance(TimeSpan.FromHours(3));
        Assert.AreEqual(3, Cost(load), 0.01);
    }

    [TestMethod]
    [DataRow(CallOutcome.Overloaded)]
    [DataRow(CallOutcome.ServerFailure)]
    [DataRow(CallOutcome.TransportFailure)]
    [DataRow(CallOutcome.TimedOut)]
    [DataRow(CallOutcome.Refused)]
    public void End_QuickFailure_MakesTheEndPointDearerNotCheaper(CallOutcome outcome)
    {
        var load = new EndPointLoad(_clock);
        End(load, 20);
        double[] costs = [.. Enumerable.Range(0, 6).Select(_ =>
        {
            End(load, 0.1, outcome);
            return Cost(load);
        })];

        Assert.AreEqual(60, costs[0], 0.01);
        Assert.AreEqual(180, costs[1], 0.1);
        Assert.AreEqual(1000, costs[^1], 0.1, "it grows without bound");
        Assert.AreEqual(6, load.GetPenalty(_clock.GetTimestamp()), 0.001);
        Assert.AreEqual(6, load.Failed);
        Assert.AreEqual(7, load.Ended);
    }

    [TestMethod]
    public void End_FailureOfAVerySlowEndPoint_DoesNotMakeItCheaper()
    {
        var load = new EndPointLoad(_clock);
        End(load, 8000);
        _clock.Advance(TimeSpan.FromMilliseconds(5));

        End(load, 1, CallOutcome.ServerFailure);

        Assert.AreEqual(8000, Cost(load), 10);
    }

    [TestMethod]
    public void GetPenalty_SingleFailure_IsForgottenWithinTheMemory()
    {
        var load = new EndPointLoad(_clock);
        End(load, 1, CallOutcome.Overloaded);
        Assert.AreEqual(1, Penalty(load));
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.AreEqual(Math.Exp(-0.5), Penalty(load), 1e-3);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.AreEqual(0, Penalty(load));
    }

    [TestMethod]
    [DataRow(CallOutcome.ApplicationFailure)]
    [DataRow(CallOutcome.Cancelled)]
    [DataRow(CallOutcome.Success)]
    public void End_CallersOwnMistakeOrWish_IsNoFailure(CallOutcome outcome)
    {
        var load = new EndPointLoad(_clock);
        End(load, 5);
        End(load, 5, outcome);

        Assert.AreEqual(5, Cost(load), 1e-5);
        Assert.AreEqual(0, Penalty(load));
        Assert.AreEqual(0, load.Failed);
    }

    [TestMethod]
    public void End_CancelledCall_CountsOnlyAsALowerBound()
    {
        var load = new EndPointLoad(_clock) { SmoothedRtt = TimeSpan.FromMilliseconds(4) };
        End(load, 1, CallOutcome.Cancelled);
        Assert.AreEqual(4, Cost(load), "a call given up early says nothing");

        End(load, 300, CallOutcome.Cancelled);
        Assert.AreEqual(300, Cost(load), 1e-4, "a call that hung until it was given up says much");

        _clock.Advance(TimeSpan.FromSeconds(1));
        double before = Cost(load);
        End(load, 1, CallOutcome.Cancelled);
        Assert.AreEqual(before, Cost(load));
    }

    [TestMethod]
    public void BeginAndEnd_ManyThreads_LoseNothing()
    {
        var load = new EndPointLoad(_clock);

        Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 16 }, thread =>
        {
            for (int i = 0; i < 2000; i++)
            {
                load.Begin();
                load.End(TimeSpan.FromMilliseconds(thread + 1), i % 10 == 0 ? CallOutcome.ServerFailure : CallOutcome.Success);
            }
        });

        Assert.AreEqual(0, load.InFlight);
        Assert.AreEqual(32_000, load.Ended);
        Assert.AreEqual(3200, load.Failed);
        Assert.AreEqual(3200, Penalty(load), 0.5);
    }

    [TestMethod]
    public void GetCost_ClockReadingFromAMomentAgo_IsNoAgeOfWeeks()
    {
        var load = new EndPointLoad(_clock);
        long before = _clock.GetTimestamp();
        _clock.Advance(TimeSpan.FromMilliseconds(3));
        End(load, 50);

        Assert.AreEqual(50, load.GetCost(before), 1e-5);
    }

    private static void End(EndPointLoad load, double milliseconds, CallOutcome outcome = CallOutcome.Success)
    {
        load.Begin();
        load.End(TimeSpan.FromMilliseconds(milliseconds), outcome);
    }

    private double Cost(EndPointLoad load) => load.GetCost(_clock.GetTimestamp());

    private double Penalty(EndPointLoad load) => load.GetPenalty(_clock.GetTimestamp());
}
