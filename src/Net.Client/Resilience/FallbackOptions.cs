namespace Net.Client;

/// <summary>What to do when all attempts of a call have failed: steps, tried in order until one succeeds.</summary>
/// <remarks>
/// A step that sends the call again is passed over when the call may have been executed and must not be executed twice, when a response has begun, and when the deadline has passed;
/// an answer that needs no server is given in those cases, too. The caller's own mistakes and cancellation have no fallback.
/// </remarks>
public sealed record FallbackOptions
{
    /// <summary>Most steps of a chain.</summary>
    public const int MaxSteps = 8;

    /// <summary>The steps, first to last; 1 to 8.</summary>
    /// <remarks>Nearest first: another protocol, then other servers, then an answer that needs none. Each sending takes from the same deadline.</remarks>
    public required IReadOnlyList<FallbackStep> Steps { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(FallbackOptions));
        if (Steps is null || Steps.Count is 0 or > MaxSteps || Steps.Any(static s => s is null))
        {
            faults.Add(nameof(Steps), $"must hold 1 to {MaxSteps} steps, none of them null.");
        }

        faults.ThrowIfAny();
    }
}
