using Net.Chaos.Scenarios;

namespace Net.ChaosTests.Running;

/// <summary>Every scenario that ships can be read, says what it proves, and leaves time to recover.</summary>
[TestClass]
public sealed class ScenarioFileTests
{
    public static IEnumerable<object[]> Files => Directory.EnumerateFiles(ScenarioFolder.Find(), "*.yaml").Order(StringComparer.Ordinal).Select(static f => new object[] { Path.GetFileName(f) });

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void Read_ScenarioThatShips_IsComplete(string file)
    {
        Scenario scenario = ScenarioReader.ReadFile(Path.Combine(ScenarioFolder.Find(), file));

        Assert.IsNotEmpty(scenario.About);
        Assert.IsNotEmpty(scenario.Rows);
        Assert.IsTrue(scenario.Faults.Count > 0 || scenario.Loads.Any(static l => l.Kind == LoadKind.Slow || l.Burst > 0), "Nothing out of the ordinary happens.");
        Assert.IsNotEmpty(scenario.Bounds);
        Assert.IsTrue(file.StartsWith($"{scenario.Rows[0]:00}-", StringComparison.Ordinal), "The name of the file begins with its row.");

        // N6 is judged by calls that begin later than five seconds after the last fault.
        TimeSpan last = scenario.Faults.Select(static f => f.At + (f.Every * (f.Times - 1)) + f.For).DefaultIfEmpty(TimeSpan.Zero).Max();
        Assert.IsGreaterThan(last + TimeSpan.FromSeconds(5), scenario.Duration);
    }
}
