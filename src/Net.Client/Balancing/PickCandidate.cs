namespace Net.Client;

/// <summary>An end point that a picker may choose, frozen but for the live figures it points to.</summary>
public sealed record PickCandidate
{
    /// <summary>The end point.</summary>
    public required ChannelEndPoint EndPoint { get; init; }

    /// <summary>Its live figures.</summary>
    public required EndPointLoad Load { get; init; }

    /// <summary>Its share relative to the others; 1 to 1,000. Default 1. The pool sets it from <see cref="ChannelEndPoint.Weight"/> or from what was set at run time.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Its slow start; the default: it is warm.</summary>
    public WarmUp WarmUp { get; init; }

    /// <summary>What whoever made the candidate wants to find again, such as the pool's state of the end point; no picker looks at it.</summary>
    public object? Owner { get; init; }

    /// <summary>The part of its share that the candidate may have at a time: above 0 to 1.</summary>
    /// <param name="now">The time.</param>
    /// <returns>The part.</returns>
    public double GetWarmth(long now) => WarmUp.GetWarmth(now);
}
