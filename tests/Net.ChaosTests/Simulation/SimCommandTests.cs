using Net.Chaos.CommandLine;
using Net.Chaos.Scenarios;
using Net.Chaos.Simulation;
using Net.Chaos.Simulation.Faults;
using Net.ChaosTests.Running;

namespace Net.ChaosTests.Simulation;

/// <summary><c>net-chaos sim</c> as its users call it.</summary>
[TestClass]
public sealed class SimCommandTests
{
    [TestMethod]
    public async Task Sim_TwoSeeds_SaysWhatPassedAndWhatHappened()
    {
        (int code, string output, string error) = await RunAsync("sim", "--seeds", "2", "--seed", "41");

        Assert.AreEqual(0, code, error);
        Assert.Contains("2 of 2 seeds passed from 41 on, engine memory", output);
        Assert.Contains("net-chaos: faults:", output);
    }

    [TestMethod]
    public async Task Sim_OneSeedWithoutFaults_PrintsItsHashAndThatNothingHappened()
    {
        (int code, string output, string error) = await RunAsync("sim", "--seeds", "1", "--seed", "41", "--keep", "none");

        Assert.AreEqual(0, code, error);
        Assert.Contains("trace hash", output);
        Assert.Contains("faults: none", output);
    }

    [TestMethod]
    [DataRow("--seeds must be at least 1", "sim", "--seeds", "0")]
    [DataRow("--keep holds 'x'", "sim", "--keep", "1,x")]
    [DataRow("'memory'", "sim", "--engine", "tcp")]
    public async Task Sim_MistakeOfUse_IsExplained(string message, params string[] arguments)
    {
        (int code, _, string error) = await RunAsync(arguments);

        Assert.AreEqual(2, code);
        Assert.Contains(message, error);
    }

    [TestMethod]
    public void Apply_Scenario_TakesFaultsWithTheirTimesAndNamesTheRest()
    {
        const string text = """
            about: x
            topology:
              hosts: 2
              disk: 1MB
            load:
              - raw: {rate: 5, deadline: 2s}
            duration: 20s
            faults:
              - {kill: h1, at: 2s, every: 4s, times: 2, start-after: 1s}
              - {partition: [[c1], [h2]], at: 3s, for: 2s, direction: downstream}
              - {toxic: loss, links: c1-h1, with: {probability: 0.1}, at: 4s, for: 1s}
              - {toxic: nat_rebind, direction: upstream, with: {interval: 500}, at: 5s, for: 1s}
              - {fill-disk: h1, at: 6s, for: 1s}
              - {migrate: c1, at: 6500ms}
            """;

        (SimulationOptions options, IReadOnlyList<string> leftOut) = ScenarioSimulation.Apply(ScenarioReader.Read(text, "a.yaml"), new SimulationOptions { Seed = 1, Engine = SimulatedEngineKind.Ngtcp2 });

        Assert.AreEqual(2, options.Hosts);
        Assert.AreEqual(1, options.Clients);
        Assert.AreEqual(TimeSpan.FromSeconds(2), options.Deadline);
        Assert.AreEqual(TimeSpan.FromSeconds(8), options.FaultsEnd);
        Assert.AreSequenceEqual(
            (SimulatedFaultKind[])[SimulatedFaultKind.Kill, SimulatedFaultKind.CutDownstream, SimulatedFaultKind.Loss, SimulatedFaultKind.Rebind, SimulatedFaultKind.Kill, SimulatedFaultKind.Rebind, SimulatedFaultKind.Migrate],
            options.Faults!.Select(static f => f.Kind).ToArray());
        Assert.AreEqual(new SimulatedFault(SimulatedFaultKind.Kill, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1), -1, 0, 0), options.Faults![0]);
        Assert.Contains("fill-disk of line 13 is not simulated", leftOut.Single());
    }

    [TestMethod]
    public void Apply_FaultsOfDatagramsWithoutDatagrams_AreRefusedWithTheEngineThatHasThem()
    {
        const string text = "about: x\nload:\n  - raw: {rate: 5}\nfaults:\n  - {toxic: reorder, with: {probability: 0.1}, at: 1s, for: 1s}\n";

        ScenarioException thrown = Assert.ThrowsExactly<ScenarioException>(() => ScenarioSimulation.Apply(ScenarioReader.Read(text, "a.yaml"), new SimulationOptions { Seed = 1 }));

        Assert.Contains("toxic reorder of line 5 is not simulated but with --engine ngtcp2", thrown.Faults[0]);
        Assert.Contains("none of its faults can be simulated with the engine memory", thrown.Faults[1]);
    }

    [TestMethod]
    public async Task Sim_ScenarioThatShips_Holds()
    {
        (int code, string output, string error) = await RunAsync("sim", Path.Combine(ScenarioFolder.Find(), "11-kill-quick.yaml"), "--seeds", "1", "--seed", "3");

        Assert.AreEqual(0, code, output + error);
        Assert.Contains("kill", output);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int code = await ChaosCommandLine.RunAsync(arguments, new CommandContext(output, error, TimeProvider.System, static () => 1));
        return (code, output.ToString(), error.ToString());
    }
}
