namespace Net.Client.Internal;

/// <summary>The connections to one end point that serve one protocol, its fallback included. All under the channel's gate, but for <see cref="Pick"/>.</summary>
internal sealed partial class ConnectionGroup
{
    private readonly ChannelCore _core;
    private readonly PoolOptions _options;
    private readonly List<PooledConnection> _connections = [];
    private readonly UdpMemory _memory;
    private PickList _pick = PickList.Empty;
    private ConnectAttempt? _main;
    private ConnectAttempt? _fallback;

    // Beside one of these two that has had no answer for long: what transports send again is sent after pauses that double, and the end point may have come back in the first half of one.
    private ConnectAttempt? _repeat;

    // Beside _main, towards the minimum, where connecting works.
    private readonly List<ConnectAttempt> _beside = [];
    private ConnectRace? _race;
    private long _nextProbe = long.MinValue;
    private int _growWanted;

    internal ConnectionGroup(ChannelCore core, EndPointState endPoint, ProtocolRoute route)
    {
        _core = core;
        _options = core.Options.Pool;
        EndPoint = endPoint;
        Route = route;
        Fallback = core.Options.Race.Policy == FallbackPolicy.Exact ? null : route.Protocol.Fallback;
        IsFallbackOnly = core.Options.Race.Policy == FallbackPolicy.Only && Fallback is not null;
        _memory = new UdpMemory(core.Options.Race, core.Clock);
    }

    internal EndPointState EndPoint { get; }

    internal ProtocolRoute Route { get; }

    /// <summary>The protocol over TCP, if the channel may use it.</summary>
    internal ChannelProtocol? Fallback { get; }

    /// <summary>Whether the channel may use nothing else.</summary>
    internal bool IsFallbackOnly { get; }

    /// <summary>The connections that take calls. Read by every pick.</summary>
    internal PickList Pick => Volatile.Read(ref _pick);

    internal IReadOnlyList<PooledConnection> Connections => _connections;

    internal bool IsConnecting => _main is not null || _fallback is not null || _beside.Count > 0;

    /// <summary>Whether nothing is left of it.</summary>
    internal bool IsOver => _connections.Count == 0 && !IsConnecting;

    internal double UdpBlocked(long now) => Fallback is null ? 0 : _memory.Sureness(now);

    /// <summary>How many connections take calls and are not to be replaced.</summary>
    internal int ReadyCount => _connections.Count(static c => c.State == PooledConnectionState.Ready);

    /// <summary>Asks for one more connection, as credit runs out. Any thread, without the gate.</summary>
    internal void WantGrowth()
    {
        if (Volatile.Read(ref _growWanted) == 0 && Interlocked.Exchange(ref _growWanted, 1) == 0)
        {
            _core.Kick();
        }
    }

    internal void Kick() => _core.Kick();

    internal long Now => _core.Clock.Now;

    /// <summary>Takes a place on the best connection, if the end point's breaker lets the call through. Any thread, without the gate.</summary>
    internal PickOutcome TryLease(long now, out ChannelLease lease)
    {
        PickList pick = Pick;
        lease = default;
        if (pick.IsEmpty)
        {
            return PickOutcome.NotConnected;
        }

        if (pick.TryReserve(out bool isBusy) is not { } connection)
        {
            WantGrowth();
            return PickOutcome.NoRoom;
        }

        BreakerPermit permit = default;
        if (EndPoint.Breaker is { } breaker && !breaker.TryAcquire(out permit))
        {
            Release(connection, now);
            return PickOutcome.CircuitOpen;
        }

        if (isBusy)
        {
            WantGrowth();
        }

        lease = Rental.Begin(connection, permit, now);
        return PickOutcome.Leased;
    }

    /// <summary>A lease is over. Any thread, without the gate.</summary>
    internal void Complete(PooledConnection connection, BreakerPermit permit, long started, long answered, CallOutcome outcome, long now)
    {
        EndPoint.Load.End(started, answered, outcome, now);

        // A call that ends with a connection which its end point has outlived tells of a process that is gone; the one that answers now is not to be cut off for it.
        bool isOutlived = connection.IsSilent && EndPoint.LastProved >= connection.SilentSince;
        CallOutcome told = isOutlived && outcome is (CallOutcome.TransportFailure or CallOutcome.TimedOut) ? CallOutcome.Cancelled : outcome;
        EndPoint.Outlier?.Record(told, now);
        EndPoint.Monitor.Health.RecordCall(told);
        Release(connection, now);
        permit.Report(told, now);
        if (outcome is CallOutcome.TransportFailure or CallOutcome.TimedOut && connection.FindSilence(_options.MaxProbeTimeouts, now))
        {
            Kick();
        }

        if (Route.HasWaiters)
        {
            Route.Pump();
        }

        _core.NoteCompleted();
    }

    internal void NoteLostLease(PooledConnection connection) => ClientLog.LeaseLost(_core.Logger, connection.Id, EndPoint.EndPoint);

    private void Release(PooledConnection connection, long now)
    {
        if (connection.Release(now) && connection.State >= PooledConnectionState.Draining)
        {
            Kick();
        }
    }

    /// <summary>Takes a connection that is over out of the group.</summary>
    internal void Remove_NeedsGate(PooledConnection connection)
    {
        connection.MoveTo_NeedsGate(PooledConnectionState.Closed);
        _connections.Remove(connection);
        Publish_NeedsGate();
    }

    /// <summary>The newest generation of identity and trust among the connections that take calls. Whatever is older is not lent, as this one is its successor.</summary>
    private long Newest_NeedsGate() => _connections.Where(static c => c.State <= PooledConnectionState.Expiring).Select(static c => c.Generation).DefaultIfEmpty(long.MinValue).Max();

    /// <summary>Publishes who takes calls: those that are ready, and until they have a successor those that expire.</summary>
    internal void Publish_NeedsGate()
    {
        long newest = Newest_NeedsGate();
        List<PooledConnection> ready = _connections.FindAll(c => c.State == PooledConnectionState.Ready && c.Generation >= newest);
        int core = Math.Max(1, Math.Min(_options.MinConnections, ready.Count));
        ready.AddRange(_connections.Where(c => c.State == PooledConnectionState.Expiring && c.Generation >= newest));
        if (ready.Exists(static c => c.IsFallback) && ready.Exists(static c => !c.IsFallback))
        {
            // Until the next look drains what TCP gave: the call that comes in between finds QUIC first.
            ready = [.. ready.OrderBy(static c => c.IsFallback)];
        }

        PickList old = _pick;
        if (old.Connections.AsSpan().SequenceEqual(ready.ToArray()))
        {
            return;
        }

        Volatile.Write(ref _pick, ready.Count == 0 ? PickList.Empty : new PickList([.. ready], Math.Min(core, ready.Count)));
        if (old.IsEmpty != (ready.Count == 0))
        {
            Route.IsStale = true;
        }
    }
}
