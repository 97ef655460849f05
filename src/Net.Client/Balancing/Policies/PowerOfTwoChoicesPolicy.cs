using System.Collections.Immutable;

namespace Net.Client.Internal;

/// <summary>
/// Of two drawn at random by weight, the one with fewer calls in flight for its weight (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing"). The score is that of
/// <see cref="LeastConnectionsPolicy"/>. A pick looks at two candidates, however many there are.
/// </summary>
internal sealed class PowerOfTwoChoicesPolicy : BalancingPolicy
{
    internal const string PolicyName = "power_of_two_choices";

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
            bool isFirst = _loads.CallsPerShare(first, context.Now, warmest) <= _loads.CallsPerShare(second, context.Now, warmest);
            int better = isFirst ? first : second;
            return PickResult.Connect(_loads.IsAdmitted(better, context.Entropy, context.Now, warmest) ? better : isFirst ? second : first);
        }

        public override double Score(int index, long now) => _loads.CallsPerShare(index, now, _loads.Warmest(now));
    }
}
