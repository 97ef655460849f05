using System.Collections.Immutable;

namespace Net.Client.Internal;

/// <summary>In turn, each as often as its weight says, evenly spread over the round. The score is one over the candidate's turns in a round, more while it warms up.</summary>
internal sealed class WeightedPolicy : BalancingPolicy
{
    internal const string PolicyName = "weighted";

    public override string Name => PolicyName;

    protected override EndPointPicker Create(ImmutableArray<PickCandidate> candidates, BalancingContext context)
    {
        int[] turns = Turns.LayOut(candidates);
        return new CyclicPicker(candidates, turns, context.Random.Next(turns.Length));
    }
}
