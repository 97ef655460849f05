using System.Globalization;

namespace Net.Client;

/// <summary>When the outcomes of real calls speak against an end point.</summary>
/// <remarks>
/// Broken transport counts for <see cref="HealthAspect.Path"/>, timeouts for <see cref="HealthAspect.Process"/>, server failures for <see cref="HealthAspect.Service"/>, each on its own.
/// Mistakes of callers, calls given up, refusals for want of resources, and calls never processed count for none.
/// </remarks>
public sealed record PassiveHealthOptions
{
    /// <summary>The defaults.</summary>
    public static PassiveHealthOptions Default { get; } = new();

    /// <summary>So many failures of a kind without any answer of another kind in between make the verdict fail. Default 5; range 1 to 1,000.</summary>
    /// <remarks>About that of the breaker: the two look at the same calls, this one by kind of failure.</remarks>
    public int ConsecutiveFailures { get; init; } = 5;

    /// <summary>This part of all calls within <see cref="Window"/> makes the verdict fail, too, once <see cref="MinCalls"/> have ended. Default 0.5; range 0.01 to 1.</summary>
    /// <remarks>Lower where healthy servers hardly ever fail; not below what a deployment makes fail for a moment.</remarks>
    public double FailureRatio { get; init; } = 0.5;

    /// <summary>Fewer calls than this within <see cref="Window"/> have no ratio. Default 20; range 1 to 1,000,000.</summary>
    /// <remarks>With few calls a ratio is chance: keep it at 10 or more.</remarks>
    public int MinCalls { get; init; } = 20;

    /// <summary>How long calls count for the ratio; a window begins with a failure. Default 10 s; range 100 ms to 10 minutes.</summary>
    /// <remarks>Longer for channels that make few calls, so that it can hold <see cref="MinCalls"/>.</remarks>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the verdict then fails, at the longest: it ends sooner when a probe of the same aspect that failed, too, passes again, and that on the path when a connection opens. Afterwards the end
    /// point gets calls again and is judged anew. Default 10 s; range 100 ms to 1 hour. Each time it fails again within <see cref="Window"/> of that, the time doubles, up to <see cref="MaxHold"/>.
    /// </summary>
    /// <remarks>About the time that a server takes to restart. Shorter tries it sooner, with real calls.</remarks>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest hold. Default 2 minutes; range <see cref="Hold"/> to 1 day.</summary>
    /// <remarks>Where others cannot carry the load for long, choose less.</remarks>
    public TimeSpan MaxHold { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(PassiveHealthOptions));
        faults.Range(nameof(ConsecutiveFailures), ConsecutiveFailures, 1, 1000);
        if (!(FailureRatio is >= 0.01 and <= 1))
        {
            faults.Add(nameof(FailureRatio), string.Create(CultureInfo.InvariantCulture, $"is {FailureRatio}; it must be 0.01 to 1."));
        }

        faults.Range(nameof(MinCalls), MinCalls, 1, 1_000_000);
        faults.Range(nameof(Window), Window, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        faults.Range(nameof(Hold), Hold, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        faults.Range(nameof(MaxHold), MaxHold, Hold, TimeSpan.FromDays(1));
        faults.ThrowIfAny();
    }
}
