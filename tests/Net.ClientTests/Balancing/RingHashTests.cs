using System.Globalization;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Balancing;

/// <summary>Affinity, its bound, and how little moves when the fleet changes.</summary>
[TestClass]
public sealed class RingHashTests
{
    private const int Sessions = 20_000;

    [TestMethod]
    public void Pick_SameAffinity_GoesToTheSameEndPoint()
    {
        Random random = TestSeed.TakeRandom();
        var fleet = new Fleet(8, random);
        EndPointPicker first = fleet.Picker(Client.Balancing.RingHash());
        EndPointPicker second = new Fleet(8, random).Picker(Client.Balancing.RingHash());
        for (int i = 0; i < 200; i++)
        {
            ulong session = Client.Balancing.HashAffinity(string.Create(CultureInfo.InvariantCulture, $"session-{i}"));
            int index = fleet.Pick(first, session).Index;
            Assert.AreEqual(index, fleet.Pick(first, session).Index);
            Assert.AreEqual(index, fleet.Pick(second, session).Index, "another channel with the same end points");
        }
    }

    [TestMethod]
    public void HashAffinity_KnownText_IsTheSameInEveryProcess()
    {
        Assert.AreEqual(Client.Balancing.HashAffinity("tenant"), Client.Balancing.HashAffinity("t\0e\0n\0a\0n\0t\0"u8));
        Assert.AreEqual(15140864923990473942UL, Client.Balancing.HashAffinity("tenant"));
    }

    [TestMethod]
    public void Pick_ManySessions_AreSpreadByWeight()
    {
        var fleet = new Fleet(8, TestSeed.TakeRandom(), i => i < 4 ? 1 : 3);

        int[] counts = Placements(fleet).GroupBy(p => p).OrderBy(g => g.Key).Select(g => g.Count()).ToArray();

        // 160 and 53 places each: a ring is as even as the square root of its places.
        for (int i = 0; i < 8; i++)
        {
            Assert.AreEqual(1, counts[i] / (Sessions * (i < 4 ? 1 : 3) / 16.0), 0.5, string.Join(", ", counts));
        }
    }

    [TestMethod]
    public void Pick_OneEndPointGoes_OnlyItsSessionsMove()
    {
        var fleet = new Fleet(10, TestSeed.TakeRandom());
        int[] before = Placements(fleet);
        PickCandidate gone = fleet.Candidates[4];
        fleet.Candidates = fleet.Candidates.RemoveAt(4);
        int[] after = Placements(fleet);

        for (int i = 0; i < Sessions; i++)
        {
            int now = after[i] >= 4 ? after[i] + 1 : after[i];
            Assert.IsTrue(before[i] == 4 || before[i] == now, $"session {i} moved from {before[i]} to {now}, though {gone.EndPoint} left");
        }

        int heirs = Enumerable.Range(0, Sessions).Where(i => before[i] == 4).Select(i => after[i]).Distinct().Count();
        Assert.AreEqual(9, heirs, "its sessions are to be shared by all others");
    }

    [TestMethod]
    public void Pick_OneEndPointComes_MovesAboutItsShareAndOnlyToIt()
    {
        var fleet = new Fleet(11, TestSeed.TakeRandom());
        PickCandidate added = fleet.Candidates[10];
        fleet.Candidates = fleet.Candidates.RemoveAt(10);
        int[] before = Placements(fleet);
        fleet.Candidates = fleet.Candidates.Add(added);
        int[] after = Placements(fleet);

        int moved = Enumerable.Range(0, Sessions).Count(i => before[i] != after[i]);
        Console.WriteLine($"moved {moved} of {Sessions}; its share is {Sessions / 11}");
        Assert.IsTrue(Enumerable.Range(0, Sessions).All(i => before[i] == after[i] || after[i] == 10));
        Assert.IsTrue(moved is > Sessions / 22 and < Sessions / 7);
    }

    [TestMethod]
    [DataRow(1.1)]
    [DataRow(1.25)]
    [DataRow(2.0)]
    public void Pick_OneSessionTakesAllCalls_NobodyIsLoadedBeyondTheBound(double bound)
    {
        Random random = TestSeed.TakeRandom();
        var fleet = new Fleet(8, random, i => 1 + (i % 2));
        EndPointPicker picker = fleet.Picker(Client.Balancing.RingHash(new RingHashOptions { LoadBound = bound }));
        var running = new List<int>();
        for (int i = 0; i < 5000; i++)
        {
            // Nine of ten calls have the same affinity: without the bound one end point would have them all.
            int index = fleet.Pick(picker, random.Next(10) > 0 ? 1UL : (ulong)random.NextInt64()).Index;
            fleet.Loads[index].Begin();
            running.Add(index);
            int total = running.Count;
            double most = Math.Ceiling(bound * total * fleet.Candidates[index].Weight / 12);
            Assert.IsTrue(fleet.Loads[index].InFlight <= most, $"{fleet.Loads[index].InFlight} of {total} calls on one, bound {most}");
            if (total > 200)
            {
                int ending = random.Next(total);
                fleet.Loads[running[ending]].End(TimeSpan.FromMilliseconds(1), CallOutcome.Success);
                running.RemoveAt(ending);
            }
        }
    }

    [TestMethod]
    public void Pick_OneEndPointAtItsBound_ItsSessionsGoToTheNextOnTheRingAndReturn()
    {
        var fleet = new Fleet(5, TestSeed.TakeRandom());
        EndPointPicker picker = fleet.Picker(Client.Balancing.RingHash());
        int home = fleet.Pick(picker, 42).Index;
        fleet.Loads[home].Begin();
        fleet.Loads[home].Begin();

        int next = fleet.Pick(picker, 42).Index;

        Assert.AreNotEqual(home, next);
        Assert.AreEqual(next, fleet.Pick(picker, 42).Index, "the same next each time");
        Assert.IsGreaterThan(1, picker.Score(home, fleet.Clock.GetTimestamp()));
        fleet.Loads[home].End(default, CallOutcome.Success);
        fleet.Loads[home].End(default, CallOutcome.Success);
        Assert.AreEqual(home, fleet.Pick(picker, 42).Index);
    }

    [TestMethod]
    public void Pick_FailuresThatAreNoWholeCalls_StillFindSomebodyWithinTheBound()
    {
        Random random = TestSeed.TakeRandom();
        var fleet = new Fleet(4, random);
        EndPointPicker picker = fleet.Picker(Client.Balancing.RingHash());
        foreach (EndPointLoad load in fleet.Loads)
        {
            load.Begin();
            load.End(default, CallOutcome.Overloaded);
        }

        for (int i = 0; i < 100; i++)
        {
            fleet.Clock.Advance(TimeSpan.FromMilliseconds(150));
            int index = fleet.Pick(picker, 7).Index;
            Assert.AreEqual(index, fleet.Pick(picker, 7).Index, "the fallback at random was used");
        }
    }

    [TestMethod]
    public void Pick_HomeWarmsUp_EachSessionReturnsOnceAndStays()
    {
        var fleet = new Fleet(6, TestSeed.TakeRandom());
        int[] homes = Placements(fleet);
        fleet.Candidates = fleet.Candidates.SetItem(2, fleet.Candidates[2] with { WarmUp = new SlowStartOptions { InitialWarmth = 0.05 }.Begin(fleet.Clock) });
        bool[] isHome = new bool[Sessions];
        for (int step = 0; step <= 10; step++)
        {
            int[] now = Placements(fleet);
            for (int i = 0; i < Sessions; i++)
            {
                Assert.IsTrue(now[i] == homes[i] || (homes[i] == 2 && !isHome[i]), "a session left its home");
                isHome[i] = now[i] == homes[i];
            }

            double part = Enumerable.Range(0, Sessions).Where(i => homes[i] == 2).Average(i => isHome[i] ? 1 : 0);
            Assert.AreEqual(Math.Min(1, 0.05 + (0.95 * step / 10)), part, 0.06);
            fleet.Clock.Advance(TimeSpan.FromSeconds(3));
        }
    }

    private static int[] Placements(Fleet fleet)
    {
        EndPointPicker picker = fleet.Picker(Client.Balancing.RingHash());
        return [.. Enumerable.Range(0, Sessions).Select(i => fleet.Pick(picker, Client.Balancing.HashAffinity(BitConverter.GetBytes(i))).Index)];
    }
}
