using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Client;

/// <summary>What a <see cref="NetChannel"/> is made of. The channel owns nothing that is given here but what it opens itself.</summary>
public sealed record NetChannelOptions
{
    /// <summary>Name for people: logs, traces, snapshots. Default <c>default</c>.</summary>
    public string Name { get; init; } = "default";

    /// <summary>The end points to begin with; each place once. Default none: they come from <see cref="Resolver"/> or at run time.</summary>
    public IReadOnlyList<ChannelEndPoint> EndPoints { get; init; } = [];

    /// <summary>
    /// Finds the end points, and goes on finding them; each of its answers replaces all that were known. Calls that come before the first answer wait for it. <c>null</c> (the default): none.
    /// A failed attempt to connect asks it to look again.
    /// </summary>
    public EndPointResolver? Resolver { get; init; }

    /// <summary>Protocols whose connections are opened at once. Others are kept ready from their first call on. Default none.</summary>
    public IReadOnlyList<ChannelProtocol> WarmUp { get; init; } = [];

    /// <summary>Identity and trust, and their changes.</summary>
    public required ClientTlsSource Tls { get; init; }

    /// <summary>The engine for QUIC; <c>null</c> when all protocols run over TCP. The caller owns it and disposes it after the channel.</summary>
    public TransportEngine? Engine { get; init; }

    /// <summary>Connections and waiting.</summary>
    public PoolOptions Pool { get; init; } = PoolOptions.Default;

    /// <summary>How calls are spread over the end points. Default <see cref="Net.Client.Balancing.LeastConnections"/>: right for most, as it needs to know nothing of them.</summary>
    public BalancingPolicy Balancing { get; init; } = Net.Client.Balancing.LeastConnections;

    /// <summary>When traffic leaves a group of end points for the next, and what is done when all are out.</summary>
    public PriorityGroupOptions Priorities { get; init; } = PriorityGroupOptions.Default;

    /// <summary>How end points that have recovered or were added come back into the traffic.</summary>
    public SlowStartOptions SlowStart { get; init; } = SlowStartOptions.Default;

    /// <summary>How the load figures of end points remember.</summary>
    public EndPointLoadOptions Load { get; init; } = EndPointLoadOptions.Default;

    /// <summary>When an end point that fails is cut off; <c>null</c>: never. Default <see cref="CircuitBreakerOptions.Default"/>.</summary>
    public CircuitBreakerOptions? Breaker { get; init; } = CircuitBreakerOptions.Default;

    /// <summary>When an end point that does worse than the others gets no calls for a while; <c>null</c> (the default): never.</summary>
    public OutlierOptions? Outliers { get; init; }

    /// <summary>How end points are watched; <c>null</c>: not at all, but for attempts to connect. Default <see cref="HealthOptions.Default"/>.</summary>
    public HealthOptions? Health { get; init; } = HealthOptions.Default;

    /// <summary>QUIC against TCP.</summary>
    public ProtocolRaceOptions Race { get; init; } = ProtocolRaceOptions.Default;

    /// <summary>Limits of each connection's transport.</summary>
    public TransportLimits Limits { get; init; } = TransportLimits.Default;

    /// <summary>Offers 0-RTT to servers that gave a ticket. Default <c>false</c>. Only what is idempotent then travels early.</summary>
    public bool AllowEarlyData { get; init; }

    /// <summary>Where time comes from. Default <see cref="TimeProvider.System"/>.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where chance comes from: jitter and ties between end points. The channel alone uses it. Default <c>null</c>: one with a seed of its own.</summary>
    public Random? Random { get; init; }

    /// <summary>Takes the log. Default: none.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Checks all values, those inside the other options included.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(NetChannelOptions));
        if (string.IsNullOrWhiteSpace(Name))
        {
            faults.Add(nameof(Name), "is empty.");
        }

        AddIfNull(faults, nameof(Tls), Tls);
        AddIfNull(faults, nameof(TimeProvider), TimeProvider);
        AddIfNull(faults, nameof(LoggerFactory), LoggerFactory);
        AddIfNull(faults, nameof(WarmUp), WarmUp);
        AddFaultsOf(faults, nameof(Pool), Pool, static o => o.Validate());
        AddFaultsOf(faults, nameof(Race), Race, static o => o.Validate());
        AddFaultsOf(faults, nameof(Limits), Limits, static o => o.Validate());
        AddFaultsOf(faults, nameof(Priorities), Priorities, static o => o.Validate());
        AddFaultsOf(faults, nameof(SlowStart), SlowStart, static o => o.Validate());
        AddFaultsOf(faults, nameof(Load), Load, static o => o.Validate());
        AddFaultsIfAny(faults, nameof(Breaker), Breaker, static o => o.Validate());
        AddFaultsIfAny(faults, nameof(Outliers), Outliers, static o => o.Validate());
        AddFaultsIfAny(faults, nameof(Health), Health, static o => o.Validate());
        AddIfNull(faults, nameof(Balancing), Balancing);
        if (WarmUp?.Contains(null!) == true)
        {
            faults.Add(nameof(WarmUp), "holds null.");
        }

        var places = new HashSet<ChannelEndPoint>(ChannelEndPoint.PlaceComparer);
        foreach (ChannelEndPoint? endPoint in EndPoints ?? [])
        {
            AddFaultsOf(faults, nameof(EndPoints), endPoint, static o => o.Validate());
            if (endPoint is not null && !places.Add(endPoint))
            {
                faults.Add(nameof(EndPoints), $"holds {endPoint} twice; give each place once, with a weight.");
            }
        }

        AddIfNull(faults, nameof(EndPoints), EndPoints);
        faults.ThrowIfAny();
    }

    private static void AddIfNull(OptionFaults faults, string property, object? value)
    {
        if (value is null)
        {
            faults.Add(property, "is null.");
        }
    }

    private static void AddFaultsIfAny<T>(OptionFaults faults, string property, T? value, Action<T> validate)
        where T : class
    {
        if (value is not null)
        {
            AddFaultsOf(faults, property, value, validate);
        }
    }

    private static void AddFaultsOf<T>(OptionFaults faults, string property, T? value, Action<T> validate)
        where T : class
    {
        if (value is null)
        {
            faults.Add(property, "is null.");
            return;
        }

        try
        {
            validate(value);
        }
        catch (ArgumentException exception)
        {
            faults.Add(property, "has faults: " + exception.Message);
        }
    }
}
