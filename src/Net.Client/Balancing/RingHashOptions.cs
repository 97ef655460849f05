using System.Globalization;

namespace Net.Client;

/// <summary>The bounds of ring hashing.</summary>
public sealed record RingHashOptions
{
    /// <summary>The defaults.</summary>
    public static RingHashOptions Default { get; } = new();

    /// <summary>How many times its even share of all calls in flight an end point may have before its calls go on to the next on the ring. Default 1.25; range 1.01 to 100.</summary>
    /// <remarks>Smaller balances better, larger keeps affinity better.</remarks>
    public double LoadBound { get; init; } = 1.25;

    /// <summary>Places on the ring of an end point of the largest weight; the others have theirs in proportion. Default 160; range 1 to 1,000.</summary>
    /// <remarks>More spread more evenly and cost 12 bytes each.</remarks>
    public int PlacesPerEndPoint { get; init; } = 160;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(RingHashOptions));
        if (!(LoadBound is >= 1.01 and <= 100))
        {
            faults.Add(nameof(LoadBound), string.Create(CultureInfo.InvariantCulture, $"is {LoadBound}; it must be 1.01 to 100."));
        }

        faults.Range(nameof(PlacesPerEndPoint), PlacesPerEndPoint, 1, 1000);
        faults.ThrowIfAny();
    }
}
