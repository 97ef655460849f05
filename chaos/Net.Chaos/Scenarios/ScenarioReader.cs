using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Net.Chaos.Scenarios;

/// <summary>Reads scenario files. All faults are reported at once, each with file, line and column.</summary>
internal static class ScenarioReader
{
    private static readonly TimeSpan LongestRun = TimeSpan.FromHours(24);

    /// <summary>Reads a file.</summary>
    /// <exception cref="ScenarioException">It cannot be read, or says what cannot be run.</exception>
    internal static Scenario ReadFile(string path)
    {
        try
        {
            return Read(File.ReadAllText(path), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ScenarioException([$"{path}: {exception.Message}"], exception);
        }
    }

    /// <summary>Reads a scenario.</summary>
    /// <param name="text">What the file holds.</param>
    /// <param name="path">Its name, for messages; the scenario is called like it, without folder and ending.</param>
    /// <exception cref="ScenarioException">It says what cannot be run.</exception>
    internal static Scenario Read(string text, string path)
    {
        YamlMappingNode root = Parse(text, path);
        var faults = new List<string>();
        var node = new ScenarioNode(root, path, faults);
        Topology topology = TopologyReader.Read(node.Map("topology"));
        Scenario scenario = new()
        {
            Name = Path.GetFileNameWithoutExtension(path),
            About = node.Text("about") ?? "",
            Rows = ReadRows(node),
            Group = node.Choice<ScenarioGroup>("group", [("quick", ScenarioGroup.Quick), ("full", ScenarioGroup.Full), ("soak", ScenarioGroup.Soak)]) ?? ScenarioGroup.Full,
            Topology = topology,
            Client = TopologyReader.ReadClient(node.Map("client")),
            Loads = LoadReader.Read(node),
            WarmUp = node.Time("warm-up", TimeSpan.Zero, TimeSpan.FromMinutes(5)) ?? TimeSpan.FromSeconds(2),
            Duration = node.Time("duration", TimeSpan.FromMilliseconds(100), LongestRun) ?? TimeSpan.FromSeconds(10),
            Faults = [.. new FaultReader(topology).Read(node).OrderBy(static f => f.At)],
            Bounds = BoundReader.Read(node),
        };
        node.EndOfKeys();
        CheckTimes(scenario, node);
        return faults.Count == 0 ? scenario : throw new ScenarioException(faults);
    }

    private static YamlMappingNode Parse(string text, string path)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents is [{ RootNode: YamlMappingNode root }]
                ? root
                : throw new ScenarioException([$"{path}:1:1: a scenario is one document of names and values; begin for example with 'about: what it proves'."]);
        }
        catch (YamlException exception)
        {
            throw new ScenarioException([string.Create(CultureInfo.InvariantCulture, $"{path}:{exception.Start.Line}:{exception.Start.Column}: this is no YAML: {exception.Message}")], exception);
        }
    }

    private static List<int> ReadRows(ScenarioNode node)
    {
        var rows = new List<int>();
        foreach (string word in node.Words("rows") ?? [])
        {
            if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int row))
            {
                rows.Add(row);
            }
            else
            {
                node.Fault(node.Find("rows")!, $"rows holds '{word}'; it must hold the numbers of rows of the scorecard.");
            }
        }

        return rows;
    }

    private static void CheckTimes(Scenario scenario, ScenarioNode node)
    {
        foreach (FaultPlan fault in scenario.Faults)
        {
            TimeSpan last = fault.At + (fault.Every * (fault.Times - 1)) + fault.For;
            if (last > scenario.Duration)
            {
                node.Fault(string.Create(CultureInfo.InvariantCulture, $"the {fault.Action.Word} of line {fault.Line} ends {last.TotalSeconds:0.###} s after the warm-up, when the load of {scenario.Duration.TotalSeconds:0.###} s is over; make duration longer."));
            }
        }

        foreach (LoadPlan load in scenario.Loads.Where(l => l.After >= scenario.WarmUp + scenario.Duration))
        {
            node.Fault(string.Create(CultureInfo.InvariantCulture, $"{load.Name} would begin after {load.After.TotalSeconds:0.###} s, when all load is over: the warm-up and the duration last {(scenario.WarmUp + scenario.Duration).TotalSeconds:0.###} s."));
        }

        if (scenario.Loads.Count == 0)
        {
            node.Fault("load is missing: without calls nothing can be lost.");
        }
    }
}
