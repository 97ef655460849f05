using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resilience;

[TestClass]
public sealed class OutlierEjectorTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);
    private readonly ManualTimeProvider _clock = new();

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Validate_EverythingWrong_NamesEachFault()
    {
        var options = new OutlierOptions
        {
            ConsecutiveFailures = 0, SuccessRateDeviations = 0, MinimumEndPoints = 2, MinimumCalls = 0, Interval = TimeSpan.Zero, MaxEjectedShare = 0.6, EjectionTime = TimeSpan.Zero,
            MaxEjectionTime = -Tick, EjectionTimeJitter = 2,
        };

        string message = Assert.ThrowsExactly<ArgumentException>(options.Validate).Message;

        Assert.AreEqual(9, message.Split(Environment.NewLine).Length, message);
    }

    [TestMethod]
    public void Record_FiveFailuresInARow_EjectsForTheBaseTimeByTheClock()
    {
        (OutlierEjector ejector, OutlierMember[] members) = Make(3);
        List<OutlierEjectedEventArgs> raised = [];
        ejector.Ejected += (_, e) => raised.Add(e);

        Fail(members[0], 4);
        members[0].Record(CallOutcome.ApplicationFailure);
        Fail(members[0], 4);
        Assert.IsFalse(members[0].IsEjectedNow, "An answer between them begins the count anew.");
        Fail(members[0], 1);

        Assert.IsTrue(members[0].IsEjectedNow);
        Assert.AreEqual(TimeSpan.FromSeconds(30), members[0].ReturnsAfter);
        Assert.AreEqual((members[0], OutlierReason.ConsecutiveFailures, TimeSpan.FromSeconds(30)), (raised.Single().EndPoint, raised[0].Reason, raised[0].EjectedFor));
        _clock.Advance(TimeSpan.FromSeconds(30) - Tick);
        Assert.IsTrue(members[0].IsEjectedNow);
        _clock.Advance(Tick);
        Assert.IsFalse(members[0].IsEjectedNow);
        Assert.AreEqual(0, _clock.ActiveTimers, "Nothing but the clock ends an ejection.");
    }

    [TestMethod]
    [DataRow(CallOutcome.ApplicationFailure)]
    [DataRow(CallOutcome.Overloaded)]
    [DataRow(CallOutcome.Cancelled)]
    [DataRow(CallOutcome.Refused)]
    public void Record_WhatIsNoFailureOfTheEndPoint_NeverEjects(CallOutcome outcome)
    {
        (_, OutlierMember[] members) = Make(3);

        for (int i = 0; i < 100; i++)
        {
            members[0].Record(outcome);
        }

        Assert.IsFalse(members[0].IsEjectedNow);
    }

    [TestMethod]
    [DataRow(1, 0.5, 0)]
    [DataRow(2, 0.5, 1)]
    [DataRow(3, 0.1, 1)]
    [DataRow(4, 0.5, 2)]
    [DataRow(10, 0.3, 3)]
    [DataRow(10, 0.1, 1)]
    public void Record_AllFail_EjectsNoMoreThanTheShareAndNeverAll(int count, double share, int ejected)
    {
        (OutlierEjector ejector, OutlierMember[] members) = Make(count, new() { MaxEjectedShare = share });

        foreach (OutlierMember member in members)
        {
            Fail(member, 20);
        }

        Assert.AreEqual(ejected, ejector.EjectedCount);
    }

    [TestMethod]
    public void Record_ComesBackOnlyToFail_StaysOutLongerEachTimeUpToTheLimit()
    {
        (_, OutlierMember[] members) = Make(3, new() { MaxEjectionTime = TimeSpan.FromSeconds(100) });

        foreach (int seconds in (int[])[30, 60, 90, 100, 100])
        {
            Fail(members[0], 5);
            Assert.AreEqual(TimeSpan.FromSeconds(seconds), members[0].ReturnsAfter);
            _clock.Advance(TimeSpan.FromSeconds(seconds));
        }
    }

    [TestMethod]
    public void Record_QuietIntervals_ForgetTheGrowthStepByStep()
    {
        (_, OutlierMember[] members) = Make(3);
        Fail(members[0], 5);
        _clock.Advance(TimeSpan.FromSeconds(30));
        Fail(members[0], 5);
        Assert.AreEqual(2, members[0].Ejections);
        _clock.Advance(TimeSpan.FromSeconds(60));
        members[1].Record(CallOutcome.Success);
        Assert.AreEqual(2, members[0].Ejections, "The time of the ejection itself is not quiet.");

        _clock.Advance(TimeSpan.FromSeconds(10));
        members[1].Record(CallOutcome.Success);
        Assert.AreEqual(1, members[0].Ejections);
        _clock.Advance(TimeSpan.FromSeconds(25));
        members[1].Record(CallOutcome.Success);
        Assert.AreEqual(0, members[0].Ejections);
        Fail(members[0], 5);
        Assert.AreEqual(TimeSpan.FromSeconds(30), members[0].ReturnsAfter);
    }

    [TestMethod]
    public void Record_OneRateFarBelowTheOthers_IsEjectedAfterTheInterval()
    {
        (OutlierEjector ejector, OutlierMember[] members) = Make(6, new() { ConsecutiveFailures = null });
        List<OutlierEjectedEventArgs> raised = [];
        ejector.Ejected += (_, e) => raised.Add(e);

        Rates(members, [0.99, 0.98, 0.99, 0.97, 0.99, 0.6], 200);
        Assert.AreEqual(0, ejector.EjectedCount);
        _clock.Advance(TimeSpan.FromSeconds(10));
        members[0].Record(CallOutcome.Success);

        Assert.AreSame(members[5], raised.Single().EndPoint);
        Assert.AreEqual(OutlierReason.SuccessRate, raised[0].Reason);
    }

    [TestMethod]
    [DataRow(4, 200, new[] { 0.99, 0.99, 0.99, 0.5 }, DisplayName = "too few end points")]
    [DataRow(6, 50, new[] { 0.99, 0.99, 0.99, 0.99, 0.99, 0.5 }, DisplayName = "too few calls")]
    [DataRow(6, 200, new[] { 0.5, 0.5, 0.5, 0.5, 0.5, 0.5 }, DisplayName = "all alike")]
    [DataRow(6, 200, new[] { 0.9, 0.8, 0.9, 0.8, 0.9, 0.8 }, DisplayName = "no outlier")]
    public void Record_RatesThatSayNothing_EjectNobody(int count, int calls, double[] rates)
    {
        (OutlierEjector ejector, OutlierMember[] members) = Make(count, new() { ConsecutiveFailures = null });

        Rates(members, rates, calls);
        _clock.Advance(TimeSpan.FromSeconds(10));
        members[0].Record(CallOutcome.Success);

        Assert.AreEqual(0, ejector.EjectedCount);
    }

    [TestMethod]
    public void Record_WhileEjected_CountsNothing()
    {
        (_, OutlierMember[] members) = Make(3);
        Fail(members[0], 50);
        _clock.Advance(TimeSpan.FromSeconds(30));

        Fail(members[0], 4);

        Assert.IsFalse(members[0].IsEjectedNow, "Failures of calls that were under way are forgotten when it comes back.");
        Assert.AreEqual(1, members[0].Ejections);
    }

    [TestMethod]
    public void Remove_AnEndPoint_LeavesTheShareOfTheRest()
    {
        (OutlierEjector ejector, OutlierMember[] members) = Make(2);
        Assert.IsTrue(ejector.Remove(members[1]));
        Assert.IsFalse(ejector.Remove(members[1]));

        Fail(members[0], 10);
        Fail(members[1], 10);

        Assert.AreEqual(0, ejector.EjectedCount, "The last one stays, and who is gone is not ejected.");
        Assert.IsFalse(members[1].IsEjectedNow);
    }

    [TestMethod]
    public void Record_RandomFailures_NeverPassesTheCap()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int most = 0;
        for (int run = 0; run < 200; run++)
        {
            int count = random.Next(2, 12);
            double share = 0.1 + (random.NextDouble() * 0.4);
            var ejector = new OutlierEjector(
                new() { MaxEjectedShare = share, MinimumCalls = 5, MinimumEndPoints = 3, ConsecutiveFailures = random.Next(1, 6), SuccessRateDeviations = 0.5 }, _clock, new Random(random.Next()));
            OutlierMember[] members = [.. Enumerable.Range(0, count).Select(i => ejector.Add($"e:{i}"))];
            for (int step = 0; step < 300; step++)
            {
                members[random.Next(count)].Record((CallOutcome)random.Next(8));
                _clock.Advance(TimeSpan.FromMilliseconds(random.Next(500)));
                int ejected = members.Count(static m => m.IsEjectedNow);
                most = Math.Max(most, ejected);
                if (ejected > Math.Max(1, (int)(count * share)) || ejected >= count)
                {
                    Assert.Fail($"run {run}, step {step}: {ejected} of {count} ejected with a share of {share}");
                }
            }
        }

        TestContext.WriteLine($"at most {most} ejected at once");
        Assert.IsTrue(most >= 3, "The runs never reach a cap above one.");
    }

    [TestMethod]
    public void Record_Answers_AllocatesNothing()
    {
        (_, OutlierMember[] members) = Make(3);
        members[0].Record(CallOutcome.Success);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 10_000; i++)
        {
            members[0].Record(CallOutcome.Success);
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Fail(OutlierMember member, int times)
    {
        for (int i = 0; i < times; i++)
        {
            member.Record(CallOutcome.ServerFailure);
        }
    }

    private static void Rates(OutlierMember[] members, double[] rates, int calls)
    {
        for (int m = 0; m < members.Length; m++)
        {
            for (int i = 0; i < calls; i++)
            {
                members[m].Record(i < calls * rates[m] ? CallOutcome.Success : CallOutcome.ServerFailure);
            }
        }
    }

    private (OutlierEjector Ejector, OutlierMember[] Members) Make(int count, OutlierOptions? options = null)
    {
        var ejector = new OutlierEjector(options, _clock);
        return (ejector, [.. Enumerable.Range(0, count).Select(i => ejector.Add($"e:{i}"))]);
    }
}
