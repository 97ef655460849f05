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
        Assert.IsTrue(scenario.Faults.Count > 0 || scenario.Loads.Any(static l => l.Kind == LoadKind.Slow || l.Burst > 0), "Nothing out of the ordinary happens.");
        Assert.IsNotEmpty(scenario.Bounds);
        if (scenario.Rows.Count > 0)
        {
            Assert.IsTrue(file.StartsWith($"{scenario.Rows[0]:00}-", StringComparison.Ordinal), "The name of the file begins with its row.");
        }
        else
        {
            Assert.IsFalse(char.IsDigit(file[0]), "A scenario beside the scorecard has a name without a number.");
        }

        // N6 is judged by calls that begin later than five seconds after the last fault.
        TimeSpan last = scenario.Faults.Select(static f => f.At + (f.Every * (f.Times - 1)) + f.For).DefaultIfEmpty(TimeSpan.Zero).Max();
        Assert.IsGreaterThan(last + TimeSpan.FromSeconds(5), scenario.Duration);
    }
}
