using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Testing;

namespace Net.UnitTests.Testing;

[TestClass]
public sealed class ManualTimeProviderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [TestMethod]
    public void Clocks_Advanced_MoveTogether()
    {
        var start = new DateTimeOffset(2030, 5, 6, 7, 8, 9, TimeSpan.FromHours(2));
        var time = new ManualTimeProvider(start) { Zone = TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(3), "test", "test") };
        long stamp = time.GetTimestamp();

        time.Advance(TimeSpan.FromMilliseconds(1500.5));

        Assert.AreEqual(1_000_000_000, time.TimestampFrequency);
        Assert.AreEqual(1_500_500_000, time.GetTimestamp() - stamp);
        Assert.AreEqual(TimeSpan.FromMilliseconds(1500.5), time.GetElapsedTime(stamp));
        Assert.AreEqual(start + TimeSpan.FromMilliseconds(1500.5), time.GetUtcNow());
        Assert.AreEqual(TimeSpan.Zero, time.GetUtcNow().Offset);
        Assert.AreEqual(TimeSpan.FromHours(3), time.GetLocalNow().Offset);
    }

    [TestMethod]
    public void Advance_SeveralTimersDue_FireInOrderEachAtItsTime()
    {
        var time = new ManualTimeProvider();
        var fired = new List<(string Name, TimeSpan At)>();
        using ITimer late = Timer(time, 3 * Second, () => fired.Add(("late", time.Elapsed)));
        using ITimer early = Timer(time, Second, () => fired.Add(("early", time.Elapsed)));
        using ITimer first = Timer(time, 2 * Second, () => fired.Add(("first of two", time.Elapsed)));
        using ITimer second = Timer(time, 2 * Second, () => fired.Add(("second of two", time.Elapsed)));
        using ITimer never = Timer(time, 4 * Second, () => fired.Add(("never", time.Elapsed)));

        time.Advance(3.5 * Second);

        CollectionAssert.AreEqual(
            new[] { ("early", Second), ("first of two", 2 * Second), ("second of two", 2 * Second), ("late", 3 * Second) }, fired);
        Assert.AreEqual(3.5 * Second, time.Elapsed);
        Assert.AreEqual(1, time.ActiveTimers);
        Assert.AreEqual(0.5 * Second, time.NextTimer);
    }

    [TestMethod]
    public void Advance_PeriodicTimer_FiresAsOftenAsItFallsDue()
    {
        var time = new ManualTimeProvider();
        var fired = new List<TimeSpan>();
        using ITimer timer = time.CreateTimer(_ => fired.Add(time.Elapsed), null, Second, 2 * Second);

        time.Advance(6 * Second);

        CollectionAssert.AreEqual(new[] { Second, 3 * Second, 5 * Second }, fired);
    }

    [TestMethod]
    public void Change_WhileArmed_CountsTheNewTimeOnly()
    {
        var time = new ManualTimeProvider();
        int count = 0;
        using ITimer timer = Timer(time, Second, () => count++);
        Assert.IsTrue(timer.Change(5 * Second, Timeout.InfiniteTimeSpan));

        time.Advance(4 * Second);
        Assert.AreEqual(0, count);
        time.Advance(Second);
        Assert.AreEqual(1, count);
        time.Advance(100 * Second);
        Assert.AreEqual(1, count);
        Assert.AreEqual(0, time.ActiveTimers);
    }

    [TestMethod]
    public void Dispose_TimerArmed_NeverFires()
    {
        var time = new ManualTimeProvider();
        int count = 0;
        ITimer timer = Timer(time, Second, () => count++);
        timer.Dispose();
        timer.Dispose();

        time.Advance(2 * Second);

        Assert.AreEqual(0, count);
        Assert.IsFalse(timer.Change(Second, Second));
        Assert.IsNull(time.NextTimer);
    }

    [TestMethod]
    public void CreateTimer_DueAtOnce_FiresWithTheNextAdvanceAndNotBefore()
    {
        var time = new ManualTimeProvider();
        int count = 0;
        using ITimer timer = Timer(time, TimeSpan.Zero, () => count++);
        Assert.AreEqual(0, count);

        time.Advance(TimeSpan.Zero);

        Assert.AreEqual(1, count);
    }

    [TestMethod]
    public void Advance_CallbackMakesTimersAndAdvances_TimeNeverStepsBack()
    {
        var time = new ManualTimeProvider();
        var fired = new List<(string Name, TimeSpan At)>();
        var timers = new List<ITimer>();
        timers.Add(Timer(time, Second, () =>
        {
            fired.Add(("outer", time.Elapsed));
            timers.Add(Timer(time, Second, () => fired.Add(("inner", time.Elapsed))));
            time.Advance(5 * Second);
        }));

        time.Advance(2 * Second);

        CollectionAssert.AreEqual(new[] { ("outer", Second), ("inner", 2 * Second) }, fired);
        Assert.AreEqual(6 * Second, time.Elapsed);
        timers.ForEach(t => t.Dispose());
    }

    [TestMethod]
    public void Advance_CallbackDisposesItsNeighbour_NeighbourDoesNotFire()
    {
        var time = new ManualTimeProvider();
        int count = 0;
        ITimer? second = null;
        using ITimer first = Timer(time, Second, () => second!.Dispose());
        second = Timer(time, Second, () => count++);

        time.Advance(2 * Second);

        Assert.AreEqual(0, count);
    }

    [TestMethod]
    public void Advance_Backwards_Throws() =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ManualTimeProvider().Advance(TimeSpan.FromTicks(-1)));

    [TestMethod]
    public void AdvanceToNextTimer_TimersArmed_GoesFromOneToTheNext()
    {
        var time = new ManualTimeProvider();
        using ITimer one = Timer(time, Second, () => { });
        using ITimer two = Timer(time, 4 * Second, () => { });

        Assert.IsTrue(time.AdvanceToNextTimer());
        Assert.AreEqual(Second, time.Elapsed);
        Assert.IsTrue(time.AdvanceToNextTimer());
        Assert.AreEqual(4 * Second, time.Elapsed);
        Assert.IsFalse(time.AdvanceToNextTimer());
    }

    [TestMethod]
    public void CreateTimer_ContextFlows_AsWithTheSystemsTimers()
    {
        var time = new ManualTimeProvider();
        var local = new AsyncLocal<string> { Value = "creator" };
        string? seen = null;
        using ITimer timer = Timer(time, Second, () => seen = local.Value);
        local.Value = "advancer";

        time.Advance(Second);

        Assert.AreEqual("creator", seen);
        Assert.AreEqual("advancer", local.Value);
    }

    [TestMethod]
    public async Task TaskDelay_OnTheManualClock_EndsWhenTheClockGetsThere()
    {
        var time = new ManualTimeProvider();
        Task delay = Task.Delay(Second, time);
        time.Advance(0.9 * Second);
        Assert.IsFalse(delay.IsCompleted);

        time.Advance(0.1 * Second);

        await delay.WithTimeout();
    }

    [TestMethod]
    public async Task CancellationTokenSource_OnTheManualClock_CancelsWhenTheClockGetsThere()
    {
        var time = new ManualTimeProvider();
        using var source = new CancellationTokenSource(Second, time);
        var cancelled = new TaskCompletionSource();
        using CancellationTokenRegistration registration = source.Token.Register(cancelled.SetResult);

        time.Advance(Second);

        await cancelled.Task.WithTimeout();
    }

    [TestMethod]
    public async Task WaitForTimersAsync_TimerArmedElsewhere_Completes()
    {
        var time = new ManualTimeProvider();
        Task waiting = time.WaitForTimersAsync(2);
        using ITimer one = Timer(time, Second, () => { });
        Assert.IsFalse(waiting.IsCompleted);

        Task<ITimer> arming = Task.Run(() => Timer(time, Second, () => { }));

        await waiting.WithTimeout();
        (await arming).Dispose();
    }

    [TestMethod]
    public void Advance_RandomTimers_FireExactlyOnceInOrder()
    {
        Random random = TestSeed.TakeRandom();
        var time = new ManualTimeProvider();
        var fired = new List<long>();
        var due = new List<long>();
        var timers = new List<ITimer>();
        for (int i = 0; i < 500; i++)
        {
            long at = random.Next(0, 1000);
            due.Add(at);
            timers.Add(Timer(time, TimeSpan.FromTicks(at), () => fired.Add(time.Elapsed.Ticks)));
        }

        while (time.Elapsed.Ticks < 1000)
        {
            time.Advance(TimeSpan.FromTicks(random.Next(0, 50)));
        }

        due.Sort();
        CollectionAssert.AreEqual(due, fired);
        timers.ForEach(t => t.Dispose());
    }

    private static ITimer Timer(ManualTimeProvider time, TimeSpan due, Action action) =>
        time.CreateTimer(_ => action(), null, due, Timeout.InfiniteTimeSpan);
}
