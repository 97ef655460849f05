using System.Text.RegularExpressions;

namespace Net.IntegrationTests.Documentation;

[TestClass]
public sealed partial class ReadmeTests
{
    private static readonly string Root = FindRoot();

    [TestMethod]
    [DataRow("ReadmeServer.cs", 0)]
    [DataRow("ReadmeClient.cs", 1)]
    [DataRow("ReadmeChannel.cs", 2)]
    public void Readme_CodeBlock_IsTheCodeThatCompiles(string file, int block)
    {
        string source = File.ReadAllText(Path.Combine(Root, "tests", "Net.IntegrationTests", "Documentation", file));
        string expected = Section(source, "usings").Trim() + "\n\n" + Dedent(Section(source, "body")).Trim();
        string readme = File.ReadAllText(Path.Combine(Root, "README.md"));
        string[] blocks = [.. CSharpBlock().Matches(readme).Select(static m => m.Groups[1].Value.Trim())];
        Assert.IsGreaterThan(block, blocks.Length, "README.md shows a server, a client and a channel, each as a csharp block.");
        Assert.AreEqual(expected, blocks[block]);
        Assert.IsLessThan(28, blocks[block].Split('\n').Length, "A reader should see it at one glance.");
    }

    [TestMethod]
    public void Readme_EveryFileItNames_Exists()
    {
        string readme = File.ReadAllText(Path.Combine(Root, "README.md"));
        foreach (Match link in Link().Matches(readme))
        {
            string path = link.Groups[1].Value;
            Assert.IsTrue(File.Exists(Path.Combine(Root, path)) || Directory.Exists(Path.Combine(Root, path)), $"README.md links to '{path}', which is not there.");
        }
    }

    [TestMethod]
    public void Readme_EveryMakeTarget_IsInTheMakefile()
    {
        string readme = File.ReadAllText(Path.Combine(Root, "README.md"));
        string makefile = File.ReadAllText(Path.Combine(Root, "Makefile"));
        string[] targets = [.. MakeTarget().Matches(readme).Select(static m => m.Groups[1].Value).Distinct()];
        Assert.Contains("run", targets);
        Assert.Contains("test", targets);
        foreach (string target in targets)
        {
            Assert.MatchesRegex(new Regex($@"(?m)^{Regex.Escape(target)}:"), makefile, $"README.md names `make {target}`.");
        }
    }

    private static string Section(string source, string name)
    {
        int start = source.IndexOf($"// <{name}>", StringComparison.Ordinal) + name.Length + 5;
        int end = source.IndexOf($"// </{name}>", StringComparison.Ordinal);
        Assert.IsGreaterThan(start, end, $"The mark <{name}> is missing.");
        return source[start..end];
    }

    private static string Dedent(string text) => string.Join('\n', text.Split('\n').Select(static line => line.StartsWith("        ", StringComparison.Ordinal) ? line[8..] : line.TrimStart()));

    private static string FindRoot()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Net.sln")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory ?? throw new InvalidOperationException("Net.sln was not found above the test's folder.");
    }

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex(@"\]\(((?!https?:)[^)#]+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\bmake ([a-z]+)\b")]
    private static partial Regex MakeTarget();
}
