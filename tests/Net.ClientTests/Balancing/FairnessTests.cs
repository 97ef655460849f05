using System.Globalization;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Balancing;

/// <summary>How evenly each policy spreads calls over end points that serve alike.</summary>
[TestClass]
public sealed class FairnessTests
{
    [TestMethod]
    public void RoundRobin_AtEveryMoment_EachHasHadItsTurnsToWithinOne()
    {
        Random random = TestSeed.TakeRandom();
        for (int count = 1; count <= 12; count++)
        {
            var fleet = new Fleet(count, random, i => 1 + i);
            EndPointPicker picker = fleet.Picker(Client.Balancing.RoundRobin);
            int[] counts = new int[count];
            for (int i = 0; i < 1000; i++)
            {
                counts[fleet.Pick(picker).Index]++;
                Assert.IsLessThanOrEqualTo(1, counts.Max() - counts.Min());
            }
        }
    }

    [TestMethod]
    public void RoundRobin_SomeAvoided_TheOthersAreStillEven()
    {
        var fleet = new Fleet(6, TestSeed.TakeRandom());

        int[] counts = fleet.Count(fleet.Picker(Client.Balancing.RoundRobin), 4000, [0b000110]);

        CollectionAssert.AreEqual((int[])[1000, 0, 0, 1000, 1000, 1000], counts, string.Join(", ", counts));
    }

    [TestMethod]
    public void RoundRobin_SixteenThreads_LosesNoTurn()
    {
        var fleet = new Fleet(8, TestSeed.TakeRandom());
        EndPointPicker picker = fleet.Picker(Client.Balancing.RoundRobin);
        int[] counts = new int[8];

        Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 16 }, _ =>
        {
            for (int i = 0; i < 1000; i++)
            {
                Interlocked.Increment(ref counts[picker.Pick(new PickContext { Now = 0, Entropy = 7 }).Index]);
            }
        });

        Assert.IsTrue(counts.All(c => c == 2000), string.Join(", ", counts));
    }

    [TestMethod]
    [DataRow("1,1,1,1,1,1,1,1")]
    [DataRow("5,1,1")]
    [DataRow("10,20,30,40")]
    [DataRow("1000,1,500,333")]
    [DataRow("random")]
    public void Weighted_HundredThousandCalls_SharesAreWithinTwoPercent(string text)
    {
        Random random = TestSeed.TakeRandom();
        int[] weights = text == "random" ? [.. Enumerable.Range(0, 8).Select(_ => random.Next(1, 101))] : [.. text.Split(',').Select(int.Parse)];
        var fleet = new Fleet(weights.Length, random, i => weights[i]);

        int[] counts = fleet.Count(fleet.Picker(Client.Balancing.Weighted), 100_000);

        double worst = weights.Select((w, i) => Math.Abs((counts[i] / (100_000.0 * w / weights.Sum())) - 1)).Max();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"weights {string.Join(",", weights)}: largest deviation {worst:0.000%}"));
        Assert.IsLessThanOrEqualTo(0.02, worst);
    }

    [TestMethod]
    public void Weighted_AtEveryMoment_IsInterleavedAndNotInRuns()
    {
        Random random = TestSeed.TakeRandom();
        for (int round = 0; round < 20; round++)
        {
            int[] weights = [.. Enumerable.Range(0, random.Next(2, 10)).Select(_ => random.Next(1, 50))];
            var fleet = new Fleet(weights.Length, random, i => weights[i]);
            EndPointPicker picker = fleet.Picker(Client.Balancing.Weighted);
            double[] ahead = new double[weights.Length];
            for (int i = 0; i < 2000; i++)
            {
                int index = fleet.Pick(picker).Index;
                for (int k = 0; k < weights.Length; k++)
                {
                    ahead[k] += (k == index ? 1 : 0) - ((double)weights[k] / weights.Sum());
                }

                // A policy that gave a weight of 49 in one run would be dozens of calls ahead.
                double most = ahead.Max(Math.Abs);
                Assert.IsTrue(most < 1 + (weights.Length / 2.0), $"weights {string.Join(",", weights)}: {most} calls off after {i + 1}");
            }
        }
    }

    [TestMethod]
    public void Weighted_FleetTooLargeForOnePeriod_StillFollowsTheWeights()
    {
        Random random = TestSeed.TakeRandom();
        int[] weights = [.. Enumerable.Range(0, 300).Select(_ => random.Next(200, 1001))];
        var fleet = new Fleet(weights.Length, random, i => weights[i]);

        int[] counts = fleet.Count(fleet.Picker(Client.Balancing.Weighted), 327_680);

        double worst = weights.Select((w, i) => Math.Abs((counts[i] / (327_680.0 * w / weights.Sum())) - 1)).Max();
        Assert.IsLessThan(0.03, worst);
    }

    [TestMethod]
    public void LeastConnections_EqualService_InFlightDiffersByOneAtMost()
    {
        Random random = TestSeed.TakeRandom();
        var fleet = new Fleet(8, random);
        EndPointPicker picker = fleet.Picker(Client.Balancing.LeastConnections);
        for (int wave = 0; wave < 500; wave++)
        {
            // Calls that begin together and take equally long.
            var running = new List<int>();
            for (int i = random.Next(1, 60); i > 0; i--)
            {
                running.Add(fleet.Pick(picker).Index);
                fleet.Loads[running[^1]].Begin();
                Assert.IsLessThanOrEqualTo(1, fleet.Loads.Max(l => l.InFlight) - fleet.Loads.Min(l => l.InFlight));
            }

            running.ForEach(index => fleet.Loads[index].End(TimeSpan.FromMilliseconds(5), CallOutcome.Success));
        }
    }

    [TestMethod]
    public void LeastConnections_CallsEndInRandomOrder_TheNextGoesToTheEmptiest()
    {
        Random random = TestSeed.TakeRandom();
        var fleet = new Fleet(6, random);
        EndPointPicker picker = fleet.Picker(Client.Balancing.LeastConnections);
        for (int i = 0; i < 5000; i++)
        {
            int least = fleet.Loads.Min(l => l.InFlight);
            int index = fleet.Pick(picker).Index;
            Assert.AreEqual(least, fleet.Loads[index].InFlight);
            fleet.Loads[index].Begin();
            int ending = random.Next(6);
            if (fleet.Loads[ending].InFlight > 0)
            {
                fleet.Loads[ending].End(TimeSpan.FromMilliseconds(1), CallOutcome.Success);
            }
        }
    }

    [TestMethod]
    public void LeastConnections_Weights_InFlightFollowsThem()
    {
        var fleet = new Fleet(3, TestSeed.TakeRandom(), i => (int[])[1, 2, 5] is var w ? w[i] : 0);
        EndPointPicker picker = fleet.Picker(Client.Balancing.LeastConnections);
        for (int i = 0; i < 80; i++)
        {
            fleet.Loads[fleet.Pick(picker).Index].Begin();
        }

        CollectionAssert.AreEqual((int[])[10, 20, 50], fleet.Loads.Select(l => l.InFlight).ToArray());
    }

    [TestMethod]
    public void LeastConnections_NothingInFlight_TiesAreSpread()
    {
        var fleet = new Fleet(8, TestSeed.TakeRandom());

        int[] counts = fleet.Count(fleet.Picker(Client.Balancing.LeastConnections), 8000);

        Assert.IsTrue(counts.All(c => c is > 700 and < 1300), string.Join(", ", counts));
    }

    [TestMethod]
    [DataRow("power_of_two_choices")]
    [DataRow("peak_ewma")]
    public void TwoChoices_CallsThatStay_TheFullestIsHardlyFullerThanTheEmptiest(string name)
    {
        var fleet = new Fleet(8, TestSeed.TakeRandom());
        EndPointPicker picker = fleet.Picker(Client.Balancing.Parse(name));
        for (int i = 0; i < 4000; i++)
        {
            fleet.Loads[fleet.Pick(picker).Index].Begin();
        }

        // The gap of two choices stays at a few calls however many there are; that of one choice would be about 60 here.
        int gap = fleet.Loads.Max(l => l.InFlight) - fleet.Loads.Min(l => l.InFlight);
        Console.WriteLine($"{name}: gap {gap}");
        Assert.IsLessThan(16, gap);
    }

    [TestMethod]
    [DataRow("power_of_two_choices")]
    [DataRow("peak_ewma")]
    public void TwoChoices_Weights_CallsThatStayFollowThem(string name)
    {
        int[] weights = [1, 1, 2, 4, 8];
        var fleet = new Fleet(5, TestSeed.TakeRandom(), i => weights[i]);
        EndPointPicker picker = fleet.Picker(Client.Balancing.Parse(name));
        for (int i = 0; i < 1600; i++)
        {
            fleet.Loads[fleet.Pick(picker).Index].Begin();
        }

        for (int i = 0; i < 5; i++)
        {
            Assert.AreEqual(weights[i], fleet.Loads[i].InFlight / 100.0, 0.2 * weights[i], $"end point {i}");
        }
    }
}
