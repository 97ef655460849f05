using Net.Chaos.Simulation;
using Net.Chaos.Simulation.Faults;

namespace Net.ChaosTests.Simulation;

/// <summary>What is broken on purpose is found, with the rule that it breaks.</summary>
[TestClass]
public sealed class FlawTests
{
    // Where a flaw shows depends on chance: breakers and the budget of retries may hide it. This seed shows them all, each time.
    private const int Seed = 12;
    private static readonly SimulatedFault FailingHandlers = Fault(SimulatedFaultKind.Fail, 2, 3, 1);

    [TestMethod]
    public void Run_CallThatMayHaveRunIsSentAgain_IsFound() => AssertFinds("N2", new FlawedParts.Careless(), FailingHandlers);

    [TestMethod]
    public void Run_CallOfGrpcThatMayHaveRunIsSentAgain_IsFound() => AssertFinds("N2", new FlawedParts.Forgetful(), 1, FailingHandlers);

    [TestMethod]
    public void Run_AnswerOfGrpcThatIsAnothers_IsFound() => AssertFinds("N4", new FlawedParts.Confused(), 1);

    [TestMethod]
    public void Run_AnswerOfAnotherCall_IsFound() => AssertFinds("N4", new FlawedParts.Confused());

    [TestMethod]
    public void Run_CallWithoutOutcome_IsFound() => AssertFinds("N1", new FlawedParts.Silent());

    [TestMethod]
    public void Run_CallWithTwoOutcomes_IsFound() => AssertFinds("N1", new FlawedParts.Talkative());

    [TestMethod]
    public void Run_FaultThatDoesNotStop_ShowsThatLivenessIsJudged() => AssertFinds("N6", new SimulationParts(), Fault(SimulatedFaultKind.Partition, 6, 60, 0));

    [TestMethod]
    public void Run_SameFaultsWithoutFlaw_Holds()
    {
        SimulationOutcome outcome = Run(new SimulationParts(), [FailingHandlers], null);

        Assert.IsTrue(outcome.Passed, Describe(outcome));
    }

    [TestMethod]
    public void Shrink_FailingSchedule_LeavesTheFaultThatIsNeeded()
    {
        SimulatedFault[] faults = [Fault(SimulatedFaultKind.Rotate, 1.5, 0, 0), Fault(SimulatedFaultKind.Cancel, 1.8, 0, 0.2), FailingHandlers, Fault(SimulatedFaultKind.Rotate, 6, 0, 0)];

        IReadOnlyList<int> needed = ScheduleShrinker.Shrink([1, 2, 3, 4], kept => !Run(new FlawedParts.Careless(), faults, kept).Passed);

        Assert.AreSequenceEqual((int[])[3], needed);
    }

    private static SimulatedFault Fault(SimulatedFaultKind kind, double at, double length, double amount) =>
        new(kind, TimeSpan.FromSeconds(at), TimeSpan.FromSeconds(length), -1, -1, amount);

    private static SimulationOutcome Run(SimulationParts parts, IReadOnlyList<SimulatedFault> faults, IReadOnlyCollection<int>? keep, double grpcShare = 0) =>
        SimulationRun.Run(new SimulationOptions { Seed = Seed, Parts = parts, Faults = faults, Keep = keep, GrpcShare = grpcShare });

    private static void AssertFinds(string rule, SimulationParts parts, params SimulatedFault[] faults) => AssertFinds(rule, parts, 0, faults);

    private static void AssertFinds(string rule, SimulationParts parts, double grpcShare, params SimulatedFault[] faults)
    {
        SimulationOutcome outcome = Run(parts, faults, null, grpcShare);

        Assert.Contains(rule, outcome.Findings.Where(static f => !f.Holds).Select(static f => f.Rule), Describe(outcome));
    }

    private static string Describe(SimulationOutcome outcome) => string.Join(Environment.NewLine, outcome.Findings);
}
