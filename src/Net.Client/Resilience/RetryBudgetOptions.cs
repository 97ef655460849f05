namespace Net.Client;

/// <summary>How many of a channel's calls may be sent again while calls fail (gRPC proposal A6, throttling).</summary>
public sealed record RetryBudgetOptions
{
    /// <summary>The defaults.</summary>
    public static RetryBudgetOptions Default { get; } = new();

    /// <summary>Tokens of a full budget; nothing is sent again while half of them or fewer are left. Default 10, as gRPC's A6 proposes; range 1 to 1,000.</summary>
    /// <remarks>A channel with hundreds of calls in flight does well with more: all that were on a connection fail at the same moment when it breaks, each for one token.</remarks>
    public int MaxTokens { get; init; } = 10;

    /// <summary>Tokens that a success gives back; a failure takes one. Default 0.1, which allows about one retry for ten successes; range 0.001 to 1, in steps of 0.001.</summary>
    /// <remarks>The share of calls that may be retries while things fail: 0.1 adds at most a tenth to the load of servers that are in trouble.</remarks>
    public double TokenRatio { get; init; } = 0.1;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(RetryBudgetOptions));
        faults.Range(nameof(MaxTokens), MaxTokens, 1, 1000);
        ResilienceFaults.Range(faults, nameof(TokenRatio), TokenRatio, 0.001, 1);
        faults.ThrowIfAny();
    }
}
