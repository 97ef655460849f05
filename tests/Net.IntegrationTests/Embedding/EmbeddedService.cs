using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Embedding;

/// <summary>The libraries, packed, and the service of tests/embedding, which is built with those packages alone.</summary>
internal sealed partial class EmbeddedService : IDisposable
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    // An executable for one processor is compiled in one to three minutes, by how busy the machine is.
    private static readonly TimeSpan PublishLimit = TimeSpan.FromMinutes(4.5);

    // Kept from run to run, since what publishing needs of others is large; what is ours is taken out first, so that no package of an earlier run stands in.
    private static readonly string Cache = RepositoryFiles.PathOf("artifacts/embedding");
    private readonly TemporaryDirectory _directory = new();

    private EmbeddedService()
    {
    }

    /// <summary>Where the packages are.</summary>
    internal string Feed => _directory.Combine("feed");

    private static string RuntimeIdentifier => $"linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>Packs what is built.</summary>
    internal static async Task<EmbeddedService> PackAsync()
    {
        var service = new EmbeddedService();
        ScriptResult packed = await DotNetAsync(
            RepositoryFiles.Root, "msbuild", RepositoryFiles.PathOf("tests/embedding/pack.proj"), "-nologo", "-v:quiet", "-nodeReuse:false", "-t:Pack", $"-p:Configuration={Configuration}", $"-p:PackageOutputPath={service.Feed}/");
        Assert.AreEqual(0, packed.ExitCode, packed.Everything);
        foreach (string own in PackageDependencies.Names.Select(static n => Path.Combine(Cache, n.ToLowerInvariant())).Where(Directory.Exists))
        {
            Directory.Delete(own, recursive: true);
        }

        return service;
    }

    /// <summary>Builds the service as it is run by the shared runtime.</summary>
    /// <returns>The assembly.</returns>
    internal async Task<string> BuildAsync()
    {
        string service = Copy("built");
        ScriptResult built = await DotNetAsync(service, ["build", "-c", "Release", "--nologo", "-v", "quiet", "-nodeReuse:false", .. Sources()]);
        Assert.AreEqual(0, built.ExitCode, built.Everything);
        return Path.Combine(service, "bin/Release/net10.0/Embedded.dll");
    }

    /// <summary>Publishes the service for this machine. Inconclusive where the packages of .NET that this takes are not to be had.</summary>
    /// <param name="name">Of a directory for it.</param>
    /// <param name="properties">How, as properties of the project.</param>
    /// <returns>The program, and every warning of trimming or compiling ahead of time that is not of another's package.</returns>
    internal async Task<(string Program, string[] Warnings)> PublishAsync(string name, params string[] properties)
    {
        string service = Copy(name);
        string[] how = ["--nologo", "-v", "quiet", "-nodeReuse:false", "-r", RuntimeIdentifier, .. properties.Select(static p => $"-p:{p}"), .. Sources()];
        ScriptResult restored = await DotNetAsync(service, ["restore", .. how.Skip(1)]);
        if (restored.ExitCode != 0 && PackageIsMissing().IsMatch(restored.Everything))
        {
            Assert.Inconclusive($"The package source of this machine has not what publishing takes: {restored.Everything}");
        }

        Assert.AreEqual(0, restored.ExitCode, restored.Everything);

        // Each warning by itself, not one for an assembly; and none ends the compilation, so that all are seen at once.
        ScriptResult published = await DotNetAsync(
            service, ["publish", "--no-restore", "-c", "Release", "-o", Path.Combine(service, "out"), "-p:TrimmerSingleWarn=false", "-p:ILLinkTreatWarningsAsErrors=false", "-p:IlcTreatWarningsAsErrors=false", .. how]);
        Assert.AreEqual(0, published.ExitCode, published.Everything);
        string[] warnings = [.. Warning().Matches(published.Everything).Select(static m => m.Value.Trim()).Where(static w => !OfAnother().IsMatch(w)).Distinct()];
        return (Path.Combine(service, "out", "Embedded"), warnings);
    }

    /// <summary>Runs the service with certificates of its own.</summary>
    /// <param name="command">The program, with arguments before its own.</param>
    /// <returns>What the service said of itself.</returns>
    internal async Task<string> RunAsync(params string[] command)
    {
        using InteropCertificates certificates = await InteropCertificates.MakeAsync();
        string[] arguments = [.. command.Skip(1), Path.GetDirectoryName(certificates.PathOf("server"))!, KestrelSite.FreePort().ToString(CultureInfo.InvariantCulture)];
        ScriptResult run = await ScriptRun.StartAsync(command[0], arguments, workingDirectory: _directory.Path);
        Assert.AreEqual(0, run.ExitCode, run.Everything);
        return string.Join('\n', run.OutputLines.Where(static l => Said().IsMatch(l)));
    }

    /// <inheritdoc/>
    public void Dispose() => _directory.Dispose();

    private string[] Sources()
    {
        string known = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return [$"-p:RestoreAdditionalProjectSources={Feed}", $"-p:RestorePackagesPath={Cache}", $"-p:RestoreFallbackFolders={known}"];
    }

    private string Copy(string name)
    {
        string from = RepositoryFiles.PathOf("tests/embedding");
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = _directory.Combine(name, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return _directory.Combine(name, "service");
    }

    private static Task<ScriptResult> DotNetAsync(string workingDirectory, params string[] arguments) => ScriptRun.StartAsync(
        "dotnet", arguments, new Dictionary<string, string> { ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1", ["MSBUILDDISABLENODEREUSE"] = "1" }, workingDirectory, PublishLimit);

    [GeneratedRegex("^(hello |end points: |compiled )")]
    private static partial Regex Said();

    [GeneratedRegex(@"NU110[12]: Unable to find (a stable )?package (Microsoft|runtime)\.|NU1301", RegexOptions.IgnoreCase)]
    private static partial Regex PackageIsMissing();

    [GeneratedRegex(@"^.*\bIL[23]\d{3}\b.*$", RegexOptions.Multiline)]
    private static partial Regex Warning();

    // Google.Protobuf's writer of JSON reads the names of enums by reflection. Nothing of ours calls it.
    [GeneratedRegex(@"\bIL2067: Google\.Protobuf\.JsonFormatter\.")]
    private static partial Regex OfAnother();
}
