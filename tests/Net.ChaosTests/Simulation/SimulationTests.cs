using System.Diagnostics;
using Net.Chaos.Simulation;
using Net.IntegrationTests.Setup;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.ChaosTests.Simulation;

/// <summary>Clusters under random faults: nothing is lost, and a seed repeats its run.</summary>
[TestClass]
public sealed class SimulationTests
{
    private const int Seeds = 20;
    private const int DriverSeeds = 2;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Memory_UnderRandomFaults_LosesNothing() => RunAll(SimulatedEngineKind.Memory, Seeds);

    [TestMethod]
    public async Task Ngtcp2_UnderRandomFaults_LosesNothing()
    {
        await RequireDriversAsync();
        RunAll(SimulatedEngineKind.Ngtcp2, DriverSeeds);
    }

    [TestMethod]
    public void Memory_SameSeed_GivesTheSameTrace()
    {
        int first = TestSeed.Take(TestContext);
        var hashes = new HashSet<ulong>();
        for (int i = 0; i < 3; i++)
        {
            var options = new SimulationOptions { Seed = unchecked(first + i), KeepsTrace = true };
            SimulationOutcome once = SimulationRun.Run(options);
            SimulationOutcome again = SimulationRun.Run(options);
            Assert.AreSequenceEqual(once.Trace, again.Trace, $"seed {options.Seed}");
            Assert.AreEqual(once.Hash, again.Hash);
            hashes.Add(once.Hash);
        }

        Assert.HasCount(3, hashes, "Different seeds must differ.");
    }

    [TestMethod]
    public async Task Ngtcp2_SameSeed_GivesTheSameFaultsAndVerdict()
    {
        await RequireDriversAsync();
        var options = new SimulationOptions { Seed = TestSeed.Take(TestContext), Engine = SimulatedEngineKind.Ngtcp2 };

        SimulationOutcome once = SimulationRun.Run(options);
        SimulationOutcome again = SimulationRun.Run(options);

        Assert.AreSequenceEqual(once.Faults, again.Faults);
        Assert.AreEqual(once.Passed, again.Passed);
    }

    [TestMethod]
    public void Run_KeptFaults_AreTheOnesThatHappen()
    {
        var options = new SimulationOptions { Seed = 6 };
        SimulationOutcome all = SimulationRun.Run(options);
        SimulationOutcome some = SimulationRun.Run(options with { Keep = [2] });

        Assert.IsGreaterThan(1, all.Faults.Count);
        Assert.AreEqual(all.Faults[1], some.Faults.Single());
        Assert.AreSequenceEqual((int[])[2], some.Kept);
    }

    private static async Task RequireDriversAsync()
    {
        await using var engine = new Ngtcp2Engine();
        if (!engine.Support.IsSupported)
        {
            SetupRequirement.Missing($"The ngtcp2 engine cannot run: {engine.Support.Reason}");
        }
    }

    private void RunAll(SimulatedEngineKind engine, int seeds)
    {
        int first = TestSeed.Take(TestContext);
        long began = Stopwatch.GetTimestamp();
        int calls = 0;
        int succeeded = 0;
        for (int i = 0; i < seeds; i++)
        {
            SimulationOutcome outcome = SimulationRun.Run(new SimulationOptions { Seed = unchecked(first + i), Engine = engine });
            Assert.IsTrue(outcome.Passed, $"net-chaos sim --engine {engine} --seeds 1 --seed {outcome.Seed}{Environment.NewLine}{string.Join(Environment.NewLine, (object[])[.. outcome.Faults, .. outcome.Findings])}");
            calls += outcome.Calls;
            succeeded += outcome.Succeeded;
        }

        TestContext.WriteLine($"{seeds} seeds in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s: {calls} calls, {succeeded} succeeded");
        Assert.IsGreaterThan(calls / 2, succeeded, "The faults leave too little to see.");
    }
}
