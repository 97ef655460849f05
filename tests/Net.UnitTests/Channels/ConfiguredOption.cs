using System.Net.Http;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Net.Channels;
using Net.Client;
using Net.Http3;

namespace Net.UnitTests.Channels;

/// <summary>Options of one type that configuration may set: where their keys stand, what has to stand beside them, and where they are found afterwards.</summary>
/// <param name="Type">The type.</param>
/// <param name="Path">The section, below that of the channel; "" for the channel's own.</param>
/// <param name="Defaults">What holds when nothing is said.</param>
/// <param name="Read">Finds the options in a builder.</param>
/// <param name="Beside">Keys without which the section is not read.</param>
public sealed record ConfiguredOption(Type Type, string Path, object Defaults, Func<NetChannelBuilder, object?> Read, params (string Key, string Value)[] Beside)
{
    /// <summary>All types whose keys are the names of their properties.</summary>
    public static IReadOnlyList<ConfiguredOption> All { get; } =
    [
        new(typeof(PoolOptions), "Pool", PoolOptions.Default, static b => OptionsOf(b).Pool),
        new(typeof(ProtocolRaceOptions), "Race", ProtocolRaceOptions.Default, static b => OptionsOf(b).Race),
        new(typeof(PriorityGroupOptions), "Priorities", PriorityGroupOptions.Default, static b => OptionsOf(b).Priorities),
        new(typeof(SlowStartOptions), "SlowStart", SlowStartOptions.Default, static b => OptionsOf(b).SlowStart),
        new(typeof(EndPointLoadOptions), "Load", EndPointLoadOptions.Default, static b => OptionsOf(b).Load),
        new(typeof(RingHashOptions), "Balancing", RingHashOptions.Default, static b => Field<RingHashOptions>(OptionsOf(b).Balancing, "_options"), ("Policy", "ring_hash")),
        new(typeof(TransportLimits), "Limits", TransportLimits.Default, static b => OptionsOf(b).Limits),
        new(typeof(Http3ConnectionOptions), "Http3", Http3ConnectionOptions.Default, static b => Field<Http3ConnectionOptions>(b, "_http3")),
        new(typeof(Http2SessionOptions), "Http2", Http2SessionOptions.Default, static b => Field<Http2SessionOptions>(b, "_http2")),
        new(typeof(RawStreamLimits), "RawStreams", RawStreamLimits.Default, static b => Field<RawStreamLimits>(b, "_headers")),
        new(typeof(CircuitBreakerOptions), "CircuitBreaker", CircuitBreakerOptions.Default, static b => OptionsOf(b).Breaker),
        new(typeof(OutlierOptions), "OutlierEjection", OutlierOptions.Default, static b => OptionsOf(b).Outliers),
        new(typeof(RetryBudgetOptions), "RetryBudget", RetryBudgetOptions.Default, static b => Field<RetryBudgetOptions>(b, "_budget")),
        new(typeof(RetryOptions), "Retry", RetryOptions.Default, static b => b.Policy.Retry),
        new(typeof(HedgingOptions), "Hedging", HedgingOptions.Default, static b => b.Policy.Hedging),
        new(typeof(TimeoutOptions), "Timeouts", TimeoutOptions.Default, static b => b.Policy.Timeouts),
        new(typeof(HealthOptions), "Health", HealthOptions.Default, HealthOf),
        new(typeof(PassiveHealthOptions), "Health:Passive", PassiveHealthOptions.Default, static b => HealthOf(b)?.Passive),
        new(typeof(PathHealthOptions), "Health:Path", PathHealthOptions.Default, static b => HealthOf(b)?.Path),
        new(typeof(DnsResolverOptions), "Resolver:Dns", DnsResolverOptions.Default, static b => Field<DnsResolverOptions>(ResolverOf(b), "_options"), ("Address", "https://orders.test:443")),
        new(typeof(FileResolverOptions), "Resolver:File", FileResolverOptions.Default, static b => Field<FileResolverOptions>(ResolverOf(b), "_options"), ("Path", "end-points.json")),
        new(typeof(CertificateTrustOptions), "Trust", new CertificateTrustOptions(), static b => Field<CertificateTrustOptions>(Field<CertificateTrust>(b, "_trust"), "_options"), ("File", "ca.pem")),
        new(typeof(ChannelEndPoint), "EndPoints:0", ChannelEndPoint.Parse("a.test:443"), static b => Field<List<ChannelEndPoint>>(b, "_endPoints").Single(), ("Address", "a.test:443")),
    ];

    /// <summary>Properties that are set by keys which are not their names.</summary>
    public static IReadOnlyDictionary<string, (string Key, string Value, Func<NetChannelBuilder, object?> Read, object? Expected)> Irregular { get; } =
        new Dictionary<string, (string, string, Func<NetChannelBuilder, object?>, object?)>
        {
            ["NetChannelOptions.EndPoints"] = ("EndPoints:0", "a.test:443", static b => Field<List<ChannelEndPoint>>(b, "_endPoints").Single().ToString(), "a.test:443"),
            ["NetChannelOptions.Resolver"] = ("Resolver:File:Path", "/end-points.json", static b => ResolverOf(b).Name, "file:/end-points.json"),
            ["NetChannelOptions.Tls"] = ("Trust", "ca.pem", static b => Field<CertificateTrust?>(b, "_trust") is not null, true),
            ["NetChannelOptions.Engine"] = ("Engine", "msquic", static b => string.Join(' ', b.Candidates.Select(static c => c.Name)), "msquic"),
            ["NetChannelOptions.Balancing"] = ("Balancing", "peak_ewma", static b => OptionsOf(b).Balancing.Name, "peak_ewma"),
            ["NetChannelOptions.AllowEarlyData"] = ("EarlyData", "true", static b => OptionsOf(b).AllowEarlyData, true),
            ["NetChannelOptions.Pool"] = ("Pool:MaxWaiters", "7", static b => OptionsOf(b).Pool.MaxWaiters, 7),
            ["NetChannelOptions.Priorities"] = ("Priorities:PanicRatio", "0.5", static b => OptionsOf(b).Priorities.PanicRatio, 0.5),
            ["NetChannelOptions.SlowStart"] = ("SlowStart:InitialWarmth", "0.5", static b => OptionsOf(b).SlowStart.InitialWarmth, 0.5),
            ["NetChannelOptions.Load"] = ("Load:FailureFactor", "7", static b => OptionsOf(b).Load.FailureFactor, 7.0),
            ["NetChannelOptions.Breaker"] = ("CircuitBreaker", "false", static b => OptionsOf(b).Breaker, null),
            ["NetChannelOptions.Outliers"] = ("OutlierEjection", "true", static b => OptionsOf(b).Outliers, OutlierOptions.Default),
            ["NetChannelOptions.Health"] = ("Health", "false", HealthOf, null),
            ["NetChannelOptions.Race"] = ("Fallback", "Only", static b => OptionsOf(b).Race.Policy, FallbackPolicy.Only),
            ["NetChannelOptions.Limits"] = ("Limits:DatagramReceiveQueue", "7", static b => OptionsOf(b).Limits.DatagramReceiveQueue, 7),
            ["CallPolicy.Retry"] = ("Retry:MaxAttempts", "5", static b => b.Policy.Retry!.MaxAttempts, 5),
            ["CallPolicy.Hedging"] = ("Hedging", "true", static b => b.Policy.Hedging, HedgingOptions.Default),
            ["CallPolicy.Timeouts"] = ("Timeouts", "true", static b => b.Policy.Timeouts, TimeoutOptions.Default),
            ["CallPolicy.Fallback"] = ("Fallbacks:0:Channel", "standby", static b => b.Policy.Fallback!.Steps.Single().Name, "standby"),
            ["FallbackOptions.Steps"] = ("Fallbacks:0:Channel", "standby", static b => b.Policy.Fallback!.Steps.Count, 1),
            ["HealthOptions.Probes"] = ("Health:Ping", "false", static b => HealthOf(b)!.Probes.Count, 0),
            ["HealthOptions.Passive"] = ("Health:Passive", "false", static b => HealthOf(b)!.Passive, null),
            ["HealthOptions.Path"] = ("Health:Path:ProbeTimeouts", "7", static b => HealthOf(b)!.Path.ProbeTimeouts, 7),
            ["CertificateTrustOptions.Intermediates"] = (
                "Trust:Intermediates", "intermediates.pem", static b => Field<CertificateTrustOptions>(Field<CertificateTrust>(b, "_trust"), "_options").Intermediates.Count, 1),
        };

    /// <summary>What configuration cannot say, and why.</summary>
    public static IReadOnlyDictionary<string, string> CodeAlone { get; } = new Dictionary<string, string>
    {
        ["NetChannelOptions.Name"] = "It is the argument of AddNetChannel.",
        ["NetChannelOptions.WarmUp"] = "It holds protocols, which the builder makes; ClientChannel.WarmUpAsync says it.",
        ["NetChannelOptions.TimeProvider"] = "A clock is an object.",
        ["NetChannelOptions.Random"] = "Chance is an object.",
        ["NetChannelOptions.LoggerFactory"] = "The log is the container's.",
        ["CallPolicy.AttemptPipeline"] = "A pipeline of strategies is code.",
        ["Http3ConnectionOptions.RequestHeaderEncodingSelector"] = "A selector is code.",
        ["Http3ConnectionOptions.TimeProvider"] = "The clock is the channel's.",
        ["Http3ConnectionOptions.LoggerFactory"] = "The log is the container's.",
        ["CertificateTrustOptions.Generation"] = "It counts changes, and a file that is read once has none.",
        ["CertificateTrustOptions.Rules"] = "Rules are code.",
    };

    /// <summary>Applies keys to a new builder.</summary>
    /// <param name="folder">Where files of the configuration stand.</param>
    /// <param name="values">The keys, below the channel's section.</param>
    public static NetChannelBuilder Apply(string folder, params IEnumerable<(string Key, string Value)> values)
    {
        var builder = new NetChannelBuilder();
        NetChannelConfiguration.Apply(Section(folder, values), builder, static name => name == "standby" ? new NoLeases() : null);
        return builder;
    }

    /// <summary>A section <c>Channel</c>; names of PEM files become paths.</summary>
    public static IConfigurationSection Section(string folder, params IEnumerable<(string Key, string Value)> values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(v => KeyValuePair.Create("Channel:" + v.Key, (string?)(v.Value.EndsWith(".pem", StringComparison.Ordinal) ? System.IO.Path.Combine(folder, v.Value) : v.Value))))
        .Build()
        .GetSection("Channel");

    /// <inheritdoc/>
    public override string ToString() => Type.Name;

    private static NetChannelOptions OptionsOf(NetChannelBuilder builder) => Field<NetChannelOptions>(builder, "_options");

    private static HealthOptions? HealthOf(NetChannelBuilder builder) => Field<HealthOptions?>(builder, "_health");

    private static EndPointResolver ResolverOf(NetChannelBuilder builder) =>
        Field<Func<NetChannelOptions, EndPointResolver>>(builder, "_resolver")(OptionsOf(builder));

    private static T Field<T>(object owner, string name) => (T)owner.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(owner)!;

    private sealed class NoLeases : LeaseSource
    {
        public override TimeProvider TimeProvider => TimeProvider.System;

        public override bool TryRent(ChannelProtocol protocol, in LeaseRequest request, out ChannelLease lease) => throw new NotSupportedException();

        public override ValueTask<ChannelLease> RentAsync(ChannelProtocol protocol, LeaseRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
