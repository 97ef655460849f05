using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>The whole pool under faults of every kind, hundreds of times.</summary>
[TestClass]
public sealed class SimulationTests
{
    private static int Seeds => LongRun.IsAsked ? 10_000 : 300;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Pool_UnderRandomFaults_KeepsItsPromises()
    {
        int first = TestSeed.Take(TestContext);
        int calls = 0;
        int served = 0;
        int breakerChanges = 0;
        int seeds = Seeds;
        for (int i = 0; i < seeds; i++)
        {
            int seed = unchecked(first + i);
            try
            {
                using var simulation = new PoolSimulation(seed);
                simulation.Run();
                calls += simulation.Calls;
                served += simulation.Served;
                breakerChanges += simulation.BreakerChanges;
            }
            catch (Exception exception)
            {
                throw new AssertFailedException($"Seed {seed} ({TestSeed.Variable}={seed} repeats it): {exception.Message}", exception);
            }
        }

        TestContext.WriteLine($"{seeds} runs, {calls} calls, {served} served, {breakerChanges} changes of breakers as their models");
        Assert.IsGreaterThan(calls / 3, served, "the faults leave too little to see");
        Assert.IsGreaterThan(seeds, breakerChanges, "the breakers hardly ever opened");
    }

    [TestMethod]
    public void Pool_WithTheSameSeed_DoesTheSame()
    {
        int first = TestSeed.Take(TestContext);
        HashSet<ulong> hashes = [];
        for (int i = 0; i < 20; i++)
        {
            int seed = unchecked(first + i);
            ulong hash = RunOnce(seed);
            Assert.AreEqual(hash, RunOnce(seed), $"seed {seed}");
            hashes.Add(hash);
        }

        Assert.HasCount(20, hashes);
    }

    private static ulong RunOnce(int seed)
    {
        using var simulation = new PoolSimulation(seed);
        return simulation.Run();
    }
}
