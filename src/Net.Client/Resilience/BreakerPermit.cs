namespace Net.Client;

/// <summary>The right to send one call to an end point, given by its circuit breaker. Its outcome is reported once; a copy is the same permit.</summary>
/// <remarks>
/// While the breaker is closed a permit costs nothing, and one that is never reported harms nothing. While it is half open a permit holds one of the few places for probes
/// until it is reported, at most <see cref="CircuitBreakerOptions.ProbeTimeout"/>. <c>default</c> is the permit of an end point without a breaker: reporting it does nothing.
/// </remarks>
public readonly struct BreakerPermit
{
    private readonly CircuitBreaker? _breaker;
    private readonly long _stamp;
    private readonly int _place;

    internal BreakerPermit(CircuitBreaker breaker, long stamp, int place)
    {
        _breaker = breaker;
        _stamp = stamp;
        _place = place;
    }

    /// <summary>Whether the call is a probe of a breaker that is half open: its failure opens the breaker again at once.</summary>
    public bool IsProbe => _breaker is not null && _place >= 0;

    /// <summary>Reports how the call ended. What happened before the breaker's last change of state no longer counts.</summary>
    /// <param name="outcome">How it ended. Only <see cref="CallOutcome.ServerFailure"/>, <see cref="CallOutcome.TransportFailure"/> and <see cref="CallOutcome.TimedOut"/> count against the end point.</param>
    public void Report(CallOutcome outcome) => _breaker?.Report(outcome, _stamp, _place);

    /// <summary>Reports how the call ended, for callers that have read the clock anyway.</summary>
    /// <param name="outcome">How it ended.</param>
    /// <param name="now">The time, as a timestamp of the breaker's <see cref="TimeProvider"/>.</param>
    public void Report(CallOutcome outcome, long now) => _breaker?.Report(outcome, _stamp, _place, now);
}
