using System.Collections.Immutable;

namespace Net.Client.Internal;

/// <summary>
/// Whoever has the fewest calls in flight for its weight; ties go to the first after a random place. The score is calls in flight with this one, failures of late counted as such,
/// over weight and warmth; while hardly anything is in flight, the heaviest so come
/// first. A pick looks at every candidate.
/// </summary>
internal sealed class LeastConnectionsPolicy : BalancingPolicy
{
    internal const string PolicyName = "least_connections";

    public override string Name => PolicyName;

    protected override EndPointPicker Create(ImmutableArray<PickCandidate> candidates, BalancingContext context) => new Picker(candidates);

    private sealed class Picker(ImmutableArray<PickCandidate> candidates) : EndPointPicker(candidates)
    {
        private readonly LoadTable _loads = new(candidates);

        public override PickResult Pick(in PickContext context)
        {
            int count = _loads.Count;
            double warmest = _loads.Warmest(context.Now);
            int index = Chance.Below((uint)context.Entropy, count);
            int best = -1;
            double least = double.PositiveInfinity;
            for (int i = 0; i < count; i++)
            {
                double calls = _loads.CallsPerShare(index, context.Now, warmest);
                if (calls < least && !context.IsAvoided(index) && _loads.IsAdmitted(index, context.Entropy, context.Now, warmest))
                {
                    least = calls;
                    best = index;
                }

                index = index + 1 == count ? 0 : index + 1;
            }

            return best < 0 ? Fallback.PickAny(count, context) : PickResult.Connect(best);
        }

        public override double Score(int index, long now) => _loads.CallsPerShare(index, now, _loads.Warmest(now));
    }
}
