using System.Collections.Immutable;

namespace Net.Client;

/// <summary>Chooses an end point for a call: an immutable snapshot of candidates and a rule, made by a <see cref="BalancingPolicy"/> and replaced whole.</summary>
/// <remarks>Thread-safe. A pick takes no lock, allocates nothing, and changes nothing but an atomic cursor; counting the call is the caller's part.</remarks>
public abstract class EndPointPicker
{
    /// <summary>Makes a picker.</summary>
    /// <param name="candidates">Whom to choose from.</param>
    protected EndPointPicker(ImmutableArray<PickCandidate> candidates) => Candidates = candidates;

    /// <summary>Whom the picker chooses from. <see cref="PickResult.Index"/> counts in this order.</summary>
    public ImmutableArray<PickCandidate> Candidates { get; }

    /// <summary>Chooses.</summary>
    /// <param name="context">What the choice depends on.</param>
    /// <returns>A candidate that is not in <see cref="PickContext.Avoid"/>, or what to do instead.</returns>
    public abstract PickResult Pick(in PickContext context);

    /// <summary>How the picker rates a candidate now, to explain its choice: lower is better. Only figures of one picker compare.</summary>
    /// <param name="index">Index of the candidate.</param>
    /// <param name="now">The time.</param>
    /// <returns>The figure; what it counts stands with each policy.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such candidate.</exception>
    public abstract double Score(int index, long now);
}
