namespace Net.Client;

/// <summary>A circuit breaker's step from one state to another.</summary>
/// <param name="previous">The state before.</param>
/// <param name="current">The state now.</param>
/// <param name="trigger">Why.</param>
/// <param name="openFor">How long it stays open, jitter included; <c>null</c> when it is not open, or until it is reset.</param>
/// <param name="sequence">The number of the step.</param>
public sealed class BreakerStateChangedEventArgs(BreakerState previous, BreakerState current, BreakerTrigger trigger, TimeSpan? openFor, long sequence) : EventArgs
{
    /// <summary>The state before.</summary>
    public BreakerState Previous { get; } = previous;

    /// <summary>The state now.</summary>
    public BreakerState Current { get; } = current;

    /// <summary>Why.</summary>
    public BreakerTrigger Trigger { get; } = trigger;

    /// <summary>How long it stays open, jitter included; <c>null</c> when it is not open, or until it is reset.</summary>
    public TimeSpan? OpenFor { get; } = openFor;

    /// <summary>
    /// Number of the step, from 1. Handlers run outside the breaker's lock, so that two steps of two threads may arrive the other way round: the higher number is the later one.
    /// </summary>
    public long Sequence { get; } = sequence;
}
