using System.Diagnostics;
using Net.Chaos.Simulation;
using Net.Chaos.Simulation.Faults;
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

    // Early data needs a call that waits for a connection while it is renewed; with this seed there are some.
    private const int SeedOfEarlyData = 12;

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
    public async Task Ngtcp2_ClientsThatMoveInMidCall_LoseNothing()
    {
        await RequireDriversAsync();
        SimulatedFault[] faults = [.. Enumerable.Range(0, 12).Select(static i => At(i % 3 == 2 ? SimulatedFaultKind.Rebind : SimulatedFaultKind.Migrate, 1.5 + (0.4 * i)))];

        SimulationOutcome outcome = Run(TestSeed.Take(TestContext), new SimulationParts(), faults);

        Assert.IsTrue(outcome.Passed, Describe(outcome));
        Assert.IsGreaterThan(10, outcome.Moves);
    }

    [TestMethod]
    public async Task Ngtcp2_ConnectionsThatAreRenewed_ResumeAndSendEarlyWhatMayBeSentTwice()
    {
        await RequireDriversAsync();

        SimulationOutcome outcome = Run(SeedOfEarlyData, new SimulationParts(), Resets());

        Assert.IsTrue(outcome.Passed, Describe(outcome));
        Assert.IsGreaterThan(10, outcome.Resumed);
        Assert.IsGreaterThan(0, outcome.Early);
    }

    [TestMethod]
    public void Memory_CallsOfGrpcThatAreRejectedAndToldToGo_LoseNothing()
    {
        SimulatedFault[] faults =
        [
            new(SimulatedFaultKind.Drain, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1), -1, 0, 0),
            new(SimulatedFaultKind.Drain, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(1), -1, 1, 0),
            new(SimulatedFaultKind.Fail, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3), -1, 2, 0.4),
        ];

        SimulationOutcome outcome = SimulationRun.Run(new SimulationOptions { Seed = TestSeed.Take(TestContext), GrpcShare = 1, Faults = faults });

        Assert.IsTrue(outcome.Passed, Describe(outcome));
        Assert.AreEqual(outcome.Calls, outcome.GrpcCalls);
        Assert.IsGreaterThan(0, outcome.GoAways);
        Assert.IsGreaterThan(0, outcome.Rejected);
    }

    [TestMethod]
    public async Task Ngtcp2_EverythingOfGrpcIsSentEarly_IsFound()
    {
        await RequireDriversAsync();

        SimulationOutcome outcome = Run(SeedOfEarlyData, new FlawedParts.Forgetful(), Resets(), grpcShare: 1);

        Assert.Contains("N2", outcome.Findings.Where(static f => !f.Holds).Select(static f => f.Rule), Describe(outcome));
    }

    [TestMethod]
    public async Task Ngtcp2_EverythingIsSentEarly_IsFound()
    {
        await RequireDriversAsync();

        SimulationOutcome outcome = Run(SeedOfEarlyData, new FlawedParts.Hasty(), Resets());

        Assert.Contains("N2", outcome.Findings.Where(static f => !f.Holds).Select(static f => f.Rule), Describe(outcome));
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

    private static SimulatedFault At(SimulatedFaultKind kind, double at) => new(kind, TimeSpan.FromSeconds(at), TimeSpan.Zero, -1, -1, 0);

    private static SimulatedFault[] Resets() => [.. Enumerable.Range(0, 25).Select(static i => At(SimulatedFaultKind.Reset, 1.1 + (0.23 * i)))];

    private static SimulationOutcome Run(int seed, SimulationParts parts, IReadOnlyList<SimulatedFault> faults, double grpcShare = 0) =>
        SimulationRun.Run(new SimulationOptions { Seed = seed, Engine = SimulatedEngineKind.Ngtcp2, Parts = parts, Faults = faults, GrpcShare = grpcShare });

    private static string Describe(SimulationOutcome outcome) => $"seed {outcome.Seed}{Environment.NewLine}{string.Join(Environment.NewLine, (object[])[.. outcome.Faults, .. outcome.Findings])}";

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
            Assert.IsTrue(outcome.Passed, $"net-chaos sim --engine {engine} --seeds 1 --seed {outcome.Seed}{Environment.NewLine}{Describe(outcome)}");
            calls += outcome.Calls;
            succeeded += outcome.Succeeded;
        }

        TestContext.WriteLine($"{seeds} seeds in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s: {calls} calls, {succeeded} succeeded");
        Assert.IsGreaterThan(calls / 2, succeeded, "The faults leave too little to see.");
    }
}
