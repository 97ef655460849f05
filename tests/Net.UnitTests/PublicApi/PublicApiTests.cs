using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.UnitTests.PublicApi;

/// <summary>What other assemblies can use of each library stands in a file, so that no change to it goes in unseen.</summary>
/// <remarks>After a change that is meant, run this class with the environment variable <c>NET_UPDATE_API=1</c>, and review the files' difference on its own.</remarks>
[TestClass]
public sealed class PublicApiTests
{
    private const string UpdateVariable = "NET_UPDATE_API";

    public static IEnumerable<object[]> Libraries => FindLibraries().Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Libraries))]
    public void PublicApi_OfEachLibrary_IsWhatItsFileSays(string library)
    {
        IReadOnlyList<string> actual = PublicApiText.Of(Assembly.Load(library));
        string file = Path.Combine(SourceFolder(), $"PublicApi.{library}.txt");
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            File.WriteAllLines(file, actual);
        }

        Assert.IsTrue(File.Exists(file), $"{library} has no file of its public API yet; run this test with {UpdateVariable}=1 and commit {Path.GetFileName(file)}.");
        string[] expected = File.ReadAllLines(file);
        string[] changes = [.. expected.Except(actual).Select(l => "- " + l), .. actual.Except(expected).Select(l => "+ " + l)];
        Assert.IsTrue(
            expected.SequenceEqual(actual),
            $"The public API of {library} has changed. If that is meant, run this test with {UpdateVariable}=1 and commit the file.{Environment.NewLine}{string.Join(Environment.NewLine, changes)}");
    }

    [TestMethod]
    public void PublicApi_FilesOfLibrariesThatAreGone_AreGoneToo()
    {
        string[] files = [.. Directory.GetFiles(SourceFolder(), "PublicApi.*.txt").Select(f => Path.GetFileNameWithoutExtension(f)["PublicApi.".Length..])];

        CollectionAssert.AreEquivalent(FindLibraries(), files);
    }

    [TestMethod]
    public void PublicApiText_OfKnownTypes_IsAsWritten()
    {
        IReadOnlyList<string> lines = PublicApiText.Of(typeof(TransportEngine).Assembly);

        CollectionAssert.Contains(lines.ToArray(), "abstract class Net.TransportStream : IAsyncDisposable, IDuplexPipe");
        CollectionAssert.Contains(lines.ToArray(), "  abstract ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken = default)");
        CollectionAssert.Contains(lines.ToArray(), "  required IReadOnlyList<string> ApplicationProtocols { get; init; }");
        CollectionAssert.Contains(lines.ToArray(), "  Invoke(in ClientHello hello)".Replace("  Invoke", "  ServerTlsOptions? Invoke", StringComparison.Ordinal));
        CollectionAssert.Contains(lines.ToArray(), "enum Net.EngineCapabilities [Flags]");
        CollectionAssert.Contains(lines.ToArray(), "  const long Max = 4611686018427387903");
        Assert.IsFalse(lines.Any(l => l.Contains("PrintMembers", StringComparison.Ordinal)));
    }

    // Every project under src that is no program; a library that this project does not reference cannot be loaded and fails its row.
    private static string[] FindLibraries() => [.. Directory.GetFiles(Path.Combine(SourceFolder(), "../../../src"), "*.csproj", SearchOption.AllDirectories)
        .Where(project => XDocument.Load(project).Descendants("OutputType").All(t => t.Value != "Exe"))
        .Select(project => Path.GetFileNameWithoutExtension(project)!)
        .Order(StringComparer.Ordinal)];

    private static string SourceFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
