using System.IO.Compression;
using System.Xml.Linq;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Embedding;

/// <summary>The packages as others get them: what is in them, and a service outside the solution that is built with them alone and runs.</summary>
[TestClass]
public sealed class PackageTests
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Packages_InAServiceOfItsOwn_BuildAndRun()
    {
        using var directory = new TemporaryDirectory();
        string feed = directory.Combine("feed");
        ScriptResult packed = await DotNetAsync(
            RepositoryFiles.Root, "msbuild", RepositoryFiles.PathOf("tests/embedding/pack.proj"), "-nologo", "-v:quiet", "-nodeReuse:false", "-t:Pack", $"-p:Configuration={Configuration}", $"-p:PackageOutputPath={feed}/");
        Assert.AreEqual(0, packed.ExitCode, packed.Everything);
        AssertContents(feed);
        string[] unknown = [.. Directory.GetFiles(feed, "*.nupkg").Select(static f => Path.GetFileName(f)!).Except(PackageDependencies.Names.Select(static n => $"{n}.0.1.0.nupkg"))];
        Assert.IsEmpty(unknown, $"Packages that {nameof(PackageDependencies)} does not state: {string.Join(", ", unknown)}");

        string service = directory.Combine("service");
        Copy(RepositoryFiles.PathOf("tests/embedding"), directory.Combine("."));

        // A cache of its own, so that no package of an earlier run stands in; what others have published is taken from where it is already.
        string known = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        ScriptResult built = await DotNetAsync(
            service, "build", "-c", "Release", "--nologo", "-v", "quiet", "-nodeReuse:false", $"-p:RestoreAdditionalProjectSources={feed}", $"-p:RestorePackagesPath={directory.Combine("packages")}", $"-p:RestoreFallbackFolders={known}");
        Assert.AreEqual(0, built.ExitCode, built.Everything);

        using InteropCertificates certificates = await InteropCertificates.MakeAsync();
        ScriptResult run = await DotNetAsync(
            service, Path.Combine(service, "bin/Release/net10.0/Embedded.dll"), Path.GetDirectoryName(certificates.PathOf("server"))!, KestrelSite.FreePort().ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.AreEqual(0, run.ExitCode, run.Everything);
        Assert.AreEqual("hello over HTTP\nhello over a raw stream\nhello over gRPC: Serving\nend points: 1", string.Join('\n', run.OutputLines.Where(static l => l.StartsWith("hello", StringComparison.Ordinal) || l.StartsWith("end", StringComparison.Ordinal))));
    }

    private static void AssertContents(string feed)
    {
        foreach (string name in PackageDependencies.Names)
        {
            string file = Path.Combine(feed, $"{name}.0.1.0.nupkg");
            Assert.IsTrue(File.Exists(file), $"There is no package of {name}.");
            Assert.IsTrue(File.Exists(Path.ChangeExtension(file, ".snupkg")), $"There are no symbols of {name}.");
            using ZipArchive package = ZipFile.OpenRead(file);
            string[] entries = [.. package.Entries.Select(static e => e.FullName)];
            CollectionAssert.Contains(entries, "README.md", name);
            CollectionAssert.Contains(entries, $"lib/net10.0/{name}.dll", name);
            using Stream stream = package.GetEntry($"{name}.nuspec")!.Open();
            XElement metadata = XDocument.Load(stream).Root!.Elements().First();
            Assert.AreEqual("Apache-2.0", metadata.Elements().Single(static e => e.Name.LocalName == "license").Value, name);
            Assert.IsGreaterThan(20, metadata.Elements().Single(static e => e.Name.LocalName == "description").Value.Length);
            PackageDependencies.AssertAsStated(name, metadata);
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static Task<ScriptResult> DotNetAsync(string workingDirectory, params string[] arguments) =>
        ScriptRun.StartAsync("dotnet", arguments, new Dictionary<string, string> { ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1", ["MSBUILDDISABLENODEREUSE"] = "1" }, workingDirectory);
}
