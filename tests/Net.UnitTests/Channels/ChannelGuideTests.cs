using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Net.Channels;
using Net.Client;
using Net.Testing;

namespace Net.UnitTests.Channels;

/// <summary>The guide of the library, whose JSON is bound here: it holds every key, and every default is the true one.</summary>
[TestClass]
public sealed partial class ChannelGuideTests
{
    private static PemFolder s_files = null!;

    [ClassInitialize]
    public static void MakeFiles(TestContext context) => s_files = new PemFolder();

    [ClassCleanup]
    public static void DeleteFiles() => s_files.Dispose();

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Json_OfTheGuide_IsBoundWithoutAFault(int block)
    {
        NetChannelBuilder builder = ConfiguredOption.Apply(s_files.Path, Flatten(Blocks()[block]));

        Assert.IsNotNull(builder);
    }

    [TestMethod]
    public void Json_OfTheWholeShape_HoldsTheDefaults()
    {
        (string Key, string Value)[] whole = Flatten(Blocks()[1]);
        NetChannelBuilder builder = ConfiguredOption.Apply(s_files.Path, whole);
        foreach (ConfiguredOption options in ConfiguredOption.All.Where(static o => o.Type != typeof(CertificateTrustOptions) && o.Type != typeof(ChannelEndPoint) && !o.Path.StartsWith("Resolver", StringComparison.Ordinal)))
        {
            if (options.Type != typeof(HedgingOptions))
            {
                Assert.AreEqual(options.Defaults, options.Read(builder), options.Path);
            }
        }

        var methods = (Dictionary<string, CallPolicy>)typeof(NetChannelBuilder).GetField("_methods", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!.GetValue(builder)!;
        CallPolicy echo = methods["/echo.EchoService/Echo"];
        Assert.AreEqual((HedgingOptions.Default, null, TimeoutOptions.Default), (echo.Hedging, echo.Retry, echo.Timeouts));
        Assert.AreEqual("h2, standby", string.Join(", ", echo.Fallback!.Steps.Select(static s => s.Name)));
        Assert.AreSame(builder.Http2, echo.Fallback.Steps[0].Protocol);
    }

    [TestMethod]
    public void Json_OfTheGuide_HoldsEveryKey()
    {
        HashSet<string> said = [.. Blocks().SelectMany(Flatten).Select(static v => ListPlace().Replace(v.Key, ":0"))];
        string[] missing =
        [
            .. ConfiguredOption.All.SelectMany(static o => o.Type.GetProperties().Where(p => p.SetMethod is not null).Select(p => (o, p)))
                .Where(static pair => !ConfiguredOption.CodeAlone.ContainsKey($"{pair.o.Type.Name}.{pair.p.Name}") && !ConfiguredOption.Irregular.ContainsKey($"{pair.o.Type.Name}.{pair.p.Name}"))
                .Select(static pair => $"{(pair.o.Path == "Hedging" ? "Methods:0:Hedging" : pair.o.Path)}:{pair.p.Name}")
                .Where(key => !said.Contains(key)),
        ];

        Assert.IsEmpty(missing, $"src/Net.Channels/README.md does not show {string.Join(", ", missing)}");
    }

    [TestMethod]
    public void Faults_OfTheGuide_AreToldAsItSays()
    {
        string text = File.ReadAllText(Guide());
        string[] shown = [.. FaultBlock().Match(text).Groups[1].Value.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => ConfiguredOption.Apply(
            s_files.Path, ("EndPoints:0", "a.test:443"), ("EndPoints:1:Address", "b.test:443"), ("EndPoints:1:Weight", "0"), ("Pool:MaxWaiter", "7"), ("Retry:InitialBackoff", "100")));

        string[] told = exception.Message.Split(Environment.NewLine);
        Assert.HasCount(shown.Length, told);
        for (int i = 0; i < shown.Length; i++)
        {
            Assert.StartsWith(shown[i].Replace("...", "", StringComparison.Ordinal), told[i]);
        }
    }

    [TestMethod]
    public async Task AddNetChannel_TwoThatFallBackToEachOther_AreMade()
    {
        IConfiguration configuration = ConfiguredOption.Section(
            s_files.Path,
            ("A:EndPoints:0", "a.test:443"), ("A:Trust", "ca.pem"), ("A:Fallback", "Only"), ("A:Fallbacks:0:Channel", "b"),
            ("B:EndPoints:0", "b.test:443"), ("B:Trust", "ca.pem"), ("B:Fallback", "Only"), ("B:Fallbacks:0:Channel", "a"));
        var services = new ServiceCollection();
        services.AddNetChannel("a", configuration.GetSection("A")).AddNetChannel("b", configuration.GetSection("B")).AddSingleton<TimeProvider>(new ManualTimeProvider());
        await using ServiceProvider provider = services.BuildServiceProvider();

        ClientChannel a = provider.GetRequiredKeyedService<ClientChannel>("a");
        LeaseSource other = a.Policies.Default.Fallback!.Steps.Single().Source!;

        Assert.AreSame(a.Pool.TimeProvider, other.TimeProvider);
        Assert.IsFalse(other.TryRent(a.HttpProtocol, default, out _), "Nothing is connected yet.");
        ClientChannel b = provider.GetRequiredKeyedService<ClientChannel>("b");
        Assert.AreEqual("a", b.Policies.Default.Fallback!.Steps.Single().Name);
    }

    [TestMethod]
    public async Task AddNetChannel_FallingBackToItselfOrNobody_IsToldWithTheKey()
    {
        var services = new ServiceCollection();
        services.AddNetChannel("a", ConfiguredOption.Section(
            s_files.Path, ("EndPoints:0", "a.test:443"), ("Fallbacks:0:Channel", "a"), ("Fallbacks:1:Channel", "nobody"), ("Fallbacks:2:Protocol", "h2"), ("Methods:0:Name", "/x"), ("Methods:0:Fallbacks:0:Protocol", "h9")));
        await using ServiceProvider provider = services.BuildServiceProvider();

        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => provider.GetRequiredKeyedService<ClientChannel>("a"));

        foreach (string fault in new[] { "Channel:Fallbacks:0:Channel is 'a'", "Channel:Fallbacks:1:Channel is 'nobody'", "Channel:Fallbacks:2:Protocol may stand only", "Channel:Methods:0:Fallbacks:0:Protocol is 'h9'" })
        {
            Assert.Contains(fault, exception.Message);
        }
    }

    private static string[] Blocks() => [.. JsonBlock().Matches(File.ReadAllText(Guide())).Select(static m => m.Groups[1].Value)];

    private static (string Key, string Value)[] Flatten(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        return [.. new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("Channel").AsEnumerable(makePathsRelative: true).Where(static p => p.Value is not null).Select(static p => (p.Key, p.Value!))];
    }

    private static string Guide([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "src", "Net.Channels", "README.md");

    [GeneratedRegex(@"```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex JsonBlock();

    [GeneratedRegex(@"```\n(\s*The channel's configuration has.*?)```", RegexOptions.Singleline)]
    private static partial Regex FaultBlock();

    [GeneratedRegex(@":\d+")]
    private static partial Regex ListPlace();
}
