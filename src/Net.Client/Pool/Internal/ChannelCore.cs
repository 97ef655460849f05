using Microsoft.Extensions.Logging;

namespace Net.Client.Internal;

/// <summary>What is behind a <see cref="NetChannel"/>: end points, connections and those who wait.</summary>
/// <remarks>
/// Structure moves under one gate, and only in short steps that call nobody: sessions, protocols, policies and listeners run outside it. Whatever happens, somebody says <see cref="Kick"/>; one
/// thread at a time then looks at the whole, notes under the gate what is to be done, and does it afterwards. A wish that could not be met yet is found again by the next look, so that no event
/// needs to be remembered. Picks and the end of leases need neither gate nor look.
/// </remarks>
internal sealed partial class ChannelCore : IThreadPoolWorkItem, IAsyncDisposable
{
    private readonly PoolWork _work;
    private readonly Random _random;
    private readonly BalancingContext _balancing;
    private readonly HealthMonitors _monitors;
    private readonly OutlierEjector? _ejector;
    private readonly List<EndPointState> _endPoints = [];
    private readonly List<WarmUpWait> _warmUps = [];
    private readonly SettlePass _pass = new();
    private readonly TaskCount _tasks;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _stopping = new();
    private ProtocolRoute[] _routes = [];
    private long _generation;
    private long _oldestTrusted;
    private long _lastConnectionId;
    private int _lastEndPointId;
    private int _kicks;
    private int _state;

    internal ChannelCore(NetChannel owner, NetChannelOptions options, PoolWork work)
    {
        Owner = owner;
        Options = options;
        _work = work;
        Clock = new PoolClock(options.TimeProvider);
        Logger = options.LoggerFactory.CreateLogger<NetChannel>();
        Events = new ChannelEvents(work, Logger);
        _tasks = new TaskCount(work.WaiterOptions);
        _quiet = new TaskCompletionSource<bool>(work.WaiterOptions);
        _random = options.Random ?? new Random();
        Entropy = new EntropySource(_random, work.IsSingleThreaded);
        _balancing = new BalancingContext { TimeProvider = options.TimeProvider, Random = new Random(_random.Next()) };
        _monitors = new HealthMonitors(options.Health ?? NoHealth, options.TimeProvider, new Random(_random.Next()), options.LoggerFactory);
        _ejector = options.Outliers is null ? null : new OutlierEjector(options.Outliers, options.TimeProvider, new Random(_random.Next()), Logger);
        _timer = options.TimeProvider.CreateTimer(static core => ((ChannelCore)core!).Kick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _generation = options.Tls.Generation;
        _oldestTrusted = options.Tls.OldestTrustedGeneration;
        options.Tls.Changed += HandleTlsChanged;

        // A change before there was anybody to hear of it.
        HandleTlsChanged(this, EventArgs.Empty);
        if (_ejector is not null)
        {
            _ejector.Ejected += (_, _) => Kick();
        }

        foreach (ChannelProtocol protocol in options.WarmUp)
        {
            GetRoute(protocol);
        }

        SetEndPoints(options.EndPoints, replacesAll: true);
        PoolDiagnostics.Add(this);
        if (options.Resolver is { } resolver)
        {
            _tasks.Begin();
            _ = ResolveAsync(resolver, _stopping.Token);
        }
    }

    // Nothing is checked actively, nothing is read: only the end of attempts to connect counts.
    private static HealthOptions NoHealth { get; } = HealthOptions.Default with
    {
        Probes = [],
        Passive = null,
        Path = PathHealthOptions.Default with { SampleInterval = Timeout.InfiniteTimeSpan },
    };

    /// <summary>When QUIC's figures make a path suspect.</summary>
    internal PathHealthOptions PathSigns => _monitors.Options.Path;

    internal NetChannel Owner { get; }

    /// <summary>Number of the channel in the process.</summary>
    internal long Id { get; } = PoolDiagnostics.NextId();

    internal NetChannelOptions Options { get; }

    internal PoolClock Clock { get; }

    internal ILogger Logger { get; }

    internal ChannelEvents Events { get; }

    internal EntropySource Entropy { get; }

    internal Lock Gate { get; } = new();

    internal ChannelState State => (ChannelState)Volatile.Read(ref _state);

    /// <summary>Generation of identity and trust that connections should have.</summary>
    internal long Generation => Volatile.Read(ref _generation);

    /// <summary>Connections of older ones are cut.</summary>
    internal long OldestTrusted => Volatile.Read(ref _oldestTrusted);

    /// <summary>0 to 1.</summary>
    internal double Chance_NeedsGate() => _random.NextDouble();

    /// <summary>Something changed: has the pool looked at soon. Any thread, with or without the gate.</summary>
    internal void Kick()
    {
        if (Interlocked.Increment(ref _kicks) == 1)
        {
            _work.Post(this);
        }
    }

    /// <summary>Looks at the pool as often as it was asked for. One thread at a time.</summary>
    public void Execute()
    {
        int seen;
        do
        {
            seen = Volatile.Read(ref _kicks);
            try
            {
                Settle();
            }
            catch (Exception exception)
            {
                // Nobody awaits this; the pool must live on.
                ClientLog.UpkeepFailed(Logger, exception);
            }
        }
        while (Interlocked.Add(ref _kicks, -seen) != 0);
    }

    /// <summary>Finds what serves a protocol, beginning to serve it when it is asked for the first time.</summary>
    internal ProtocolRoute GetRoute(ChannelProtocol protocol)
    {
        foreach (ProtocolRoute route in Volatile.Read(ref _routes))
        {
            if (ReferenceEquals(route.Protocol, protocol))
            {
                return route;
            }
        }

        return AddRoute(protocol);
    }

    private ProtocolRoute AddRoute(ChannelProtocol protocol)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        lock (Gate)
        {
            ProtocolRoute? route = Array.Find(_routes, r => ReferenceEquals(r.Protocol, protocol));
            if (route is null)
            {
                route = new ProtocolRoute(this, protocol);
                _endPoints.ForEach(state => state.Groups.Add(new ConnectionGroup(this, state, route)));
                Volatile.Write(ref _routes, [.. _routes, route]);
            }

            Kick();
            return route;
        }
    }

    private void Settle()
    {
        SettlePass pass = _pass;
        lock (Gate)
        {
            pass.Clear(Clock.Now);
            Look_NeedsGate(pass);
        }

        // Those who wait come first: the rest is upkeep.
        pass.Rebuilds.ForEach(Rebuild);
        pass.Pumps.ForEach(Serve);
        pass.Cancels.ForEach(static attempt => attempt.Cancel());
        pass.Starts.ForEach(Begin);
        pass.Drains.ForEach(BeginDrain);
        pass.Cuts.ForEach(connection => _ = CutAsync(connection));
        pass.Silent.ForEach(JudgeSilence);
        pass.Gone.ForEach(state => _ = ForgetAsync(state));
        pass.Ready.ForEach(static wait => wait.Source.TrySetResult());
        if (pass.IsQuiet)
        {
            _quiet.TrySetResult(true);
        }

        // A clock that has no timer left after this look has none armed: the look that arms it is the only one that does.
        _timer.Change(pass.Due == PoolClock.Never ? Timeout.InfiniteTimeSpan : Later(Clock.Span(pass.Due - Clock.Now)), Timeout.InfiniteTimeSpan);
    }

    private static TimeSpan Later(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span > MaxTimer ? MaxTimer : span;

    // The longest that the system's timers take; the pool then merely looks once for nothing.
    private static readonly TimeSpan MaxTimer = TimeSpan.FromDays(40);

    private void Look_NeedsGate(SettlePass pass)
    {
        foreach (EndPointState state in _endPoints)
        {
            Watch_NeedsGate(pass, state);
            state.Groups.ForEach(group => group.Plan_NeedsGate(pass));
            if (state.IsRemoved && state.Groups.TrueForAll(static g => g.IsOver))
            {
                pass.Gone.Add(state);
            }
        }

        pass.Gone.ForEach(state => _endPoints.Remove(state));
        foreach (ProtocolRoute route in _routes)
        {
            if (route.IsStale)
            {
                route.IsStale = false;
                pass.Rebuilds.Add(Rank_NeedsGate(route));
            }

            if (route.HasWaiters)
            {
                pass.Pumps.Add(route);
            }
        }

        FindReady_NeedsGate(pass);
        pass.IsQuiet = State != ChannelState.Open && _endPoints.TrueForAll(static s => s.Load.InFlight == 0);
    }

    // Health, breakers and ejections end by the clock: it is looked when they do.
    private void Watch_NeedsGate(SettlePass pass, EndPointState state)
    {
        (HealthState health, string reason, TimeSpan? until) = state.Health(pass.Now);
        if (until is TimeSpan wait)
        {
            pass.WakeAt(Clock.After(pass.Now, wait));
        }

        if (health == state.Seen)
        {
            return;
        }

        if (state.Seen == HealthState.Unhealthy)
        {
            state.WarmUp = Options.SlowStart.Begin(Options.TimeProvider);
            state.Load.Forget(pass.Now);
        }

        state.Seen = health;
        MarkStale_NeedsGate();
        Raise(ChannelEventKind.HealthChanged, state.EndPoint, 0, reason.Length == 0 ? "it is well" : reason);
    }

    private void MarkStale_NeedsGate()
    {
        foreach (ProtocolRoute route in _routes)
        {
            route.IsStale = true;
        }
    }

    internal void Raise(ChannelEventKind kind, ChannelEndPoint? endPoint, long connectionId, string reason) =>
        Events.Raise(new ChannelEventArgs(kind, Clock.UtcNow, endPoint, connectionId, reason));
}
