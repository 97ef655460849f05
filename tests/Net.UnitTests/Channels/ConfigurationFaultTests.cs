using Net.Channels;
using Net.Client;

namespace Net.UnitTests.Channels;

/// <summary>What is wrong in a channel's configuration is told all at once, each fault with the whole path of its key and what may stand there.</summary>
[TestClass]
public sealed class ConfigurationFaultTests
{
    [TestMethod]
    [DataRow("Pool", "4", "Channel:Pool is '4'; it must be a section with keys of its own.")]
    [DataRow("EndPoints", "a.test:443", "Channel:EndPoints is 'a.test:443'; it must be a list.")]
    [DataRow("EndPoints:0", "ftp://a.test", "Channel:EndPoints:0 cannot be used: ")]
    [DataRow("EndPoints:0:Weight", "7", "Channel:EndPoints:0:Address is missing; write https://host:port.")]
    [DataRow("CircuitBreaker", "maybe", "Channel:CircuitBreaker is 'maybe'; it must be true, false, or a section with keys of its own.")]
    [DataRow("CircuitBreaker:FailureRatio", "half", "Channel:CircuitBreaker:FailureRatio is 'half'; it must be a number, or none.")]
    [DataRow("CircuitBreaker:FailureRatio", "2", "Channel:CircuitBreaker:FailureRatio is 2; it must be 0.01 to 1.")]
    [DataRow("Pool:IdleTimeout", "00:00:00", "Channel:Pool:IdleTimeout is 00:00:00; it must be 00:00:01 to 1.00:00:00 or infinite.")]
    [DataRow("Pool:IdleTimeout:Seconds", "1", "Channel:Pool:IdleTimeout is a section; it must be a time as hh:mm:ss.fff, or infinite.")]
    [DataRow("Health:Passive:Hold", "2.00:00:00", "Channel:Health:Passive:Hold is 2.00:00:00; it must be 00:00:00.1000000 to 01:00:00.")]
    [DataRow("Health:Path:Colour", "red", "Channel:Health:Path:Colour is unknown; known here are ClearSamples, ")]
    [DataRow("Retry:RetryOn", "TransportFailure, Mood", "Channel:Retry:RetryOn is 'TransportFailure, Mood'; it must be any of None, TransportFailure, ")]
    [DataRow("Balancing", "best", "Channel:Balancing cannot be used: 'best' is no balancing policy")]
    [DataRow("Balancing:LoadBound", "2", "Channel:Balancing:Policy cannot be used: '' is no balancing policy")]
    [DataRow("Resolver:Colour", "red", "Channel:Resolver must hold either Dns or File")]
    [DataRow("Resolver:Dns:MaxAddresses", "7", "Channel:Resolver:Dns:Address is missing; write https://host:port.")]
    [DataRow("Resolver:File:Interval", "00:00:01", "Channel:Resolver:File:Path is missing; name a JSON file of end points.")]
    [DataRow("Engine", "quiche", "Channel:Engine is 'quiche'; it must be auto, ngtcp2 or msquic.")]
    [DataRow("Trust:CacheSize", "7", "Channel:Trust:File is missing; name a PEM file of authorities.")]
    [DataRow("Authority:Host", "a.test", "Channel:Authority is a section; it must be text.")]
    [DataRow("Methods:0:Retry", "true", "Channel:Methods:0 must be a section with the method's Name")]
    [DataRow("Methods:0", "/x", "Channel:Methods:0 must be a section with the method's Name")]
    [DataRow("Fallbacks:0", "h2", "Channel:Fallbacks:0 is 'h2'; it must be a section with Channel")]
    [DataRow("Fallbacks:0:Colour", "red", "Channel:Fallbacks:0:Colour is unknown; known here are Channel, Protocol.")]
    public void Apply_OneFault_IsToldWithItsPathAndItsCure(string key, string value, string fault)
    {
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => ConfiguredOption.Apply("", (key, value)));

        Assert.IsTrue(exception.Message.Split(Environment.NewLine).Any(line => line.StartsWith(fault, StringComparison.Ordinal)), exception.Message);
    }

    [TestMethod]
    public void Apply_FaultsInEveryPart_AreToldInOneError()
    {
        (string Key, string Value)[] values =
        [
            ("Pool:GrowAt", "7"), ("Pool:MaxWaiters", "many"), ("Race:HeadStart", "1"), ("Priorities:Panic", "Run"), ("SlowStart:Window", "2:00:00"), ("Load:Memory", "infinite"), ("Limits:MaxResetsPerSecond", "0"),
            ("Http3:QpackBlockedStreams", "-1"), ("Http2:MaxStreams", "0"), ("RawStreams:MaxHeaderSize", "1"), ("CircuitBreaker:HalfOpenCalls", "0"), ("OutlierEjection:MinimumCalls", "0"), ("RetryBudget:MaxTokens", "0"),
            ("Retry:MaxAttempts", "9"), ("Timeouts:PerCall", "00:00:00"), ("Health:Fall", "0"), ("Health:Echo", "\u0007"), ("Methods:0:Name", "/x"), ("Methods:0:Hedging:MaxAttempts", "1"), ("Colour", "red"),
        ];

        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => ConfiguredOption.Apply("", values));

        string[] lines = exception.Message.Split(Environment.NewLine);
        Assert.AreEqual($"The channel's configuration has {values.Length - 1} faults:", lines[0]);
        foreach ((string key, _) in values.Where(static v => v.Key != "Methods:0:Name"))
        {
            Assert.AreEqual(1, lines.Count(line => line.StartsWith($"Channel:{key} ", StringComparison.Ordinal)), $"{key} in{Environment.NewLine}{exception.Message}");
        }
    }

    [TestMethod]
    public void Apply_RetriesBesideHedging_IsAFault()
    {
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => ConfiguredOption.Apply("", ("Retry", "true"), ("Hedging", "true")));

        Assert.Contains("Channel:Hedging stands beside Retry", exception.Message);
    }

    [TestMethod]
    public void Apply_AMethod_ChangesOnlyWhatItSays()
    {
        NetChannelBuilder builder = ConfiguredOption.Apply(
            "", ("EndPoints:0", "a.test:443"), ("Retry:MaxAttempts", "5"), ("Timeouts:PerCall", "00:00:07"), ("Fallbacks:0:Channel", "standby"),
            ("Methods:0:Name", "/a"), ("Methods:0:Timeouts:PerCall", "00:00:09"), ("Methods:1:Name", "/b/*"), ("Methods:1:Hedging", "true"), ("Methods:1:Fallbacks", "none"));

        var policies = new CallPolicies(builder.Policy, Field(builder, "_methods"), Field(builder, "_prefixes"));
        CallPolicy a = policies.Find("/a");
        CallPolicy b = policies.Find("/b/c");
        Assert.AreEqual((5, TimeSpan.FromSeconds(9), 1), (a.Retry!.MaxAttempts, a.Timeouts!.PerCall, a.Fallback!.Steps.Count));
        Assert.AreEqual((null, HedgingOptions.Default, TimeSpan.FromSeconds(7), null), (b.Retry, b.Hedging, b.Timeouts!.PerCall, b.Fallback));
    }

    private static Dictionary<string, CallPolicy> Field(NetChannelBuilder builder, string name) =>
        (Dictionary<string, CallPolicy>)typeof(NetChannelBuilder).GetField(name, System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!.GetValue(builder)!;
}
