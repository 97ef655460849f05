namespace Net.Client.Internal;

/// <summary>What the pool knows of one end point, whatever the protocol: one verdict, one breaker, one load, one back-off. Under the channel's gate, but for what is live.</summary>
internal sealed class EndPointState
{
    private readonly HealthVerdict[] _verdicts;
    private ChannelEndPoint _endPoint;
    private TimeSpan? _rtt;

    internal EndPointState(int id, ChannelEndPoint endPoint, EndPointLoad load, CircuitBreaker? breaker, OutlierMember? outlier, DateTimeOffset now)
    {
        Id = id;
        _endPoint = endPoint;
        Load = load;
        Breaker = breaker;
        Outlier = outlier;
        var unknown = new HealthVerdict(HealthState.Healthy, false, "", now);
        _verdicts = [unknown, unknown, unknown];
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

    internal List<ConnectionGroup> Groups { get; } = [];

    /// <summary>Its slow start; the default: it is warm.</summary>
    internal WarmUp WarmUp { get; set; }

    internal bool IsRemoved { get; set; }

    internal int ConnectFailures { get; set; }

    /// <summary>Not before this time is it connected to.</summary>
    internal long NextConnect { get; set; } = long.MinValue;

    internal TransportException? LastFailure { get; set; }

    /// <summary>How many calls had ended when the path was looked at last.</summary>
    internal long SampledCalls { get; set; } = -1;

    /// <summary>The last round-trip time known; survives the connections, for the next race.</summary>
    internal TimeSpan? Rtt
    {
        get => _rtt;
        set
        {
            _rtt = value ?? _rtt;
            Load.SmoothedRtt = _rtt;
        }
    }

    /// <summary>Whether any of its connections takes calls.</summary>
    internal bool IsConnected => Groups.Exists(static g => !g.Pick.IsEmpty);

    internal bool IsConnecting => Groups.Exists(static g => g.IsConnecting);

    internal HealthVerdict Verdict(HealthAspect aspect) => _verdicts[(int)aspect];

    /// <summary>Takes a verdict.</summary>
    /// <returns>Whether the state has changed, not only the reason.</returns>
    internal bool Judge(HealthAspect aspect, HealthState state, string reason, DateTimeOffset now)
    {
        HealthVerdict old = _verdicts[(int)aspect];
        bool isNew = old.State != state || !old.IsKnown;
        _verdicts[(int)aspect] = new HealthVerdict(state, true, reason, isNew ? now : old.Since);
        return isNew;
    }

    /// <summary>The worst of all that is known, and what that is.</summary>
    internal (HealthState State, string Reason) Health(long now)
    {
        if (Breaker?.State is BreakerState.Open or BreakerState.Isolated)
        {
            return (HealthState.Unhealthy, "its breaker is " + (Breaker.State == BreakerState.Open ? "open" : "isolated"));
        }

        if (Outlier?.IsEjected(now) == true)
        {
            return (HealthState.Unhealthy, "it is ejected as an outlier");
        }

        (HealthState State, string Reason) worst = (HealthState.Healthy, "");
        for (int i = 0; i < _verdicts.Length; i++)
        {
            if (_verdicts[i].State > worst.State)
            {
                worst = (_verdicts[i].State, $"{(HealthAspect)i}: {_verdicts[i].Reason}");
            }
        }

        return worst;
    }
}
