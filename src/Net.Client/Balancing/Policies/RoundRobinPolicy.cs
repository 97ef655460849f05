using System.Collections.Immutable;

namespace Net.Client.Internal;

/// <summary>Each in turn, whatever its weight. The score is the length of a round for the candidate: 1 when warm, more while it warms up and is passed over.</summary>
internal sealed class RoundRobinPolicy : BalancingPolicy
{
    internal const string PolicyName = "round_robin";

    public override string Name => PolicyName;

    protected override EndPointPicker Create(ImmutableArray<PickCandidate> candidates, BalancingContext context) =>
        new CyclicPicker(candidates, [.. Enumerable.Range(0, candidates.Length)], context.Random.Next(candidates.Length));
}
