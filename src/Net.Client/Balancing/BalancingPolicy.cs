using System.Collections.Immutable;
using Net.Client.Internal;

namespace Net.Client;

/// <summary>A way to spread calls over end points. Immutable; one object may serve any number of channels.</summary>
/// <remarks>
/// A policy of one's own is a class that derives from this one and gives <see cref="Name"/> and <see cref="Create"/>, and a picker that derives from <see cref="EndPointPicker"/>.
/// The picker may rely on at least one candidate; it takes time and chance from the <see cref="PickContext"/> alone, skips what <see cref="PickContext.IsAvoided"/> tells it to, and honours
/// <see cref="PickCandidate.GetWarmth"/> by taking a colder candidate less often. Health, priority groups and the panic rule are dealt with before it sees the candidates.
/// </remarks>
public abstract class BalancingPolicy
{
    /// <summary>A short name for logs and traces, such as <c>least_connections</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Makes a picker over a set of candidates. Not to be called by two threads with the same <see cref="BalancingContext.Random"/> at once.</summary>
    /// <param name="candidates">Whom to choose from; the picker keeps a copy in this order.</param>
    /// <param name="context">The clock and chance.</param>
    /// <returns>The picker; one that always fails when there is no candidate.</returns>
    /// <exception cref="ArgumentException">A weight or an initial warmth is out of its range.</exception>
    public EndPointPicker CreatePicker(IReadOnlyList<PickCandidate> candidates, BalancingContext context)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(context);
        foreach (PickCandidate candidate in candidates)
        {
            if (candidate.Weight is < 1 or > 1000)
            {
                throw new ArgumentException($"The weight of {candidate.EndPoint} is {candidate.Weight}; it must be 1 to 1000.", nameof(candidates));
            }

            if (candidate.WarmUp is { Duration: > 0, Initial: not (> 0 and <= 1) })
            {
                throw new ArgumentException($"The initial warmth of {candidate.EndPoint} is {candidate.WarmUp.Initial}; it must be above 0 to 1.", nameof(candidates));
            }
        }

        return candidates.Count == 0 ? FailingPicker.NoEndPoint : Create([.. candidates], context);
    }

    /// <summary>Makes the picker of this policy.</summary>
    /// <param name="candidates">One or more candidates with weights in range.</param>
    /// <param name="context">The clock and chance.</param>
    /// <returns>The picker.</returns>
    protected abstract EndPointPicker Create(ImmutableArray<PickCandidate> candidates, BalancingContext context);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
