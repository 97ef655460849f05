using Net.Ngtcp2.Driver;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>When packets become small, and when large ones are tried again.</summary>
[TestClass]
public sealed class BlackHoleGuardTests
{
    private const ulong Millisecond = 1_000_000;
    private const ulong ProbeTimeout = 50 * Millisecond;
    private const ulong Start = 1_000_000_000;
    private const ulong Second = 1000 * Millisecond;

    [TestMethod]
    public void Limit_WhileSomethingIsAcknowledged_IsWhatThePathCarries()
    {
        BlackHoleGuard guard = NewGuard();
        for (ulong now = Start; now < Start + (10 * Second); now += 250 * Millisecond)
        {
            guard.NoteProgress(now);
            Assert.AreEqual(1452, guard.Limit(now + (249 * Millisecond), 1452, ProbeTimeout));
        }
    }

    [TestMethod]
    public void Limit_AfterThreeProbesInVain_IsWhatEveryPathCarriesForASecond()
    {
        BlackHoleGuard guard = NewGuard();
        Assert.AreEqual(1452, guard.Limit(Start + (299 * Millisecond), 1452, ProbeTimeout));
        ulong stalled = Start + (300 * Millisecond);
        Assert.AreEqual(1200, guard.Limit(stalled, 1452, ProbeTimeout));
        guard.NoteProgress(stalled + (100 * Millisecond));
        guard.NoteProgress(stalled + (900 * Millisecond));
        Assert.AreEqual(1200, guard.Limit(stalled + Second - 1, 1452, ProbeTimeout));
        Assert.AreEqual(1452, guard.Limit(stalled + Second, 1452, ProbeTimeout));
    }

    [TestMethod]
    public void Limit_WhenOnlySmallPacketsPassTimeAndAgain_TriesLargeOnesEverMoreRarely()
    {
        BlackHoleGuard guard = NewGuard();
        List<ulong> retreats = [];
        ulong now = Start;
        for (int i = 0; i < 6; i++)
        {
            // Large packets in vain ...
            while (guard.Limit(now, 1452, ProbeTimeout) == 1452)
            {
                now += 10 * Millisecond;
            }

            // ... and then small ones that get through.
            ulong begin = now;
            while (guard.Limit(now, 1452, ProbeTimeout) == 1200)
            {
                guard.NoteProgress(now);
                now += 100 * Millisecond;
            }

            retreats.Add((now - begin) / Second);
        }

        Assert.AreEqual("1 10 100 600 600 600", string.Join(' ', retreats));
    }

    [TestMethod]
    public void Limit_DuringAnOutage_DoesNotGrowTheWaitForLargePackets()
    {
        BlackHoleGuard guard = NewGuard();
        ulong now = Start;
        for (; now < Start + (60 * Second); now += 100 * Millisecond)
        {
            guard.Limit(now, 1452, ProbeTimeout);
        }

        // The path is back: within a second large packets are tried.
        for (ulong end = now + Second; now < end; now += 100 * Millisecond)
        {
            guard.NoteProgress(now);
            guard.Limit(now, 1452, ProbeTimeout);
        }

        Assert.AreEqual(1452, guard.Limit(now, 1452, ProbeTimeout));
    }

    [TestMethod]
    public void Limit_WhenLargePacketsPassedForAWhile_BeginsWithAShortRetreatAgain()
    {
        BlackHoleGuard guard = NewGuard();
        ulong now = Start + Second;
        Assert.AreEqual(1200, guard.Limit(now, 1452, ProbeTimeout));
        for (ulong end = now + (20 * Second); now < end; now += 100 * Millisecond)
        {
            guard.NoteProgress(now);
            guard.Limit(now, 1452, ProbeTimeout);
        }

        now += Second;
        Assert.AreEqual(1200, guard.Limit(now, 1452, ProbeTimeout));
        guard.NoteProgress(now + Second - 1);
        Assert.AreEqual(1452, guard.Limit(now + Second, 1452, ProbeTimeout));
    }

    [TestMethod]
    public void Limit_OnAPathThatCarriesNoMoreAnyway_IsThat()
    {
        BlackHoleGuard guard = NewGuard();
        Assert.AreEqual(1200, guard.Limit(Start + (60 * Second), 1200, ProbeTimeout));
        Assert.AreEqual(1200, guard.Limit(Start + (60 * Second), 1200, ProbeTimeout));
    }

    [TestMethod]
    public void Reset_OnAnotherPath_ForgetsTheOldOne()
    {
        BlackHoleGuard guard = NewGuard();
        Assert.AreEqual(1200, guard.Limit(Start + Second, 1452, ProbeTimeout));
        guard.Reset(Start + Second);
        Assert.AreEqual(1452, guard.Limit(Start + Second, 1452, ProbeTimeout));
    }

    private static BlackHoleGuard NewGuard()
    {
        var guard = new BlackHoleGuard();
        guard.Reset(Start);
        return guard;
    }
}
