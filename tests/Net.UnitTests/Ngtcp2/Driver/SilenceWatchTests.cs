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
    public void TryPing_OfAStreamThatIsQuiet_DoublesUntilHalfOfTheIdleTimeout()
    {
        var watch = new SilenceWatch(30 * Second);
        watch.NoteProgress(100 * Second);
        CollectionAssert.AreEqual(new ulong[] { 101, 103, 107, 115 }, PingsOf(watch, isAnswered: true));
    }

    [TestMethod]
    public void TryPing_WithoutAnyAnswer_GoesOnEveryTwoSecondsForAMinute()
    {
        var watch = new SilenceWatch(ulong.MaxValue);
        watch.NoteProgress(100 * Second);
        CollectionAssert.AreEqual(
            (ulong[])[.. Enumerable.Range(0, SilenceWatch.SteadyPings).Select(static i => 101 + (2 * (ulong)i)), 163, 171, 187, 219], PingsOf(watch, isAnswered: false));
    }

    [TestMethod]
    public void TryPing_AnsweredAgain_GoesOnAsForAQuietStream()
    {
        var watch = new SilenceWatch(60 * Second);
        watch.NoteProgress(0);
        Assert.IsTrue(watch.TryPing(Second, isWaiting: true, lastReceived: 0));
        Assert.IsTrue(watch.TryPing(3 * Second, isWaiting: true, lastReceived: 0));
        Assert.IsTrue(watch.TryPing(5 * Second, isWaiting: true, lastReceived: 4 * Second));
        Assert.AreEqual(9 * Second, watch.Due);
    }

    [TestMethod]
    public void NoteProgress_InMidSilence_BeginsAnew()
    {
        var watch = new SilenceWatch(30 * Second);
        watch.NoteProgress(0);
        Assert.IsTrue(watch.TryPing(Second, isWaiting: true, lastReceived: 0));
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
        Assert.IsFalse(watch.TryPing(Second, isWaiting: false, lastReceived: 0));
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
        Assert.HasCount(expected, PingsOf(watch, isAnswered: true));
        Assert.HasCount(expected > 1 ? expected - 1 + SilenceWatch.SteadyPings - 1 : expected, PingsOf(watch, isAnswered: false));
    }

    private static List<ulong> PingsOf(SilenceWatch watch, bool isAnswered)
    {
        List<ulong> pings = [];
        ulong heard = 0;
        while (watch.Due != ulong.MaxValue)
        {
            ulong due = watch.Due;
            Assert.IsFalse(watch.TryPing(due - 1, isWaiting: true, heard));
            Assert.IsTrue(watch.TryPing(due, isWaiting: true, heard));
            pings.Add(due / Second);
            heard = isAnswered ? due + 1 : heard;
        }

        return pings;
    }
}
