using System.Collections.Concurrent;
using System.Globalization;
using Net.Channels;
using Net.Chaos.Scenarios;
using Net.Client;
using Net.Grpc;

namespace Net.Chaos.Running;

/// <summary>One client of a run: a channel to all hosts, as the scenario sets it, and what is known about it.</summary>
internal sealed class RunClient : IAsyncDisposable
{
    // What the breaker's open time may grow to, by the channel's defaults and here.
    private const int OpenTimeGrowth = 10;

    // Twice the probes of a half-open breaker, so that an answer to a call begun earlier does not count for one of them.
    private const int AnswersThatClose = 6;
    private const string ResetMark = "stateless reset";
    private readonly Dictionary<string, string> _hosts;
    private readonly ConcurrentQueue<long> _resets = new();
    private readonly ConcurrentQueue<(TimeSpan At, string Text)> _events = new();
    private readonly HttpMessageHandler _handler;
    private readonly TransportEngine? _engine;
    private readonly TimeProvider _timeProvider;
    private readonly long _started;
    private long _opened;

    internal RunClient(string name, ClientPlan plan, string balancing, IReadOnlyList<RunLink> links, ClientIdentity identity, int seed, RunOptions options)
    {
        Name = name;
        Plan = plan;
        Identity = identity;
        _timeProvider = options.TimeProvider;
        _started = _timeProvider.GetTimestamp();
        _engine = options.Engine == RunEngines.Auto ? null : RunEngines.Create(options.Engine, _timeProvider);
        _hosts = links.ToDictionary(static l => l.EndPoint, static l => l.Host);
        Channel = Make(balancing, links, seed);
        Channel.Changed += HandleChanged;
        _handler = new TracingHandler(Channel.CreateHttpHandler());
        Grpc = new GrpcClient(new Uri("https://localhost"), _handler, new GrpcClientOptions { TimeProvider = _timeProvider });
    }

    internal string Name { get; }

    internal ClientPlan Plan { get; }

    internal ClientIdentity Identity { get; }

    internal ClientChannel Channel { get; }

    internal GrpcClient Grpc { get; }

    /// <summary>Connections opened so far.</summary>
    internal long Opened => Interlocked.Read(ref _opened);

    /// <summary>How long ago each connection was ended by a stateless reset (RFC 9000, section 10.3).</summary>
    internal IEnumerable<TimeSpan> Resets => _resets.Select(stamp => _timeProvider.GetElapsedTime(stamp));

    /// <summary>What the channel said of itself, for people who look for a cause.</summary>
    internal IEnumerable<string> Events => _events.Select(static e => string.Create(CultureInfo.InvariantCulture, $"{e.At.TotalSeconds,9:0.000} {e.Text}"));

    /// <summary>The host behind an end point.</summary>
    internal string? HostOf(ChannelEndPoint? endPoint) => endPoint is not null && _hosts.TryGetValue(endPoint.Address.ToString(), out string? host) ? host : null;

    /// <summary>Attempts of a traced call, and who had each of them.</summary>
    internal (int Attempts, IReadOnlyList<string> Hosts) Explain(CallTrace trace)
    {
        ChannelEndPoint?[] leased = [.. trace.Steps.Where(static s => s.Kind == CallTraceStepKind.Leased).Select(static s => s.EndPoint)];
        return (Math.Max(1, leased.Length), [.. leased.Select(HostOf).OfType<string>()]);
    }

    /// <summary>What has not come back to its start: leases, waiters, and breakers of hosts that run.</summary>
    /// <param name="isRunning">Whether a host runs.</param>
    /// <param name="countAnswers">How many calls of this client a host has answered since the faults were over. A breaker that is half-open waits for calls: it is left behind only when those came and did not close it.</param>
    internal IEnumerable<string> FindLeftovers(Func<string, bool> isRunning, Func<string, int> countAnswers)
    {
        ChannelSnapshot snapshot = Channel.GetSnapshot();
        if (snapshot.InFlight != 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{Name}: {snapshot.InFlight} leases");
        }

        if (snapshot.Waiters != 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{Name}: {snapshot.Waiters} waiters");
        }

        foreach (EndPointSnapshot endPoint in snapshot.EndPoints)
        {
            string host = HostOf(endPoint.EndPoint) ?? "?";
            if (endPoint.Breaker is not (null or BreakerState.Closed) && isRunning(host)
                && (endPoint.Breaker != BreakerState.HalfOpen || countAnswers(host) >= AnswersThatClose))
            {
                yield return $"{Name}: the breaker of {host} is {endPoint.Breaker}";
            }
        }
    }

    /// <summary>Moves the connections of HTTP/3 to new local addresses.</summary>
    /// <returns>How many moved.</returns>
    /// <exception cref="RunException">The engine cannot.</exception>
    internal async Task<int> MigrateAsync(CancellationToken cancellationToken)
    {
        var connections = new HashSet<TransportConnection>();
        for (int i = 0; i < 4 * _hosts.Count; i++)
        {
            using ChannelLease lease = await Channel.Pool.RentAsync(Channel.HttpProtocol, default, cancellationToken).ConfigureAwait(false);
            if (lease.Session.Connection is { } connection)
            {
                connections.Add(connection);
            }
        }

        foreach (TransportConnection connection in connections)
        {
            try
            {
                await connection.MigrateAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            }
            catch (NotSupportedException exception)
            {
                throw new RunException($"{Name} cannot migrate: {exception.Message}", exception);
            }
        }

        return connections.Count;
    }

    public async ValueTask DisposeAsync()
    {
        Grpc.Dispose();
        _handler.Dispose();
        Channel.Changed -= HandleChanged;
        await Channel.DisposeAsync().ConfigureAwait(false);
        await Identity.DisposeAsync().ConfigureAwait(false);
        if (_engine is not null)
        {
            await _engine.DisposeAsync().ConfigureAwait(false);
        }
    }

    private ClientChannel Make(string balancing, IReadOnlyList<RunLink> links, int seed)
    {
        var builder = new NetChannelBuilder([.. links.Select(static l => l.EndPoint)])
            .UseName(Name)
            .UseTls(Identity)
            .UseClock(_timeProvider, new Random(seed))
            .UseBalancing(BalancingOf(balancing))
            .UseFallback(Plan.Fallback ? FallbackPolicy.Prefer : FallbackPolicy.Exact)
            .UsePool(new PoolOptions
            {
                MinConnections = Plan.MinConnections,
                MaxConnections = Plan.MaxConnections,
                MaxProbeTimeouts = Plan.ProbeTimeouts,
                IdleTimeout = Plan.Idle > TimeSpan.Zero ? Plan.Idle : PoolOptions.Default.IdleTimeout,
                Lifetime = Plan.Lifetime > TimeSpan.Zero ? Plan.Lifetime : PoolOptions.Default.Lifetime,
            })
            .AddCircuitBreaker(new CircuitBreakerOptions { OpenTime = Plan.BreakerOpen, MaxOpenTime = Plan.BreakerOpen * OpenTimeGrowth })
            .UseHealth(new HealthOptions
            {
                Interval = Plan.HealthInterval,
                ConfirmInterval = Min(Plan.HealthInterval, HealthOptions.Default.ConfirmInterval),
                RecoveryInterval = Min(Plan.HealthInterval, HealthOptions.Default.RecoveryInterval),
                IdleInterval = Max(Plan.HealthInterval, HealthOptions.Default.IdleInterval),
                Timeout = Min(Plan.HealthInterval, HealthOptions.Default.Timeout),
                Passive = PassiveHealthOptions.Default with
                {
                    Hold = Max(Plan.BreakerOpen, TimeSpan.FromMilliseconds(100)),
                    MaxHold = Max(Plan.BreakerOpen * OpenTimeGrowth, TimeSpan.FromMilliseconds(100)),
                },
            })
            .AddTimeouts(new TimeoutOptions { PerCall = Timeout.InfiniteTimeSpan, PerAttempt = Plan.AttemptTimeout });
        if (Plan.Attempts > 1)
        {
            builder.AddRetry(new RetryOptions { MaxAttempts = Plan.Attempts }, new RetryBudgetOptions { MaxTokens = Plan.RetryBudget });
        }
        else
        {
            builder.WithoutRetry();
        }

        if (_engine is not null)
        {
            builder.UseEngine(_engine);
        }

        return (Plan.EarlyData ? builder.UseEarlyData() : builder).Build();
    }

    private static BalancingPolicy BalancingOf(string word) => word switch
    {
        "round-robin" => Balancing.RoundRobin,
        "weighted" => Balancing.Weighted,
        "power-of-two" => Balancing.PowerOfTwoChoices,
        "peak-ewma" => Balancing.PeakEwma,
        "ring-hash" => Balancing.RingHash(),
        _ => Balancing.LeastConnections,
    };

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private void HandleChanged(object? sender, ChannelEventArgs e)
    {
        const int maxEvents = 20_000;
        if (e.Kind == ChannelEventKind.ConnectionOpened)
        {
            Interlocked.Increment(ref _opened);
        }

        if (e.Kind == ChannelEventKind.ConnectionClosed && e.Reason.Contains(ResetMark, StringComparison.Ordinal))
        {
            _resets.Enqueue(_timeProvider.GetTimestamp());
        }

        if (_events.Count < maxEvents)
        {
            _events.Enqueue((_timeProvider.GetElapsedTime(_started), $"{Name} {HostOf(e.EndPoint) ?? "-"} {e.Kind} {e.Reason}"));
        }
    }
}
