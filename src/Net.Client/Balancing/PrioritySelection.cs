using System.Collections.Immutable;

namespace Net.Client;

/// <summary>Who may get traffic now, and why these.</summary>
public sealed record PrioritySelection
{
    /// <summary>Those that a policy may choose from, in the order given; empty when there are no end points or <see cref="Failure"/> says to fail.</summary>
    public required ImmutableArray<PickCandidate> Candidates { get; init; }

    /// <summary>The group that takes the traffic alone; <c>null</c>: no group is fit enough, and several share it or none has it.</summary>
    public int? Priority { get; init; }

    /// <summary>Whether too few were fit in all groups together, so that <see cref="PriorityGroupOptions.Panic"/> applied.</summary>
    public bool IsPanic { get; init; }

    /// <summary>Whether degraded end points are among <see cref="Candidates"/>.</summary>
    public bool IncludesDegraded { get; init; }

    /// <summary>Why calls fail at once; <see cref="PickFailure.None"/> when there is somebody to choose from.</summary>
    public PickFailure Failure { get; init; }
}
