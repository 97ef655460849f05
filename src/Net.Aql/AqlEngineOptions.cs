namespace Net.Aql;

/// <summary>How an engine treats requests.</summary>
public sealed record AqlEngineOptions
{
    /// <summary>The defaults.</summary>
    public static AqlEngineOptions Default { get; } = new();

    /// <summary>How long a query or batch may take that names no timeout. Default 30 s; range 1 ms to 1 day, or <see cref="Timeout.InfiniteTimeSpan"/>. A stream that names none is bounded by its caller alone.</summary>
    /// <remarks>Above the slowest query of callers that name none. Infinite only where every caller can be trusted to give up by itself.</remarks>
    public TimeSpan DefaultTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest timeout a request can name; a longer one counts as this. Default 10 min; range 1 ms to 1 day.</summary>
    /// <remarks>It bounds how long one caller can keep the engine at work. Raise it for batches that really take longer.</remarks>
    public TimeSpan MaxTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">At least one value is out of range; the message lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(AqlEngineOptions));
        faults.Range(nameof(DefaultTimeout), DefaultTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1), allowInfinite: true);
        faults.Range(nameof(MaxTimeout), MaxTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1));
        faults.ThrowIfAny();
    }
}
