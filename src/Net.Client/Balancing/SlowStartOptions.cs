using System.Globalization;

namespace Net.Client;

/// <summary>How an end point that was added or has recovered comes back into the traffic, so that caches fill and no herd runs it over.</summary>
public sealed record SlowStartOptions
{
    /// <summary>The defaults.</summary>
    public static SlowStartOptions Default { get; } = new();

    /// <summary>How long its share grows. Default 30 s; range 0 (no slow start) to 1 hour.</summary>
    /// <remarks>About the time that caches, compilation or connection pools of a server take to warm up; 0 for servers that are as quick at first as ever.</remarks>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The part of its share that it begins with. Default 0.1; range 0.01 to 1.</summary>
    /// <remarks>Lower for servers whose first calls are costly. Too low a value leaves a recovered end point idle while the others are short of breath.</remarks>
    public double InitialWarmth { get; init; } = 0.1;

    /// <summary>Begins a slow start.</summary>
    /// <param name="timeProvider">The channel's clock.</param>
    /// <returns>The warm-up, for <see cref="PickCandidate.WarmUp"/>.</returns>
    public WarmUp Begin(TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        return new WarmUp(timeProvider.GetTimestamp(), (long)(Window.TotalSeconds * timeProvider.TimestampFrequency), InitialWarmth);
    }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(SlowStartOptions));
        faults.Range(nameof(Window), Window, TimeSpan.Zero, TimeSpan.FromHours(1));
        if (!(InitialWarmth is >= 0.01 and <= 1))
        {
            faults.Add(nameof(InitialWarmth), string.Create(CultureInfo.InvariantCulture, $"is {InitialWarmth}; it must be 0.01 to 1."));
        }

        faults.ThrowIfAny();
    }
}
