using System.IO.Compression;
using System.Xml.Linq;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Embedding;

/// <summary>The packages as others get them: what is in them, and a service outside the solution that is built with them alone, by each of the ways that .NET has, and runs.</summary>
[TestClass]
public sealed class PackageTests
{
    private const string Said = "hello over HTTP/3 from CN=client\nhello over a raw stream\nhello over gRPC: Serving\nend points: 1";
    private static EmbeddedService? s_service;

    public TestContext TestContext { get; set; } = null!;

    private static EmbeddedService Service => s_service ?? throw new InvalidOperationException("Nothing is packed.");

    [ClassInitialize]
    public static async Task PackAsync(TestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        s_service = await EmbeddedService.PackAsync();
    }

    [ClassCleanup]
    public static void Remove() => s_service?.Dispose();

    [TestMethod]
    public void Packages_Each_HoldWhatIsStated()
    {
        AssertContents(Service.Feed);
        string[] unknown = [.. Directory.GetFiles(Service.Feed, "*.nupkg").Select(static f => Path.GetFileName(f)!).Except(PackageDependencies.Names.Select(static n => $"{n}.0.1.0.nupkg"))];
        Assert.IsEmpty(unknown, $"Packages that {nameof(PackageDependencies)} does not state: {string.Join(", ", unknown)}");
    }

    [TestMethod]
    public async Task Packages_InAServiceOfItsOwn_BuildAndRun()
    {
        InteropRequirement.Engine();
        string assembly = await Service.BuildAsync();
        Assert.AreEqual($"{Said}\ncompiled ahead of time: False", await Service.RunAsync("dotnet", assembly));
    }

    [TestMethod]
    public async Task Packages_InAServicePublishedTrimmed_GiveNoWarningAndRun()
    {
        if (!LongRun.IsAsked)
        {
            Assert.Inconclusive("Trimming takes a minute; NET_TEST_LONG=1 runs this.");
        }

        InteropRequirement.Engine();
        (string program, string[] warnings) = await Service.PublishAsync("trimmed", "PublishTrimmed=true", "TrimMode=full", "SelfContained=true");
        Assert.IsEmpty(warnings, string.Join('\n', warnings));
        Assert.AreEqual($"{Said}\ncompiled ahead of time: False", await Service.RunAsync(program));
    }

    [TestMethod]
    [DataRow("what is used", "false")]
    [DataRow("every library whole", "true")]
    public async Task Packages_InAServiceCompiledAheadOfTime_GiveNoWarningAndRun(string name, string isEveryLibrary)
    {
        if (!LongRun.IsAsked)
        {
            Assert.Inconclusive("Compiling ahead of time takes minutes; NET_TEST_LONG=1 runs this.");
        }

        InteropRequirement.Engine();
        InteropRequirement.RequireProgram("gcc", "gcc");
        (string program, string[] warnings) = await Service.PublishAsync(name.Replace(' ', '-'), "PublishAot=true", $"EveryLibrary={isEveryLibrary}");
        Assert.IsEmpty(warnings, string.Join('\n', warnings));
        Assert.AreEqual($"{Said}\ncompiled ahead of time: True", await Service.RunAsync(program));
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
}
