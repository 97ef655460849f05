namespace Net.Client;

/// <summary>When the circuit breaker of an end point opens, for how long, and how it closes again.</summary>
public sealed record CircuitBreakerOptions
{
    /// <summary>The defaults.</summary>
    public static CircuitBreakerOptions Default { get; } = new();

    /// <summary>
    /// How many failures in a row open it; <c>null</c>: no number does. Default 5; range 1 to 1,000. An answer of any kind begins the count anew, and so does a pause between two failures that is longer
    /// than <see cref="Window"/>.
    /// </summary>
    /// <remarks>Higher for busy end points, where five in a row happen within a millisecond of trouble; <c>null</c> where only the share is to count.</remarks>
    public int? ConsecutiveFailures { get; init; } = 5;

    /// <summary>The share of failures among the calls of the last <see cref="Window"/> that opens it; <c>null</c>: no share does. Default 0.5; range 0.01 to 1. Looked at when a call fails.</summary>
    /// <remarks>Lower where healthy end points hardly ever fail. It catches those that fail half of their calls and never five in a row.</remarks>
    public double? FailureRatio { get; init; } = 0.5;

    /// <summary>How many calls the window must hold before <see cref="FailureRatio"/> counts. Default 20; range 2 to 1,000,000.</summary>
    /// <remarks>With few calls a share is chance: keep it at 10 or more, and the window long enough to hold them.</remarks>
    public int MinimumThroughput { get; init; } = 20;

    /// <summary>How far back failures count, in steps of a tenth of it. Default 60 s; range 100 ms to 1 h.</summary>
    /// <remarks>Longer for end points with few calls; shorter forgets an outage sooner once it is over.</remarks>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long it stays open the first time. Default 60 s; range 1 ms to 1 h.</summary>
    /// <remarks>Short times find a recovered end point sooner, and disturb a dead one more.</remarks>
    public TimeSpan OpenTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>By what factor the open time grows each time it opens again: after a failed probe, or within <see cref="Window"/> after it closed. Default 2; range 1 (never) to 10.</summary>
    /// <remarks>It spares an end point that is out for long; 1 where it must be found again as soon as it is back.</remarks>
    public double OpenTimeGrowth { get; init; } = 2;

    /// <summary>What the open time grows to at most, before jitter. Default 10 min, ten times the first, reached when an end point failed five times in a row; range <see cref="OpenTime"/> to 24 h.</summary>
    /// <remarks>So long may an end point that has come back stay unused: where others cannot carry its load, choose less. Active health checks do not shorten it.</remarks>
    public TimeSpan MaxOpenTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>By what part the open time is made longer or shorter at random, so that many clients do not come back at once. Default 0.1; range 0 to 0.5.</summary>
    /// <remarks>Leave it: clients whose breakers opened together would else probe together.</remarks>
    public double OpenTimeJitter { get; init; } = 0.1;

    /// <summary>How many probes may be under way at once while it is half open. Default 3; range 1 to 100.</summary>
    /// <remarks>These calls may fail for their callers: few, unless most calls are retried.</remarks>
    public int HalfOpenCalls { get; init; } = 3;

    /// <summary>How many probes must succeed to close it. Default 2; range 1 to 100.</summary>
    /// <remarks>More for end points that answer now and then; with more than <see cref="HalfOpenCalls"/> it takes several rounds.</remarks>
    public int SuccessesToClose { get; init; } = 2;

    /// <summary>
    /// After this time a probe gives its place to the next and its outcome no longer counts, so that a stream that lives for hours does not hold the breaker half open. Default 30 s; range 1 ms to 1 h.
    /// </summary>
    /// <remarks>Above the time that a good call takes, or no probe ever counts.</remarks>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(CircuitBreakerOptions));
        var millisecond = TimeSpan.FromMilliseconds(1);
        var hour = TimeSpan.FromHours(1);
        if (ConsecutiveFailures is int failures)
        {
            faults.Range(nameof(ConsecutiveFailures), failures, 1, 1000);
        }

        if (FailureRatio is double ratio)
        {
            ResilienceFaults.Range(faults, nameof(FailureRatio), ratio, 0.01, 1);
        }

        faults.Range(nameof(MinimumThroughput), MinimumThroughput, 2, 1_000_000);
        faults.Range(nameof(Window), Window, TimeSpan.FromMilliseconds(100), hour);
        faults.Range(nameof(OpenTime), OpenTime, millisecond, hour);
        ResilienceFaults.Range(faults, nameof(OpenTimeGrowth), OpenTimeGrowth, 1, 10);
        faults.Range(nameof(MaxOpenTime), MaxOpenTime, OpenTime, TimeSpan.FromHours(24));
        ResilienceFaults.Range(faults, nameof(OpenTimeJitter), OpenTimeJitter, 0, 0.5);
        faults.Range(nameof(HalfOpenCalls), HalfOpenCalls, 1, 100);
        faults.Range(nameof(SuccessesToClose), SuccessesToClose, 1, 100);
        faults.Range(nameof(ProbeTimeout), ProbeTimeout, millisecond, hour);
        faults.ThrowIfAny();
    }
}
