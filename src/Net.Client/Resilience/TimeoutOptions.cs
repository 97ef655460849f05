namespace Net.Client;

/// <summary>How long a call and each of its attempts may take.</summary>
public sealed record TimeoutOptions
{
    /// <summary>The defaults.</summary>
    public static TimeoutOptions Default { get; } = new();

    /// <summary>
    /// For the whole call: all attempts, the pauses between them, the waits for a connection and the fallbacks share it. Default 30 s; range 1 ms to 24 h, or <see cref="Timeout.InfiniteTimeSpan"/>. A
    /// call's own <see cref="CallPlan.Timeout"/> takes its place.
    /// </summary>
    /// <remarks>Above the slowest call that is of use to its caller. It ends streaming calls, too: give those a policy of their own. It is kept to a few milliseconds, never early.</remarks>
    public TimeSpan PerCall { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For one attempt, its wait for a connection included. Default <see cref="Timeout.InfiniteTimeSpan"/>: as long as the call may; range 1 ms to 24 h.</summary>
    /// <remarks>Set it where servers may hang without their connection breaking: a third of the call's time lets three attempts fit. Not for calls that stream.</remarks>
    public TimeSpan PerAttempt { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(TimeoutOptions));
        faults.Range(nameof(PerCall), PerCall, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(24), allowInfinite: true);
        faults.Range(nameof(PerAttempt), PerAttempt, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(24), allowInfinite: true);
        faults.ThrowIfAny();
    }
}
