using System.Collections.Immutable;

namespace Net.Client.Internal;

/// <summary>
/// Of two drawn at random by weight, the one whose calls in flight with this one cost less (Finagle's peak EWMA). The score is <see cref="EndPointLoad.GetCost"/>, which starts from the
/// transport's round-trip time and rises with each failure, times calls, over weight and warmth. A pick looks at two candidates, so that a cheap one is not run over by all clients at once.
/// </summary>
internal sealed class PeakEwmaPolicy : BalancingPolicy
{
    internal const string PolicyName = "peak_ewma";

    public override string Name => PolicyName;

    protected override EndPointPicker Create(ImmutableArray<PickCandidate> candidates, BalancingContext context) => new Picker(candidates);

    private sealed class Picker(ImmutableArray<PickCandidate> candidates) : EndPointPicker(candidates)
    {
        private readonly LoadTable _loads = new(candidates);
        private readonly RandomPair _pair = new(candidates);

        public override PickResult Pick(in PickContext context)
        {
            _pair.Draw(context, out int first, out int second);
            if (second < 0)
            {
                return first < 0 ? PickResult.Fail(PickFailure.AllAvoided) : PickResult.Connect(first);
            }

            double warmest = _loads.Warmest(context.Now);
            bool isFirst = _loads.CostPerShare(first, context.Now, warmest) <= _loads.CostPerShare(second, context.Now, warmest);
            int better = isFirst ? first : second;
            return PickResult.Connect(_loads.IsAdmitted(better, context.Entropy, context.Now, warmest) ? better : isFirst ? second : first);
        }

        public override double Score(int index, long now) => _loads.CostPerShare(index, now, _loads.Warmest(now));
    }
}
