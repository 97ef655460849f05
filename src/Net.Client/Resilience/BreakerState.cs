namespace Net.Client;

/// <summary>What a circuit breaker does with calls.</summary>
public enum BreakerState
{
    /// <summary>Calls go through.</summary>
    Closed = 0,

    /// <summary>The end point failed: no call goes through until the open time is over.</summary>
    Open,

    /// <summary>The open time is over: a few calls go through as probes, and their outcomes decide.</summary>
    HalfOpen,

    /// <summary>Held open by hand until it is reset.</summary>
    Isolated,
}
