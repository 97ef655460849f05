namespace Net.Client;

/// <summary>How long a call and each of its attempts may take.</summary>
public sealed record TimeoutOptions
{
    /// <summary>The defaults.</summary>
    public static TimeoutOptions Default { get; } = new();

    /// <summary>
    /// For the whole call: all attempts, the pauses between them, the waits for a connection and the fallbacks share it. Default 30 s; range 1 ms to 24 h, or <see cref="Timeout.InfiniteTimeSpan"/>.
    /// A call's own <see cref="CallPlan.Timeout"/> takes its place.
    /// </summary>
    public TimeSpan PerCall { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For one attempt, its wait for a connection included. Default <see cref="Timeout.InfiniteTimeSpan"/>: as long as the call may; range 1 ms to 24 h.</summary>
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
