using System.Globalization;
using Net.Chaos.Judging;
using Net.Chaos.Reporting;
using Net.Chaos.Running;
using Net.Chaos.Scenarios;
using Net.Testing;

namespace Net.ChaosTests.Running;

/// <summary>The quick scenarios, as they are: real hosts, real faults, and the thresholds of their files.</summary>
[TestClass]
[DoNotParallelize]
public sealed class QuickScenarioTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Quick => Directory.EnumerateFiles(ScenarioFolder.Find(), "*.yaml").Order(StringComparer.Ordinal)
        .Where(static f => ScenarioReader.ReadFile(f).Group == ScenarioGroup.Quick).Select(static f => new object[] { Path.GetFileNameWithoutExtension(f) });

    public static string NameOf(System.Reflection.MethodInfo method, object[] data) => $"{method.Name}_Row{((string)data[0]).Replace('-', '_')}";

    [TestMethod]
    [DynamicData(nameof(Quick), DynamicDataDisplayName = nameof(NameOf))]
    public Task Run_QuickScenario_EverythingHolds(string name) => RunAsync(name, RunEngines.Auto);

    /// <summary>Rotation on the other engine: hosts, client and probes. Nobody has the duty to install libmsquic, so that the test says what is missing.</summary>
    [TestMethod]
    public Task Run_RotationOnMsQuic_EverythingHolds()
    {
        if (new MsQuic.MsQuicEngine().Support.Reason is { } reason)
        {
            Assert.Inconclusive(reason);
        }

        return RunAsync("17-rotate-quick", "msquic");
    }

    private async Task RunAsync(string name, string engine)
    {
        Scenario scenario = ScenarioReader.ReadFile(Path.Combine(ScenarioFolder.Find(), name + ".yaml"));
        ulong seed = (ulong)TestSeed.Take(TestContext);
        var output = new StringWriter();
        RunResult result = await new ScenarioRunner(scenario, new RunOptions { Seed = seed, Engine = engine, TimeProvider = TimeProvider.System }, new LineObserver(output)).RunAsync(CancellationToken.None).WaitAsync(Limit);

        IEnumerable<string> calls = ReportBuilder.Build(result, "").BadCalls.Take(10).Select(static c => string.Create(CultureInfo.InvariantCulture, $"{c.Began:0.000} {c.Load} {c.Result}: {c.Detail}"));
        Assert.IsTrue(result.Passed, $"{output}\n{string.Join("\n", calls)}");
        Assert.IsTrue(result.Findings.Any(static f => f.Rule == "proof"));
    }
}
