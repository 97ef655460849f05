using Net.Ngtcp2.Driver;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>When a client speaks up.</summary>
[TestClass]
public sealed class SilenceWatchTests
{
    private const ulong Second = 1_000_000_000;

    [TestMethod]
    public void Due_BeforeAnything_IsNever() => Assert.AreEqual(ulong.MaxValue, new SilenceWatch(30 * Second).Due);

    [TestMethod]
    public void TryPing_IntoLastingSilence_DoublesUntilHalfOfTheIdleTimeout()
    {
        var watch = new SilenceWatch(30 * Second);
        watch.NoteProgress(100 * Second);
        List<ulong> pings = [];
        while (watch.Due != ulong.MaxValue)
        {
            ulong due = watch.Due;
            Assert.IsFalse(watch.TryPing(due - 1, isWaiting: true));
            Assert.IsTrue(watch.TryPing(due, isWaiting: true));
            pings.Add(due / Second);
        }

        CollectionAssert.AreEqual(new ulong[] { 101, 103, 107, 115 }, pings);
    }

    [TestMethod]
    public void NoteProgress_InMidSilence_BeginsAnew()
    {
        var watch = new SilenceWatch(30 * Second);
        watch.NoteProgress(0);
        Assert.IsTrue(watch.TryPing(Second, isWaiting: true));
        watch.NoteProgress(2 * Second);
        Assert.AreEqual(3 * Second, watch.Due);
    }

    [TestMethod]
    public void Begin_WhileTheWatchRuns_ChangesNothing()
    {
        var watch = new SilenceWatch(30 * Second);
        watch.Begin(5 * Second);
        watch.Begin(5 * Second + 1);
        Assert.AreEqual(6 * Second, watch.Due);
    }

    [TestMethod]
    public void TryPing_WithNothingToWaitFor_GoesOffUntilTheNextStream()
    {
        var watch = new SilenceWatch(30 * Second);
        watch.Begin(0);
        Assert.IsFalse(watch.TryPing(Second, isWaiting: false));
        Assert.AreEqual(ulong.MaxValue, watch.Due);
        watch.Begin(9 * Second);
        Assert.AreEqual(10 * Second, watch.Due);
    }

    [TestMethod]
    [DataRow(0UL, 6)]
    [DataRow(ulong.MaxValue, 6)]
    [DataRow(2 * Second, 1)]
    [DataRow(2 * Second - 1, 0)]
    public void TryPing_WithAnyIdleTimeout_IsBounded(ulong idleTimeout, int expected)
    {
        var watch = new SilenceWatch(idleTimeout);
        watch.NoteProgress(Second);
        int pings = 0;
        while (watch.Due != ulong.MaxValue)
        {
            Assert.IsTrue(watch.TryPing(watch.Due, isWaiting: true));
            pings++;
        }

        Assert.AreEqual(expected, pings);
    }
}
