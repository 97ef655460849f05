using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Channels;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Channels;

/// <summary>How channels are put together, in code and from configuration.</summary>
[TestClass]
public sealed class BuilderTests
{
    private static readonly ChannelEngines.Candidate[] None =
    [
        new("first", static (_, _) => new MissingEngine("first is missing; install it.")),
        new("second", static (_, _) => new MissingEngine("second is missing, too.")),
    ];

    [TestMethod]
    public void Build_WithFaults_NamesThemAll()
    {
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => new NetChannelBuilder()
            .UsePool(PoolOptions.Default with { MaxWaiters = -1 })
            .AddRetry(new RetryOptions { MaxAttempts = 9 })
            .Build());

        Assert.Contains("EndPoints", exception.Message);
        Assert.Contains("UseTrust", exception.Message);
        Assert.Contains("MaxWaiters", exception.Message);
        Assert.Contains("MaxAttempts", exception.Message);
    }

    [TestMethod]
    public async Task Build_Twice_IsRefused()
    {
        NetChannelBuilder builder = Builder().UseFallback(FallbackPolicy.Only);
        await using ClientChannel channel = builder.Build();

        Assert.ThrowsExactly<InvalidOperationException>(() => builder.UseName("other"));
        Assert.ThrowsExactly<InvalidOperationException>(() => builder.Build());
    }

    [TestMethod]
    public async Task Build_WithoutAnEngine_GoesOverTcpAndSaysWhy()
    {
        NetChannelBuilder builder = Builder();
        builder.Candidates = None;

        await using ClientChannel channel = builder.Build();

        Assert.AreEqual("first: first is missing; install it. second: second is missing, too.", channel.MissingEngineReason);
        Assert.AreEqual(FallbackPolicy.Only, channel.Pool.Options.Race.Policy);
    }

    [TestMethod]
    public void Build_WithoutAnEngineAndWithoutFallback_FailsWithBothReasons()
    {
        NetChannelBuilder builder = Builder().UseFallback(FallbackPolicy.Exact);
        builder.Candidates = None;

        TransportException exception = Assert.ThrowsExactly<TransportException>(() => builder.Build());

        Assert.AreEqual(TransportError.EngineMissing, exception.Error);
        Assert.Contains("first is missing; install it.", exception.Message);
        Assert.Contains("second is missing, too.", exception.Message);
    }

    [TestMethod]
    public async Task Build_WithNothingSaid_HasTheBreakerOfThePoolAndRetries()
    {
        await using ClientChannel channel = Builder().UseFallback(FallbackPolicy.Only).Build();
        NetChannelOptions ofThePool = new() { Tls = channel.Pool.Options.Tls };

        Assert.AreEqual(CircuitBreakerOptions.Default, channel.Pool.Options.Breaker);
        Assert.AreEqual(ofThePool.Breaker, channel.Pool.Options.Breaker);
        Assert.AreEqual(ofThePool.Outliers, channel.Pool.Options.Outliers);
        Assert.AreEqual(new CallPolicy { Retry = RetryOptions.Default }, channel.Policies.Default);
        Assert.AreEqual(RetryBudgetOptions.Default.MaxTokens, channel.Runner.Budget.Tokens);
    }

    [TestMethod]
    public async Task Build_WithoutBreakerAndRetry_HasNeither()
    {
        await using ClientChannel channel = Builder().UseFallback(FallbackPolicy.Only).AddRetry().WithoutCircuitBreaker().WithoutRetry().Build();

        Assert.IsNull(channel.Pool.Options.Breaker);
        Assert.AreEqual(CallPolicy.None, channel.Policies.Default);
    }

    [TestMethod]
    public async Task AddHedging_TakesThePlaceOfTheDefaultRetriesAlone()
    {
        await using ClientChannel channel = Builder().UseFallback(FallbackPolicy.Only).AddHedging().Build();

        Assert.AreEqual(new CallPolicy { Hedging = HedgingOptions.Default }, channel.Policies.Default);
        ArgumentException both = Assert.ThrowsExactly<ArgumentException>(() => Builder().AddRetry().AddHedging().Build());
        Assert.Contains("Hedging is set beside Retry", both.Message);
    }

    [TestMethod]
    public async Task Configuration_Whole_IsApplied()
    {
        var services = new ServiceCollection();
        services.AddNetChannel("orders", Configuration(
            ("EndPoints:0", "https://a.test:443"),
            ("EndPoints:1:Address", "b.test:8443"), ("EndPoints:1:Weight", "3"), ("EndPoints:1:Priority", "1"), ("EndPoints:1:Zone", "north"),
            ("Balancing", "weighted"), ("Fallback", "only"),
            ("Pool:MaxConnections", "4"), ("Pool:ConnectTimeout", "00:00:03"), ("Pool:Lifetime", "infinite"),
            ("Retry:MaxAttempts", "5"), ("CircuitBreaker", "true"), ("Health:Echo", "echo"), ("Health:Grpc", "")),
            static (_, builder) => builder.UseTrust(new CertificateTrust(TestCertificates.Shared.Roots)));
        await using ServiceProvider provider = services.BuildServiceProvider();

        NetChannelOptions options = provider.GetRequiredKeyedService<ClientChannel>("orders").Pool.Options;

        Assert.AreEqual("orders", options.Name);
        Assert.AreEqual("a.test:443 1 0 , b.test:8443 3 1 north", string.Join(", ", options.EndPoints.Select(static e => $"{e} {e.Weight} {e.Priority} {e.Zone}")));
        Assert.AreEqual("weighted", options.Balancing.Name);
        Assert.AreEqual((4, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan), (options.Pool.MaxConnections, options.Pool.ConnectTimeout, options.Pool.Lifetime));
        Assert.IsNotNull(options.Breaker);
        Assert.AreEqual("ping, echo, grpc.health.v1", string.Join(", ", options.Health!.Probes));
        Assert.AreEqual(5, provider.GetRequiredKeyedService<ClientChannel>("orders").Policies.Default.Retry!.MaxAttempts);
    }

    [TestMethod]
    public void Configuration_WithFaults_NamesEachKey()
    {
        IConfigurationSection section = Configuration(
            ("EndPoints:0", "ftp://a.test"), ("Pool:MaxConection", "4"), ("Pool:ConnectTimeout", "3"), ("Fallback", "maybe"), ("Balancing", "best"), ("Retry:MaxAttempts", "many"), ("Colour", "red"));

        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => NetChannelConfiguration.Apply(section, new NetChannelBuilder()));

        foreach (string key in new[] { "Channel:EndPoints", "Channel:Pool:MaxConection is unknown", "Channel:Pool:ConnectTimeout is '3'", "Channel:Fallback is 'maybe'", "Channel:Balancing", "Channel:Retry:MaxAttempts is 'many'", "Channel:Colour is unknown" })
        {
            Assert.Contains(key, exception.Message);
        }
    }

    [TestMethod]
    public void AddNetChannel_OfATakenName_IsRefused()
    {
        var services = new ServiceCollection();
        services.AddNetChannel("orders", static builder => builder.UseFallback(FallbackPolicy.Only));

        Assert.ThrowsExactly<InvalidOperationException>(() => services.AddNetChannel("orders", static builder => builder.UseFallback(FallbackPolicy.Only)));
    }

    private static NetChannelBuilder Builder() => new NetChannelBuilder("https://a.test:443").UseTrust(new CertificateTrust(TestCertificates.Shared.Roots));

    private static IConfigurationSection Configuration(params (string Key, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(static v => new KeyValuePair<string, string?>("Channel:" + v.Key, v.Value)))
        .Build()
        .GetSection("Channel");

    private sealed class MissingEngine(string reason) : TransportEngine
    {
        public override string Name => "missing";

        public override EngineSupport Support { get; } = new(false, reason, null);

        public override EngineCapabilities Capabilities => EngineCapabilities.None;

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

        protected override ValueTask<TransportConnection> ConnectCoreAsync(ConnectOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

        protected override ValueTask<TransportListener> ListenCoreAsync(ListenOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
