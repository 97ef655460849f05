namespace Net.Client;

/// <summary>The slow start of an end point that has just come back: its share of the traffic grows from a small part to the whole.</summary>
/// <param name="Start">When it began, a timestamp of the channel's clock.</param>
/// <param name="Duration">How long it lasts, in ticks of that clock; 0 (the default): the end point is warm.</param>
/// <param name="Initial">The part of its share that it begins with: above 0 to 1.</param>
public readonly record struct WarmUp(long Start, long Duration, double Initial)
{
    /// <summary>The part of its share that the end point may have at a time.</summary>
    /// <param name="now">The time.</param>
    /// <returns>Above 0 to 1; 1 when it is warm.</returns>
    public double GetWarmth(long now)
    {
        if (Duration <= 0)
        {
            return 1;
        }

        long passed = now - Start;
        return passed >= Duration ? 1 : Initial + ((1 - Initial) * Math.Max(0, (double)passed / Duration));
    }
}
