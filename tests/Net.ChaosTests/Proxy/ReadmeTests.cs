using System.Runtime.CompilerServices;
using Net.Chaos.Proxy;
using Net.ChaosTests.Udp;
using Net.UnitTests.PublicApi;

namespace Net.ChaosTests.Proxy;

/// <summary>The documentation says what is there, and the public surface is what its file says.</summary>
[TestClass]
public sealed class ReadmeTests
{
    private const string UpdateVariable = "NET_UPDATE_API";
    private static string Readme => File.ReadAllText(Path.Combine(Folder(), "../../../chaos/README.md"));

    public static IEnumerable<object[]> Types => ToxicTypes.All.Select(static t => new object[] { t.Protocol == ProxyProtocol.Tcp ? "TCP" : "UDP", t.Name });

    [TestMethod]
    [DynamicData(nameof(Types))]
    public void Readme_OfEachToxic_HasItsAttributesAndDefaults(string protocol, string name)
    {
        ToxicType type = ToxicTypes.Find(name, protocol == "TCP" ? ProxyProtocol.Tcp : ProxyProtocol.Udp);
        string[] lines = Readme.Split('\n');
        int section = Array.FindIndex(lines, l => l.StartsWith($"### {protocol}", StringComparison.Ordinal));
        int start = Array.FindIndex(lines, section, l => l.StartsWith($"| `{name}` |", StringComparison.Ordinal));
        Assert.IsGreaterThan(0, start, $"chaos/README.md has no row for {name}.");
        string[] rows = [lines[start], .. lines.Skip(start + 1).TakeWhile(static l => l.StartsWith("| |", StringComparison.Ordinal))];

        string[][] cells = [.. rows.Select(static r => r.Split('|', StringSplitOptions.TrimEntries))];
        var written = cells.Where(static c => c[3] != "as above").SelectMany(static c => c[2].Split(", ").Zip(c[3].Contains(", ", StringComparison.Ordinal) ? c[3].Split(", ") : [c[3]])).ToDictionary(static p => p.First.Trim('`'), static p => p.Second);
        string all = string.Join(' ', rows);
        foreach (ToxicAttribute attribute in type.Attributes.SkipLast(4))
        {
            Assert.Contains($"`{attribute.Name}`", all);
            if (written.TryGetValue(attribute.Name, out string? value))
            {
                Assert.AreEqual(attribute.DefaultWords, value, $"{name}.{attribute.Name}");
            }
        }

        Assert.IsTrue(written.Keys.All(k => type.Attributes.Any(a => a.Name == k)), $"chaos/README.md has an attribute that {name} has not: {string.Join(' ', written.Keys)}");
    }

    [TestMethod]
    public void Readme_ExampleOfAToxic_IsTheOneThatIsCompiledAndWorks()
    {
        string source = File.ReadAllText(Path.Combine(Folder(), "ThirdStage.cs"));
        Assert.Contains(source[source.IndexOf("internal sealed class", StringComparison.Ordinal)..].TrimEnd(), Readme);

        var bench = new RelayBench();
        var toxic = new Toxic(ThirdStage.Type, "third", ToxicStream.Upstream, 1, new ToxicAttributes(ThirdStage.Type.Attributes), TimeSpan.Zero);
        bench.Relay.Add(toxic);
        bench.SendNumbered(7);

        Assert.AreSequenceEqual((int[])[0, 1, 3, 4, 6], bench.Port.Sent.Select(static d => d.First).ToArray());
        Assert.AreEqual(2, toxic.CountFaults(FaultKind.Dropped));
    }

    [TestMethod]
    public void PublicApi_IsWhatItsFileSays()
    {
        IReadOnlyList<string> actual = PublicApiText.Of(typeof(ChaosProxy).Assembly);
        string file = Path.Combine(Folder(), "PublicApi.net-chaos.txt");
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            File.WriteAllLines(file, actual);
        }

        string[] expected = File.ReadAllLines(file);
        string[] changes = [.. expected.Except(actual).Select(static l => "- " + l), .. actual.Except(expected).Select(static l => "+ " + l)];
        Assert.IsTrue(expected.SequenceEqual(actual), $"The public API has changed. If that is meant, run this test with {UpdateVariable}=1.{Environment.NewLine}{string.Join(Environment.NewLine, changes)}");
    }

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
