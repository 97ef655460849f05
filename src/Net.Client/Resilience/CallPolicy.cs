using Polly;

namespace Net.Client;

/// <summary>What is done for the calls of a method when attempts fail or take long. Immutable and shared.</summary>
public sealed record CallPolicy
{
    /// <summary>One attempt without a timeout; only what the server provably never processed is sent again, once.</summary>
    public static CallPolicy None { get; } = new();

    /// <summary>
    /// What a channel does of itself for methods that nothing is said of: retries by idempotency (<see cref="RetryOptions.Default"/>), without a timeout. An attempt that succeeds costs no more with it
    /// than with <see cref="None"/>.
    /// </summary>
    public static CallPolicy Default { get; } = new() { Retry = RetryOptions.Default };

    /// <summary>Retries; <c>null</c> (the default): none.</summary>
    public RetryOptions? Retry { get; init; }

    /// <summary>Hedging; <c>null</c> (the default): none. A method has retries or hedging, not both.</summary>
    public HedgingOptions? Hedging { get; init; }

    /// <summary>Timeouts; <c>null</c> (the default): none but the call's own.</summary>
    public TimeoutOptions? Timeouts { get; init; }

    /// <summary>What to do when all attempts have failed; <c>null</c> (the default): report the failure.</summary>
    public FallbackOptions? Fallback { get; init; }

    /// <summary>
    /// Strategies of Polly's around each single attempt: concurrency limits, chaos, what a service has of its own; <c>null</c> (the default): none. The runner's timeouts lie around it.
    /// </summary>
    /// <remarks>
    /// It may refuse an attempt, which then counts as not sent, but not send it twice: a second execution fails with <see cref="InvalidOperationException"/>, as it would be outside the one rule,
    /// the budget and the leases. Retries and hedging belong into <see cref="Retry"/> and <see cref="Hedging"/>. Its TimeProvider should be the channel's.
    /// </remarks>
    public ResiliencePipeline? AttemptPipeline { get; init; }

    /// <summary>Whether a first attempt needs neither a time of its own nor a second one beside it, nor goes through anything else.</summary>
    internal bool IsPlain => Hedging is null && AttemptPipeline is null && (Timeouts is null || Timeouts.PerAttempt == Timeout.InfiniteTimeSpan);

    /// <summary>Checks all values, those inside the other options included.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(CallPolicy));
        if (Retry is not null && Hedging is not null)
        {
            faults.Add(nameof(Hedging), "is set beside Retry; a method has one of them (gRPC proposal A6).");
        }

        AddFaultsOf(faults, nameof(Retry), Retry is null ? null : Retry.Validate);
        AddFaultsOf(faults, nameof(Hedging), Hedging is null ? null : Hedging.Validate);
        AddFaultsOf(faults, nameof(Timeouts), Timeouts is null ? null : Timeouts.Validate);
        AddFaultsOf(faults, nameof(Fallback), Fallback is null ? null : Fallback.Validate);
        faults.ThrowIfAny();
    }

    private static void AddFaultsOf(OptionFaults faults, string property, Action? validate)
    {
        try
        {
            validate?.Invoke();
        }
        catch (ArgumentException exception)
        {
            faults.Add(property, "has faults: " + exception.Message);
        }
    }
}
