using System.Xml.Linq;
using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Embedding;

/// <summary>What each package brings to those who add it. A change here is a change of what users get, and is reviewed as one.</summary>
internal static class PackageDependencies
{
    private const string OwnVersion = "0.1.0";
    private const string AspNetCore = "Microsoft.AspNetCore.App";
    private const string Logging = "Microsoft.Extensions.Logging.Abstractions";

    private static readonly Dictionary<string, (string[] Packages, string[] Frameworks)> Stated = new()
    {
        ["Net.Abstractions"] = ([], []),
        ["Net.Aql"] = (["Net.Abstractions", "Net.Grpc", "Net.Protocol", Logging], []),
        ["Net.Channels"] = (["Net.Abstractions", "Net.Client", "Net.Grpc", "Net.Http3", "Net.MsQuic", "Net.Ngtcp2", "Microsoft.Extensions.Http", "Microsoft.Extensions.Options.ConfigurationExtensions"], []),
        ["Net.Client"] = (["Net.Abstractions", Logging, "Polly.Core"], []),
        ["Net.Grpc"] = (["Net.Abstractions", "Google.Protobuf", Logging], []),
        ["Net.Http3"] = (["Net.Abstractions", Logging], []),
        ["Net.MsQuic"] = (["Net.Abstractions"], []),
        ["Net.Ngtcp2"] = (["Net.Abstractions", Logging], []),
        ["Net.Protocol"] = (["Google.Protobuf"], []),
        ["Net.Security"] = (["Net.Abstractions", Logging], []),
        ["Net.Server"] = (["Net.Abstractions", "Net.Grpc", "Net.MsQuic", "Net.Ngtcp2", "Net.Security"], [AspNetCore]),
        ["Net.Telemetry"] = (["Net.Abstractions", "OpenTelemetry"], []),
    };

    /// <summary>Every package.</summary>
    internal static IEnumerable<string> Names => Stated.Keys;

    /// <summary>Compares the dependencies in a package's manifest with those stated: these and no others, the versions those of Directory.Packages.props, for the one framework.</summary>
    /// <param name="name">The package.</param>
    /// <param name="metadata">Its manifest.</param>
    internal static void AssertAsStated(string name, XElement metadata)
    {
        (string[] packages, string[] frameworks) = Stated[name];
        XElement[] groups = [.. Named(metadata, "dependencies").Elements()];
        Assert.AreEqual("net10.0", string.Join(' ', groups.Select(static g => (string?)g.Attribute("targetFramework"))), name);
        string[] expected = [.. packages.Select(static id => $"{id} {VersionOf(id)}").Order(StringComparer.Ordinal)];
        string[] actual = [.. groups.SelectMany(static g => g.Elements()).Select(static d => $"{(string?)d.Attribute("id")} {(string?)d.Attribute("version")}").Order(StringComparer.Ordinal)];
        Assert.AreSequenceEqual(expected, actual, $"{name} depends on {string.Join(", ", actual)}");
        string[] shared = [.. metadata.Descendants().Where(static e => e.Name.LocalName == "frameworkReference").Select(static e => (string)e.Attribute("name")!)];
        Assert.AreSequenceEqual(frameworks, shared, $"{name} needs the frameworks {string.Join(", ", shared)}");
    }

    private static XElement Named(XElement parent, string name) => parent.Elements().Single(e => e.Name.LocalName == name);

    private static string VersionOf(string id) => id.StartsWith("Net.", StringComparison.Ordinal) ? OwnVersion
        : XDocument.Load(RepositoryFiles.PathOf("Directory.Packages.props")).Descendants("PackageVersion").Single(p => (string?)p.Attribute("Include") == id).Attribute("Version")!.Value;
}
