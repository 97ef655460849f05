namespace Net.Client;

/// <summary>How the live figures of an end point remember.</summary>
public sealed record EndPointLoadOptions
{
    /// <summary>The defaults.</summary>
    public static EndPointLoadOptions Default { get; } = new();

    /// <summary>Time after which an old observation weighs 1/e (0.37) of a new one. Default 10 s; range 100 ms to 10 minutes.</summary>
    /// <remarks>Shorter forgets a slow or failing end point sooner and sends it traffic sooner.</remarks>
    public TimeSpan Memory { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What a call is taken to cost before anything is known of an end point, neither a call nor a round-trip time. Default 10 ms; range 1 microsecond to 1 minute.</summary>
    /// <remarks>About what a call takes when all is well: an end point that is added then gets neither a rush of calls nor none.</remarks>
    public TimeSpan InitialCost { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>A failed call counts as one that took this many times the present cost, however quick it failed. Default 3; range 1 to 100.</summary>
    /// <remarks>An end point that fails every call so grows dearer with each, and is tried the more seldom.</remarks>
    public double FailureFactor { get; init; } = 3;

    /// <summary>The largest cost that <see cref="FailureFactor"/> alone can bring about. Default 1 s; range 1 ms to 10 minutes.</summary>
    /// <remarks>Above the slowest answer that is still good, so that an end point that fails looks worse than one that is slow.</remarks>
    public TimeSpan MaxFailureCost { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(EndPointLoadOptions));
        faults.Range(nameof(Memory), Memory, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        faults.Range(nameof(InitialCost), InitialCost, TimeSpan.FromMicroseconds(1), TimeSpan.FromMinutes(1));
        if (!(FailureFactor is >= 1 and <= 100))
        {
            faults.Add(nameof(FailureFactor), string.Create(System.Globalization.CultureInfo.InvariantCulture, $"is {FailureFactor}; it must be 1 to 100."));
        }

        faults.Range(nameof(MaxFailureCost), MaxFailureCost, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(10));
        faults.ThrowIfAny();
    }
}
