using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resilience;

/// <summary>Many deadlines under one timer: each fires at its time, none that was taken out does, and nothing is left.</summary>
[TestClass]
public sealed class DeadlineQueueTests
{
    private readonly ManualTimeProvider _clock = new();

    [TestMethod]
    public void Deadlines_OfAllSpansAddedAndTakenOut_FireAtTheirVeryTime()
    {
        Random random = TestSeed.TakeRandom();
        var source = new FakeLeaseSource(_clock);
        var live = new Dictionary<CallDeadline, long>();
        var fired = new List<(long Due, long At)>();
        int cancelled = 0;
        for (int round = 0; round < 3000; round++)
        {
            if (random.Next(3) > 0)
            {
                var span = TimeSpan.FromTicks((long)Math.Pow(10, 1 + (random.NextDouble() * 9)));
                CallDeadline deadline = CallDeadline.Start(source, source.DeadlineAfter(span), span, CancellationToken.None);
                live.Add(deadline, _clock.Elapsed.Ticks + span.Ticks);
                deadline.Token.UnsafeRegister(_ => fired.Add((deadline.Due / 100, _clock.Elapsed.Ticks)), null);
            }

            if (live.Count > 0 && random.Next(4) == 0)
            {
                CallDeadline taken = live.Keys.ElementAt(random.Next(live.Count));
                Assert.AreEqual(live[taken] <= _clock.Elapsed.Ticks, taken.IsCancellationRequested);
                cancelled += taken.IsCancellationRequested ? 0 : 1;
                live.Remove(taken);
                taken.Dispose();
                taken.Dispose();
            }

            Assert.IsLessThanOrEqualTo(1, _clock.ActiveTimers);
            _clock.Advance(TimeSpan.FromTicks((long)Math.Pow(10, random.NextDouble() * 7)));
        }

        _clock.Advance(TimeSpan.FromHours(1));

        Assert.IsTrue(live.Keys.All(static deadline => deadline.IsCancellationRequested));
        Assert.IsTrue(fired.All(static one => one.Due == one.At), "One was late or early.");
        Assert.IsGreaterThan(100, cancelled);
        Assert.IsGreaterThan(100, fired.Count);
        Assert.AreEqual(0, _clock.ActiveTimers);
    }

    [TestMethod]
    public void Deadline_WhoseTimeIsNone_HasFiredAlready()
    {
        var source = new FakeLeaseSource(_clock);

        using var deadline = CallDeadline.Start(source, source.DeadlineAfter(TimeSpan.Zero), TimeSpan.Zero, CancellationToken.None);

        Assert.IsTrue(deadline.IsCancellationRequested);
        Assert.AreEqual(0, _clock.ActiveTimers);
    }

    [TestMethod]
    public void Deadline_OfACallerThatLetsNoContextFlow_IsTaken()
    {
        var source = new FakeLeaseSource(_clock);
        using AsyncFlowControl none = ExecutionContext.SuppressFlow();

        using CallDeadline deadline = Start(source, 5);

        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.IsTrue(deadline.IsCancellationRequested);
    }

    [TestMethod]
    public void Deadline_WhoseParentFires_FiresAndLeavesTheQueueWhenItIsDisposed()
    {
        var source = new FakeLeaseSource(_clock);
        using var parent = new CancellationTokenSource();
        CallDeadline deadline = Start(source, 5, parent.Token);

        parent.Cancel();

        Assert.IsTrue(deadline.IsCancellationRequested);
        deadline.Dispose();
        Assert.AreEqual(0, _clock.ActiveTimers);
    }

    [TestMethod]
    public void Deadline_WhatHangsOnItFails_FiresTheOthers()
    {
        var source = new FakeLeaseSource(_clock);
        using CallDeadline first = Start(source, 5);
        using CallDeadline second = Start(source, 5);
        first.Token.UnsafeRegister(static _ => throw new InvalidOperationException("No."), null);

        _clock.Advance(TimeSpan.FromSeconds(5));

        Assert.IsTrue(first.IsCancellationRequested);
        Assert.IsTrue(second.IsCancellationRequested);
    }

    [TestMethod]
    public void Queue_OfTheSystemsClock_LeavesItsTimerAloneUntilItHasGoneOffOrIsClosed()
    {
        var queue = new DeadlineQueue(_clock, isSystem: true);
        Add(queue, TimeSpan.FromSeconds(3)).Dispose();
        Assert.AreEqual(1, _clock.ActiveTimers);
        Assert.AreEqual(TimeSpan.FromSeconds(3), _clock.NextTimer);
        Add(queue, TimeSpan.FromSeconds(4)).Dispose();
        Assert.AreEqual(TimeSpan.FromSeconds(3), _clock.NextTimer);

        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.AreEqual(0, _clock.ActiveTimers, "Nobody waits any more.");

        Add(queue, TimeSpan.FromSeconds(3)).Dispose();
        CallDeadline last = Add(queue, TimeSpan.FromSeconds(5));
        queue.Close();
        Assert.AreEqual(1, _clock.ActiveTimers, "What runs goes on.");
        last.Dispose();
        Assert.AreEqual(0, _clock.ActiveTimers);
    }

    [TestMethod]
    public async Task Queue_OfTheSystemsClock_FiresNotBeforeTheNextWholeMillisecond()
    {
        var queue = new DeadlineQueue(_clock, isSystem: true);
        using CallDeadline deadline = Add(queue, TimeSpan.FromTicks(15_001));
        var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        deadline.Token.UnsafeRegister(static state => ((TaskCompletionSource)state!).SetResult(), fired);

        Assert.AreEqual(TimeSpan.FromMilliseconds(2), _clock.NextTimer);
        _clock.Advance(TimeSpan.FromMilliseconds(2));

        await fired.Task.WithTimeout();
        Assert.AreEqual(0, _clock.ActiveTimers);
    }

    private static CallDeadline Start(FakeLeaseSource source, int seconds, CancellationToken parent = default)
    {
        var span = TimeSpan.FromSeconds(seconds);
        return CallDeadline.Start(source, source.DeadlineAfter(span), span, parent);
    }

    private CallDeadline Add(DeadlineQueue queue, TimeSpan span)
    {
        var deadline = new CallDeadline(queue, _clock.GetTimestamp() + (span.Ticks * 100), span.Ticks * 100);
        queue.Add(deadline);
        return deadline;
    }
}
