namespace Net.Client.Internal;

/// <summary>What the pool knows of one end point, whatever the protocol: one verdict, one breaker, one load, one back-off. Under the channel's gate, but for what is live.</summary>
internal sealed class EndPointState
{
    private ChannelEndPoint _endPoint;
    private long _lastProved = long.MinValue;

    internal EndPointState(int id, ChannelEndPoint endPoint, EndPointLoad load, CircuitBreaker? breaker, OutlierMember? outlier)
    {
        Id = id;
        _endPoint = endPoint;
        Load = load;
        Breaker = breaker;
        Outlier = outlier;
    }

    internal int Id { get; }

    internal ChannelEndPoint EndPoint
    {
        get => Volatile.Read(ref _endPoint);
        set => Volatile.Write(ref _endPoint, value);
    }

    internal EndPointLoad Load { get; }

    internal CircuitBreaker? Breaker { get; }

    internal OutlierMember? Outlier { get; }

    /// <summary>Watches it. Set once, before anything else sees the state.</summary>
    internal HealthMonitor Monitor { get; set; } = null!;

    internal List<ConnectionGroup> Groups { get; } = [];

    /// <summary>Its slow start; the default: it is warm.</summary>
    internal WarmUp WarmUp { get; set; }

    /// <summary>What picks go by now.</summary>
    internal HealthState Seen { get; set; } = HealthState.Healthy;

    internal bool IsRemoved { get; set; }

    internal int ConnectFailures { get; set; }

    /// <summary>Not before this time is it connected to.</summary>
    internal long NextConnect { get; set; } = long.MinValue;

    internal TransportException? LastFailure { get; set; }

    /// <summary>Whether any of its connections takes calls.</summary>
    internal bool IsConnected => Groups.Exists(static g => !g.Pick.IsEmpty);

    internal bool IsConnecting => Groups.Exists(static g => g.IsConnecting);

    /// <summary>When the latest connection over QUIC was opened whose handshake is over. Any thread.</summary>
    internal long LastProved => Volatile.Read(ref _lastProved);

    /// <summary>A handshake over QUIC is over. Two at once may leave the older time, which is no older than a moment.</summary>
    internal void NoteProved(long opened) => Volatile.Write(ref _lastProved, Math.Max(opened, LastProved));

    /// <summary>Whether a connection that was opened after a time answers, over QUIC: path and process are well then. Under the gate.</summary>
    internal bool HasAnsweredSince(long time) => Groups.Exists(group => group.Connections.Any(
        c => c is { State: <= PooledConnectionState.Expiring, IsFallback: false, IsSilent: false, IsProved: true } && c.Opened >= time));

    // What is left may be too little to count, while it is not over yet.
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    /// <summary>The worst of all that is known, why, and when that ends by itself.</summary>
    internal (HealthState State, string Reason, TimeSpan? Until) Health(long now)
    {
        switch (Breaker?.State)
        {
            case BreakerState.Isolated:
                return (HealthState.Unhealthy, "its breaker is isolated", null);
            case BreakerState.Open:
                return (HealthState.Unhealthy, "its breaker is open", Breaker.RetryAfter ?? Least);
        }

        if (Outlier?.IsEjected(now) == true)
        {
            return (HealthState.Unhealthy, "it is ejected, as it does worse than the others", Outlier.ReturnsAfter ?? Least);
        }

        EndPointHealthSnapshot health = Monitor.Health.Current;
        return (health.State, health.Reason ?? "", null);
    }
}
