using System.Collections.Immutable;
using Net.Client.Internal;

namespace Net.Client;

/// <summary>Reduces all end points of a channel to those that a policy may choose from: by health, by priority group, and by the panic rule.</summary>
public static class PriorityGroups
{
    /// <summary>Selects.</summary>
    /// <param name="candidates">All end points with their health, in any order.</param>
    /// <param name="options">When a group gives way and what is done when all are out; <c>null</c>: the defaults.</param>
    /// <returns>Who may get traffic.</returns>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public static PrioritySelection Select(IReadOnlyList<RankedCandidate> candidates, PriorityGroupOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        options ??= PriorityGroupOptions.Default;
        options.Validate();
        if (candidates.Count == 0)
        {
            return new PrioritySelection { Candidates = [], Failure = PickFailure.NoEndPoint };
        }

        foreach (IGrouping<int, RankedCandidate> group in candidates.GroupBy(static c => c.Candidate.EndPoint.Priority).OrderBy(static g => g.Key))
        {
            // Counted up, so that half of three is two.
            int needed = Math.Max(1, (int)Math.Ceiling(group.Count() * options.MinFitRatio));
            foreach (HealthState worst in (ReadOnlySpan<HealthState>)[HealthState.Healthy, HealthState.Degraded])
            {
                if (group.Count(c => c.Health <= worst) >= needed)
                {
                    return Of(group, worst) with { Priority = group.Key };
                }
            }
        }

        int fit = candidates.Count(static c => c.Health <= HealthState.Degraded);
        if (fit > candidates.Count * options.PanicRatio)
        {
            return Of(candidates, HealthState.Degraded);
        }

        return options.Panic == PanicRule.UseAll
            ? Of(candidates, HealthState.Unhealthy) with { IsPanic = true }
            : new PrioritySelection { Candidates = [], IsPanic = true, Failure = PickFailure.AllUnhealthy };
    }

    /// <summary>Makes the picker of a policy over the selected.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="selection">What <see cref="Select"/> said.</param>
    /// <param name="context">The clock and chance.</param>
    /// <returns>The picker; one that always fails when the selection says so.</returns>
    public static EndPointPicker CreatePicker(BalancingPolicy policy, PrioritySelection selection, BalancingContext context)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(selection);
        return selection.Failure == PickFailure.AllUnhealthy ? FailingPicker.AllUnhealthy : policy.CreatePicker(selection.Candidates, context);
    }

    private static PrioritySelection Of(IEnumerable<RankedCandidate> candidates, HealthState worst)
    {
        ImmutableArray<RankedCandidate> chosen = [.. candidates.Where(c => c.Health <= worst)];
        return new PrioritySelection
        {
            Candidates = [.. chosen.Select(static c => c.Candidate)],
            IncludesDegraded = chosen.Any(static c => c.Health == HealthState.Degraded),
        };
    }
}
