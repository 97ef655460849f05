using System.Globalization;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Balancing;

/// <summary>What each policy makes of backends that are slow, fail and come back, in simulated time: the same seed gives the same numbers on any machine.</summary>
[TestClass]
public sealed class SimulationTests
{
    private const double Second = 1000;

    // 8 backends of 4 workers with 10 ms each serve 3,200 calls a second; a slow one with 50 ms serves 80.
    private const double CallsPerSecond = 500;

    public static IEnumerable<object[]> Policies => Fleet.Policies.Select(p => new object[] { p.Name });

    [TestMethod]
    [DataRow(1)]
    [DataRow(4)]
    public void OneOfEightBackendsFiveTimesSlow_PoliciesThatLookAvoidIt(int clients)
    {
        Dictionary<string, double> slow = Ratios(TestSeed.Take(), clients, [10, 10, 10, 50, 10, 10, 10, 10], [5, 5, 5, 1, 5, 5, 5, 5]);

        Assert.IsLessThan(0.9, slow["least_connections"]);
        Assert.IsLessThan(0.9, slow["weighted"]);
        Assert.IsLessThan(0.95, slow["power_of_two_choices"]);
        Assert.IsLessThan(0.6, slow["peak_ewma"]);
        Assert.AreEqual(slow["peak_ewma"], slow.Values.Min(), "peak EWMA is to be the best");
    }

    [TestMethod]
    public void EightEqualBackends_NoPolicyIsWorseThanRoundRobin()
    {
        Dictionary<string, double> equal = Ratios(TestSeed.Take(), 4, [10, 10, 10, 10, 10, 10, 10, 10], [1, 1, 1, 1, 1, 1, 1, 1]);

        foreach ((string policy, double ratio) in equal)
        {
            // A ring without affinity spreads as evenly as its places, and at random.
            Assert.IsLessThan(policy == "ring_hash" ? 1.5 : 1.1, ratio, policy);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Policies))]
    public void OneBackendRefusesQuickly_AttractsNoTraffic(string name)
    {
        foreach (CallOutcome outcome in (CallOutcome[])[CallOutcome.Overloaded, CallOutcome.ServerFailure, CallOutcome.TransportFailure])
        {
            var simulation = new BalancingSimulation(Client.Balancing.Parse(name), TestSeed.TakeRandom(), 3, 10, 10, 10, 10, 10, 10, 10, 10);
            simulation.Run(5 * Second, CallsPerSecond);
            simulation.Fail(3, outcome);
            simulation.Run(15 * Second, CallsPerSecond);
            double first = simulation.Share(3, 5 * Second, 6 * Second);
            double later = simulation.Share(3, 6 * Second, 20 * Second);
            simulation.Fail(3, null);
            simulation.Run(70 * Second, CallsPerSecond);
            double back = simulation.Share(3, 50 * Second, 90 * Second);

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}, {outcome}: share in the first second {first:0.0%}, then {later:0.0%}, after recovery {back:0.0%}"));
            bool isBlind = name is "round_robin" or "weighted";
            Assert.IsTrue(first < (isBlind ? 0.13 : 0.16), $"{first} of the calls in the first second");
            Assert.IsTrue(later < (isBlind ? 0.13 : 0.06), $"{later} of the calls afterwards");
            Assert.IsTrue(back is > 0.06 and < 0.2, $"{back} of the calls after it had recovered");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Policies))]
    public void OneBackendComesBackToManyClients_NoHerdRunsItOver(string name)
    {
        var simulation = new BalancingSimulation(Client.Balancing.Parse(name), TestSeed.TakeRandom(), 50, 10, 10, 10, 10, 10, 10, 10, 10);
        simulation.Rebuild(i => i != 3);
        simulation.Run(5 * Second, CallsPerSecond);
        Assert.AreEqual(0, simulation.Share(3, 0, 5 * Second), "a candidate that is out gets nothing");

        simulation.Rebuild(static _ => true, recovered: 3, new SlowStartOptions { Window = TimeSpan.FromSeconds(10) });
        simulation.Run(25 * Second, CallsPerSecond);
        double[] shares = [.. Enumerable.Range(5, 25).Select(s => simulation.Share(3, s * Second, (s + 1) * Second))];
        double whole = simulation.Share(3, 15 * Second, 30 * Second);

        Console.WriteLine($"{name}: share second by second {string.Join(" ", shares.Take(12).Select(s => s.ToString("0.000", CultureInfo.InvariantCulture)))}; warm {whole:0.000}");

        // An even share is 0.125 of some 500 calls a second: a herd would be several times that in the first.
        Assert.IsLessThan(0.09, shares[0]);
        Assert.IsLessThan(0.22, shares.Max());
        Assert.IsTrue(whole is > 0.07 and < 0.18, $"{whole} once it is warm");
    }

    [TestMethod]
    [DataRow("least_connections")]
    [DataRow("power_of_two_choices")]
    [DataRow("peak_ewma")]
    public void OneBackendComesBackCold_WithoutSlowStart_StillNoHerd(string name)
    {
        var simulation = new BalancingSimulation(Client.Balancing.Parse(name), TestSeed.TakeRandom(), 50, 10, 10, 10, 10, 10, 10, 10, 10);
        simulation.Rebuild(i => i != 3);
        simulation.Run(5 * Second, CallsPerSecond);
        simulation.Rebuild(static _ => true);
        simulation.Run(10 * Second, CallsPerSecond);

        double first = simulation.Share(3, 5 * Second, 6 * Second);
        Console.WriteLine($"{name}: share in the first second {first:0.000}");
        Assert.IsLessThan(0.3, first);
    }

    [TestMethod]
    public void Run_SameSeed_GivesTheSameNumbers()
    {
        int seed = TestSeed.Take();
        double[] Once()
        {
            var simulation = new BalancingSimulation(Client.Balancing.PeakEwma, new Random(seed), 3, 10, 20, 30);
            simulation.Run(3 * Second, 200);
            return [.. simulation.Latencies];
        }

        CollectionAssert.AreEqual(Once(), Once());
    }

    // The 99th percentile of each policy over that of round robin, all with the same arrivals.
    private static Dictionary<string, double> Ratios(int seed, int clients, double[] service, int[] weights)
    {
        double Percentile(BalancingPolicy policy)
        {
            var simulation = new BalancingSimulation(policy, new Random(seed), clients, service) { Weights = policy == Client.Balancing.Weighted ? weights : null };
            simulation.Rebuild(static _ => true);
            simulation.Run(100 * Second, CallsPerSecond);
            return simulation.Percentile(0.99);
        }

        double roundRobin = Percentile(Client.Balancing.RoundRobin);
        Dictionary<string, double> ratios = Fleet.Policies.ToDictionary(static p => p.Name, p => Percentile(p) / roundRobin);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clients} clients, p99 of round robin {roundRobin:0.0} ms; others over it:"));
        foreach ((string policy, double ratio) in ratios)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {policy} {ratio:0.00}"));
        }

        return ratios;
    }
}
