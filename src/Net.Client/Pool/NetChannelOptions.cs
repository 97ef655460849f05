using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Client;

/// <summary>What a <see cref="NetChannel"/> is made of. The channel owns nothing that is given here but what it opens itself.</summary>
public sealed record NetChannelOptions
{
    /// <summary>Name for people: logs, traces, snapshots. Default <c>default</c>.</summary>
    /// <remarks>It is a metric's tag: take it from a closed set, one name for each service that is called.</remarks>
    public string Name { get; init; } = "default";

    /// <summary>The end points to begin with; each place once. Default none: they come from <see cref="Resolver"/> or at run time.</summary>
    /// <remarks>Name them here where they seldom change; else use <see cref="Resolver"/>, beside which these serve until its first answer.</remarks>
    public IReadOnlyList<ChannelEndPoint> EndPoints { get; init; } = [];

    /// <summary>
    /// Finds the end points, and goes on finding them; each of its answers replaces all that were known. Calls that come before the first answer wait for it. <c>null</c> (the default): none. A failed
    /// attempt to connect asks it to look again.
    /// </summary>
    /// <remarks>Use one wherever servers come and go without the clients' restart: DNS for names with several addresses, a file where something else writes the truth.</remarks>
    public EndPointResolver? Resolver { get; init; }

    /// <summary>Protocols whose connections are opened at once. Others are kept ready from their first call on. Default none.</summary>
    /// <remarks>Name what the first call will speak, so that it need not wait for a handshake; what is named is kept open although nobody calls.</remarks>
    public IReadOnlyList<ChannelProtocol> WarmUp { get; init; } = [];

    /// <summary>Identity and trust, and their changes.</summary>
    /// <remarks>Use a source that rotates where certificates end within the life of the program: connections are then replaced without a call lost.</remarks>
    public required ClientTlsSource Tls { get; init; }

    /// <summary>The engine for QUIC; <c>null</c> (the default) when all protocols run over TCP. The caller owns it and disposes it after the channel.</summary>
    /// <remarks>One engine for all channels of a process shares its sockets and threads.</remarks>
    public TransportEngine? Engine { get; init; }

    /// <summary>Connections and waiting. Default <see cref="PoolOptions.Default"/>.</summary>
    /// <remarks>The defaults suit services that call all the time; set <see cref="PoolOptions.MinConnections"/> to 0 for those that call now and then.</remarks>
    public PoolOptions Pool { get; init; } = PoolOptions.Default;

    /// <summary>How calls are spread over the end points. Default <see cref="Net.Client.Balancing.LeastConnections"/>: right for most, as it needs to know nothing of them.</summary>
    /// <remarks>Peak EWMA where end points are far or differ in speed; ring hash where they keep state or caches for callers; weighted where their sizes are known.</remarks>
    public BalancingPolicy Balancing { get; init; } = Net.Client.Balancing.LeastConnections;

    /// <summary>When traffic leaves a group of end points for the next, and what is done when all are out. Default <see cref="PriorityGroupOptions.Default"/>.</summary>
    /// <remarks>Needed only where end points have different <see cref="ChannelEndPoint.Priority"/>, and for the rule when all are out.</remarks>
    public PriorityGroupOptions Priorities { get; init; } = PriorityGroupOptions.Default;

    /// <summary>How end points that have recovered or were added come back into the traffic. Default <see cref="SlowStartOptions.Default"/>.</summary>
    /// <remarks>Switch it off (<see cref="SlowStartOptions.Window"/> 0) for servers that need no warming up, in fleets so small that one at a tenth of its share is missed.</remarks>
    public SlowStartOptions SlowStart { get; init; } = SlowStartOptions.Default;

    /// <summary>How the load figures of end points remember. Default <see cref="EndPointLoadOptions.Default"/>.</summary>
    /// <remarks>The defaults suit calls of milliseconds to seconds; shorten its memory where load changes faster than that.</remarks>
    public EndPointLoadOptions Load { get; init; } = EndPointLoadOptions.Default;

    /// <summary>When an end point that fails is cut off; <c>null</c>: never. Default <see cref="CircuitBreakerOptions.Default"/>.</summary>
    /// <remarks>
    /// Keep it on, and shorten <see cref="CircuitBreakerOptions.OpenTime"/> where the others cannot carry an end point's share. Without it, calls go on to end points that fail them until health checks
    /// notice. Turn it off for one address behind which a balancer stands.
    /// </remarks>
    public CircuitBreakerOptions? Breaker { get; init; } = CircuitBreakerOptions.Default;

    /// <summary>When an end point that does worse than the others gets no calls for a while; <c>null</c> (the default): never.</summary>
    /// <remarks>For five end points or more with a hundred calls each in ten seconds; below that there is nothing to compare, and the breaker does the work.</remarks>
    public OutlierOptions? Outliers { get; init; }

    /// <summary>How end points are watched; <c>null</c>: not at all, but for attempts to connect. Default <see cref="HealthOptions.Default"/>.</summary>
    /// <remarks>Leave it on: without it an end point that hangs is found by the calls that hang on it.</remarks>
    public HealthOptions? Health { get; init; } = HealthOptions.Default;

    /// <summary>QUIC against TCP. Default <see cref="ProtocolRaceOptions.Default"/>.</summary>
    /// <remarks><see cref="FallbackPolicy.Only"/> in networks that are known to block UDP, <see cref="FallbackPolicy.Exact"/> where TCP must not be used.</remarks>
    public ProtocolRaceOptions Race { get; init; } = ProtocolRaceOptions.Default;

    /// <summary>Limits of each connection's transport. Default <see cref="TransportLimits.Default"/>.</summary>
    /// <remarks>Raise the windows for long paths with large messages; the streams that a server may open matter only to protocols in which servers do.</remarks>
    public TransportLimits Limits { get; init; } = TransportLimits.Default;

    /// <summary>Offers 0-RTT to servers that gave a ticket. Default <c>false</c>. Only what is idempotent then travels early.</summary>
    /// <remarks>Worth it for reads over long paths. It needs a ticket store in <see cref="Tls"/>, and servers that accept it.</remarks>
    public bool AllowEarlyData { get; init; }

    /// <summary>Where time comes from. Default <see cref="TimeProvider.System"/>.</summary>
    /// <remarks>For tests; resolvers and engines of the channel should have the same.</remarks>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where chance comes from: jitter and ties between end points. The channel alone uses it. Default <c>null</c>: one with a seed of its own.</summary>
    /// <remarks>For tests that are to repeat themselves; it is used by one thread at a time.</remarks>
    public Random? Random { get; init; }

    /// <summary>Takes the log. Default: none.</summary>
    /// <remarks>Give one: warnings name end points that fail, transports that change, and checks that cannot be made.</remarks>
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
