using System.Globalization;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Balancing;

/// <summary>What holds for every policy.</summary>
[TestClass]
public sealed class PickerTests
{
    public static IEnumerable<object[]> Policies => Fleet.Policies.Select(p => new object[] { p.Name });

    [TestMethod]
    [DynamicData(nameof(Policies))]
    public void Pick_SomeAreToBeAvoided_NeverPicksThemAndSpreadsOverAllOthers(string name)
    {
        Random random = TestSeed.TakeRandom();
        var fleet = new Fleet(70, random);
        EndPointPicker picker = fleet.Picker(Client.Balancing.Parse(name));
        ulong[] avoid = [(ulong)random.NextInt64(long.MinValue, long.MaxValue), 0b101010];

        int[] counts = fleet.Count(picker, 40_000, avoid);

        for (int i = 0; i < counts.Length; i++)
        {
            bool isAvoided = (avoid[i / 64] >> (i % 64) & 1) != 0;
            Assert.AreEqual(isAvoided, counts[i] == 0, string.Create(CultureInfo.InvariantCulture, $"end point {i} was picked {counts[i]} times"));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Policies))]
    public void Pick_OnlyOneMayBePicked_PicksIt(string name)
    {
        var fleet = new Fleet(5, TestSeed.TakeRandom());
        EndPointPicker picker = fleet.Picker(Client.Balancing.Parse(name));
        for (int left = 0; left < 5; left++)
        {
            ulong[] avoid = [0b11111ul & ~(1ul << left)];
            fleet.Loads[left].Begin();
            for (int i = 0; i < 50; i++)
            {
                Assert.AreEqual(PickResult.Connect(left), fleet.Pick(picker, avoid: avoid));
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Policies))]
    public void Pick_AllAreToBeAvoided_SaysSo(string name)
    {
        foreach (int count in (int[])[1, 2, 64, 65])
        {
            var fleet = new Fleet(count, TestSeed.TakeRandom());
            PickResult result = fleet.Pick(fleet.Picker(Client.Balancing.Parse(name)), avoid: [ulong.MaxValue, ulong.MaxValue]);

            Assert.AreEqual(PickResult.Fail(PickFailure.AllAvoided), result);
            Assert.AreEqual(-1, result.Index);
            Assert.AreEqual(TransportError.CircuitOpen, result.CreateException().Error);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Policies))]
    public void CreatePicker_NoCandidates_AlwaysFails(string name)
    {
        var fleet = new Fleet(0, TestSeed.TakeRandom());
        PickResult result = fleet.Pick(fleet.Picker(Client.Balancing.Parse(name)));

        Assert.AreEqual(PickResult.Fail(PickFailure.NoEndPoint), result);
        TransportException exception = result.CreateException(TimeSpan.FromSeconds(3));
        Assert.AreEqual(TransportError.NoEndPoint, exception.Error);
        Assert.IsTrue(exception.IsSafeToRetry);
        Assert.AreEqual(TimeSpan.FromSeconds(3), exception.RetryAfter);
    }

    [TestMethod]
    [DynamicData(nameof(Policies))]
    public void Pick_Warm_AllocatesNothing(string name)
    {
        var fleet = new Fleet(8, TestSeed.TakeRandom(), i => i + 1);
        EndPointPicker picker = fleet.Picker(Client.Balancing.Parse(name));
        fleet.Count(picker, 100);
        fleet.Loads[0].Begin();
        fleet.Loads[0].End(TimeSpan.FromMilliseconds(1), CallOutcome.ServerFailure);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            PickResult result = fleet.Pick(picker, (ulong)i);
            fleet.Loads[result.Index].Begin();
            fleet.Loads[result.Index].End(TimeSpan.FromMilliseconds(1), CallOutcome.Success, fleet.Clock.GetTimestamp());
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    [DynamicData(nameof(Policies))]
    public void Pick_OneIsWarmingUp_ItsShareGrowsToTheWhole(string name)
    {
        Random random = TestSeed.TakeRandom();
        var fleet = new Fleet(8, random);
        var slowStart = new SlowStartOptions { Window = TimeSpan.FromSeconds(30), InitialWarmth = 0.1 };
        fleet.Candidates = fleet.Candidates.SetItem(3, fleet.Candidates[3] with { WarmUp = slowStart.Begin(fleet.Clock) });
        EndPointPicker picker = fleet.Picker(Client.Balancing.Parse(name));

        // Calls that stay, forty for each warm end point, show the share that a policy by load gives; pickers in turn show it as well. Many short affinities for the ring.
        double[] shares = [.. Enumerable.Range(0, 4).Select(_ =>
        {
            foreach (EndPointLoad load in fleet.Loads)
            {
                while (load.InFlight > 0)
                {
                    load.End(TimeSpan.FromMilliseconds(10), CallOutcome.Success);
                }
            }

            int cold = 0;
            for (int i = 0; i < 320; i++)
            {
                int index = fleet.Pick(picker).Index;
                fleet.Loads[index].Begin();
                cold += index == 3 ? 1 : 0;
            }

            fleet.Clock.Advance(TimeSpan.FromSeconds(10.1));
            return cold / 40.0;
        })];

        Console.WriteLine($"{name}: share of the cold end point at 0, 10, 20, 30 s: {string.Join(", ", shares.Select(s => s.ToString("0.00", CultureInfo.InvariantCulture)))}");
        Assert.IsTrue(shares[0] < 0.4, $"cold: {shares[0]}");
        Assert.IsTrue(shares[1] < shares[3] && shares[0] < shares[2], "it does not grow");
        Assert.IsTrue(shares[3] is > 0.5 and < 1.6, $"warm: {shares[3]}");
    }

    [TestMethod]
    [DynamicData(nameof(Policies))]
    public void Pick_AllAreEquallyCold_SpreadsAsIfAllWereWarm(string name)
    {
        var fleet = new Fleet(4, TestSeed.TakeRandom());
        WarmUp warmUp = new SlowStartOptions().Begin(fleet.Clock);
        fleet.Candidates = [.. fleet.Candidates.Select(c => c with { WarmUp = warmUp })];

        int[] counts = fleet.Count(fleet.Picker(Client.Balancing.Parse(name)), 4000);

        Assert.IsTrue(counts.All(c => c > 600), string.Join(", ", counts));
    }

    [TestMethod]
    public void CreatePicker_WeightOutOfRange_NamesTheEndPoint()
    {
        var fleet = new Fleet(2, TestSeed.TakeRandom(), i => i * 2000);

        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => fleet.Picker(Client.Balancing.RoundRobin));

        StringAssert.Contains(exception.Message, "10.0.0.1:443 is 0; it must be 1 to 1000");
    }

    [TestMethod]
    public void Parse_UnknownName_ListsAllThatExist()
    {
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => Client.Balancing.Parse("random"));

        foreach (BalancingPolicy policy in Fleet.Policies)
        {
            Assert.AreEqual(policy.Name, Client.Balancing.Parse(policy.Name).ToString());
            StringAssert.Contains(exception.Message, policy.Name);
        }
    }

    [TestMethod]
    public void Options_AllOutOfRange_AreAllReported()
    {
        static string[] Faults(Action validate) => Assert.ThrowsExactly<ArgumentException>(validate).Message.Split(Environment.NewLine);

        Assert.HasCount(2, Faults(new RingHashOptions { LoadBound = 1, PlacesPerEndPoint = 0 }.Validate));
        Assert.HasCount(4, Faults(new EndPointLoadOptions { Memory = default, InitialCost = default, FailureFactor = double.NaN, MaxFailureCost = default }.Validate));
        Assert.HasCount(2, Faults(new SlowStartOptions { Window = TimeSpan.FromDays(1), InitialWarmth = 0 }.Validate));
        Assert.HasCount(3, Faults(new PriorityGroupOptions { MinFitRatio = 0, PanicRatio = 2, Panic = (PanicRule)9 }.Validate));
    }
}
