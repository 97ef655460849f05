namespace Net.Client;

/// <summary>When an end point that does worse than the others gets no calls for a while. The rules are those of Envoy's outlier detection.</summary>
public sealed record OutlierOptions
{
    /// <summary>The defaults.</summary>
    public static OutlierOptions Default { get; } = new();

    /// <summary>How many failures in a row eject an end point; <c>null</c>: no number does. Default 5; range 1 to 1,000.</summary>
    /// <remarks>As that of the breaker, beside which it is of use for its cap on how many are out at once.</remarks>
    public int? ConsecutiveFailures { get; init; } = 5;

    /// <summary>
    /// How many standard deviations below the mean of all end points a success rate must lie to eject its end point; <c>null</c>: no rate does. Default 1.9; range 0.5 to 10. Compared at the end of each
    /// <see cref="Interval"/>.
    /// </summary>
    /// <remarks>Lower ejects for smaller differences. With few end points one bad one moves the mean itself: keep it below 2 there.</remarks>
    public double? SuccessRateDeviations { get; init; } = 1.9;

    /// <summary>How many end points must have had <see cref="MinimumCalls"/> before success rates are compared. Default 5; range 3 to 1,000.</summary>
    /// <remarks>Fewer give no mean to speak of.</remarks>
    public int MinimumEndPoints { get; init; } = 5;

    /// <summary>How many calls of an interval make a success rate. Default 100; range 1 to 1,000,000.</summary>
    /// <remarks>With few calls a rate is chance; lower it only together with a longer <see cref="Interval"/>.</remarks>
    public int MinimumCalls { get; init; } = 100;

    /// <summary>How often success rates are compared, and one step of the growth of the ejection time is forgotten. Default 10 s; range 100 ms to 10 min.</summary>
    /// <remarks>Long enough that every end point gets <see cref="MinimumCalls"/>.</remarks>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The share of the end points that may be ejected at once. Default 0.3; range 0.1 to 0.5. One may be ejected whatever the share, as long as one stays: with two end points one, with one none.</summary>
    /// <remarks>What the rest can carry without failing: the spare capacity of the fleet.</remarks>
    public double MaxEjectedShare { get; init; } = 0.3;

    /// <summary>How long the first ejection takes; the n-th in a row takes n times as long. Default 30 s; range 10 ms to 1 h.</summary>
    /// <remarks>About the time of a restart; it grows by itself for those that do not mend.</remarks>
    public TimeSpan EjectionTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What the ejection time grows to at most, before jitter. Default 5 min; range <see cref="EjectionTime"/> to 24 h.</summary>
    /// <remarks>It bounds how long an end point that has mended stays unused.</remarks>
    public TimeSpan MaxEjectionTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>By what part of itself the ejection time is made longer at random, at most, so that end points that were ejected together do not come back together. Default 0.1; range 0 to 1.</summary>
    /// <remarks>Leave it: those that were ejected together would else come back together.</remarks>
    public double EjectionTimeJitter { get; init; } = 0.1;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(OutlierOptions));
        if (ConsecutiveFailures is int failures)
        {
            faults.Range(nameof(ConsecutiveFailures), failures, 1, 1000);
        }

        if (SuccessRateDeviations is double deviations)
        {
            ResilienceFaults.Range(faults, nameof(SuccessRateDeviations), deviations, 0.5, 10);
        }

        faults.Range(nameof(MinimumEndPoints), MinimumEndPoints, 3, 1000);
        faults.Range(nameof(MinimumCalls), MinimumCalls, 1, 1_000_000);
        faults.Range(nameof(Interval), Interval, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        ResilienceFaults.Range(faults, nameof(MaxEjectedShare), MaxEjectedShare, 0.1, 0.5);
        faults.Range(nameof(EjectionTime), EjectionTime, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
        faults.Range(nameof(MaxEjectionTime), MaxEjectionTime, EjectionTime, TimeSpan.FromHours(24));
        ResilienceFaults.Range(faults, nameof(EjectionTimeJitter), EjectionTimeJitter, 0, 1);
        faults.ThrowIfAny();
    }
}
