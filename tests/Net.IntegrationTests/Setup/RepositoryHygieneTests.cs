using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Net.IntegrationTests.Setup;

/// <summary>What must never enter the repository, and what every project of it must be.</summary>
[TestClass]
public sealed partial class RepositoryHygieneTests
{
    [TestMethod]
    public async Task Files_AnyInGit_HoldNoPrivateKey()
    {
        List<string> found = [];
        foreach (string file in await RepositoryFiles.ListAsync())
        {
            if (PrivateKeyHeader().IsMatch(await File.ReadAllTextAsync(RepositoryFiles.PathOf(file))))
            {
                found.Add(file);
            }
        }

        Assert.IsEmpty(found, "These files hold a private key. Remove it from the history and replace the key: " + string.Join(", ", found));
    }

    [TestMethod]
    public async Task Files_AnyInGit_AreNoKeyOrCertificate()
    {
        string[] extensions = [".pem", ".key", ".crt", ".pfx", ".p12", ".der", ".srl"];
        string[] found = [.. (await RepositoryFiles.ListAsync()).Where(file => extensions.Contains(Path.GetExtension(file)))];

        Assert.IsEmpty(found, "Certificates are made on the machine that uses them: " + string.Join(", ", found));
    }

    [TestMethod]
    public async Task NuGetConfig_NamesNoSource()
    {
        foreach (string file in (await RepositoryFiles.ListAsync()).Where(file => string.Equals(Path.GetFileName(file), "nuget.config", StringComparison.OrdinalIgnoreCase)))
        {
            XElement configuration = XDocument.Load(RepositoryFiles.PathOf(file)).Root!;
            Assert.IsFalse(configuration.Elements("packageSources").Any(), $"{file} names package sources; those are the machine's own");
            Assert.IsFalse(configuration.DescendantsAndSelf().Attributes().Any(IsAddress), $"{file} holds an address");
        }
    }

    [TestMethod]
    [DataRow(".npmrc")]
    [DataRow("package.json")]
    [DataRow("package-lock.json")]
    [DataRow(".sh")]
    [DataRow(".awk")]
    [DataRow("Makefile")]
    [DataRow(".ci/run")]
    public async Task SetUpFiles_Any_HoldNoAddress(string ending)
    {
        string[] files = [.. (await RepositoryFiles.ListAsync()).Where(file => file.EndsWith(ending, StringComparison.Ordinal))];

        Assert.IsNotEmpty(files, $"No file ends in {ending}, so this row checks nothing.");
        foreach (string file in files)
        {
            Match address = Address().Match(await File.ReadAllTextAsync(RepositoryFiles.PathOf(file)));
            Assert.IsFalse(address.Success, $"{file} holds the address {address.Value}; where packages come from is the machine's choice");
        }
    }

    [TestMethod]
    public void PackageVersions_EveryNuGetPackage_IsExact()
    {
        Dictionary<string, string> versions = NuGetVersions();

        Assert.IsNotEmpty(versions);
        foreach ((string package, string version) in versions)
        {
            Assert.MatchesRegex(ExactVersion(), version, $"{package} in Directory.Packages.props");
        }
    }

    [TestMethod]
    public async Task PackageVersions_EveryProject_LeavesThemToTheCentralFile()
    {
        foreach (string file in await ProjectsAsync())
        {
            foreach (XElement reference in XDocument.Load(RepositoryFiles.PathOf(file)).Descendants("PackageReference"))
            {
                Assert.IsNull(reference.Attribute("Version") ?? reference.Attribute("VersionOverride"), $"{file}: {reference}");
            }
        }
    }

    [TestMethod]
    public async Task PackageVersions_EveryNpmPackage_IsExact()
    {
        foreach (string file in (await RepositoryFiles.ListAsync()).Where(file => Path.GetFileName(file) == "package.json"))
        {
            using JsonDocument package = JsonDocument.Parse(await File.ReadAllTextAsync(RepositoryFiles.PathOf(file)));
            foreach (JsonProperty dependency in package.RootElement.GetProperty("dependencies").EnumerateObject())
            {
                Assert.MatchesRegex(ExactVersion(), dependency.Value.GetString()!, $"{dependency.Name} in {file}");
            }
        }
    }

    [TestMethod]
    public async Task Notices_EveryNuGetPackage_IsNamedWithItsVersion()
    {
        string[] lines = await File.ReadAllLinesAsync(RepositoryFiles.PathOf("THIRD-PARTY-NOTICES.md"));

        foreach ((string package, string version) in NuGetVersions())
        {
            Assert.IsTrue(
                lines.Any(line => line.StartsWith($"| {package} | {version} | ", StringComparison.Ordinal)),
                $"THIRD-PARTY-NOTICES.md needs a row '| {package} | {version} | LICENCE |'");
        }
    }

    [TestMethod]
    public async Task SourceProjects_Every_LeavesTrimmingAndAheadOfTimeCompilationOn()
    {
        XDocument central = XDocument.Load(RepositoryFiles.PathOf("Directory.Build.props"));
        XElement source = central.Root!.Elements("PropertyGroup").Single(group => group.Element("IsNetSource") is not null);
        Assert.AreEqual("true", source.Element("IsAotCompatible")?.Value);
        Assert.AreEqual("true", source.Element("IsTrimmable")?.Value);

        string[] projects = [.. (await ProjectsAsync()).Where(file => file.StartsWith("src/", StringComparison.Ordinal))];
        Assert.IsNotEmpty(projects);
        foreach (string file in projects)
        {
            foreach (XElement property in XDocument.Load(RepositoryFiles.PathOf(file)).Descendants())
            {
                Assert.IsFalse(
                    property.Name.LocalName is "IsAotCompatible" or "IsTrimmable" or "EnableTrimAnalyzer" or "EnableAotAnalyzer" or "EnableSingleFileAnalyzer"
                        && property.Value != "true",
                    $"{file}: {property}");
            }
        }
    }

    [TestMethod]
    [DataRow("Net.Abstractions")]
    [DataRow("Net.Ngtcp2")]
    [DataRow("Net.MsQuic")]
    [DataRow("Net.Client")]
    [DataRow("Net.Server")]
    [DataRow("Net.Http3")]
    [DataRow("Net.Grpc")]
    [DataRow("Net.Channels")]
    [DataRow("Net.Security")]
    [DataRow("Net.Aql")]
    [DataRow("Net.Telemetry")]
    [DataRow("Net.Protocol")]
    public void Libraries_Each_SayInTheirMetadataThatTheyCanBeTrimmed(string name)
    {
        Assembly assembly = Assembly.Load(name);

        Assert.IsTrue(assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Any(attribute =>
            attribute.Key == "IsTrimmable" && string.Equals(attribute.Value, "True", StringComparison.OrdinalIgnoreCase)));
    }

    private static async Task<string[]> ProjectsAsync() =>
        [.. (await RepositoryFiles.ListAsync()).Where(file => file.EndsWith(".csproj", StringComparison.Ordinal))];

    private static Dictionary<string, string> NuGetVersions() =>
        XDocument.Load(RepositoryFiles.PathOf("Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(element => element.Attribute("Include")!.Value, element => element.Attribute("Version")!.Value);

    private static bool IsAddress(XAttribute attribute) => Address().IsMatch(attribute.Value);

    // Not one literal, so that this file does not find itself.
    [GeneratedRegex("-----BEGIN " + "([A-Z0-9]+ )*PRIVATE KEY-----")]
    private static partial Regex PrivateKeyHeader();

    [GeneratedRegex("""[a-z][a-z0-9+.-]*://[^\s"']+""", RegexOptions.IgnoreCase)]
    private static partial Regex Address();

    [GeneratedRegex("""^\d+\.\d+\.\d+(\.\d+)?(-[0-9A-Za-z.-]+)?$""")]
    private static partial Regex ExactVersion();
}
