using System.Collections.Immutable;

namespace Net.Client.Internal;

/// <summary>
/// The first on a hash ring after the call's affinity hash whose load is within its bound (Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads"). Places on the
/// ring depend on the address alone, so that an end point that comes or goes moves only the calls that are its own. The score is the load with this call over its bound: above 1
/// the candidate is passed over. A pick looks at all candidates only when the first one is busy.
/// </summary>
internal sealed class RingHashPolicy : BalancingPolicy
{
    internal const string PolicyName = "ring_hash";

    private readonly RingHashOptions _options;

    internal RingHashPolicy(RingHashOptions options)
    {
        options.Validate();
        _options = options;
    }

    public override string Name => PolicyName;

    protected override EndPointPicker Create(ImmutableArray<PickCandidate> candidates, BalancingContext context) => new Picker(candidates, _options);

    private sealed class Picker : EndPointPicker
    {
        private readonly ulong[] _places;
        private readonly int[] _owners;
        private readonly double _bound;
        private readonly WarmthScale _warmth;
        private readonly EndPointLoad[] _loads;
        private readonly double[] _weights;
        private readonly double _allWeights;

        internal Picker(ImmutableArray<PickCandidate> candidates, RingHashOptions options)
            : base(candidates)
        {
            _bound = options.LoadBound;
            _warmth = new WarmthScale(candidates);
            _loads = [.. candidates.Select(static c => c.Load)];
            _weights = [.. candidates.Select(static c => (double)c.Weight)];
            _allWeights = _weights.Sum();
            double heaviest = candidates.Max(static c => c.Weight);
            var places = new List<ulong>();
            var owners = new List<int>();
            for (int i = 0; i < candidates.Length; i++)
            {
                ulong address = Balancing.HashAffinity(candidates[i].EndPoint.Address.ToString().ToLowerInvariant());
                int count = Math.Max(1, (int)Math.Round(options.PlacesPerEndPoint * candidates[i].Weight / heaviest));
                for (int k = 0; k < count; k++)
                {
                    places.Add(Chance.Mix(address + (ulong)k));
                    owners.Add(i);
                }
            }

            _places = [.. places];
            _owners = [.. owners];
            Array.Sort(_places, _owners);
        }

        public override PickResult Pick(in PickContext context)
        {
            // Without an affinity any place will do.
            ulong hash = context.AffinityHash ?? Chance.Mix(context.Entropy);
            int found = Array.BinarySearch(_places, hash);
            int place = found >= 0 ? found : ~found;
            place = place == _places.Length ? 0 : place;
            int index = _owners[place];
            double warmest = _warmth.Largest(context.Now);

            // One call of its own is within any bound.
            return warmest == 0 && Load(index, context.Now) == 0 && !context.IsAvoided(index) ? PickResult.Connect(index) : Walk(place, hash, warmest, context);
        }

        public override double Score(int index, long now)
        {
            double warmest = _warmth.Largest(now);
            return (Load(index, now) + 1) / Math.Ceiling(Bound(now, warmest) * Share(index, now, warmest));
        }

        private PickResult Walk(int place, ulong hash, double warmest, in PickContext context)
        {
            double bound = Bound(context.Now, warmest);
            for (int i = 0; i < _places.Length; i++)
            {
                // While an end point warms up, its sessions come home one after the other, each for good.
                int index = _owners[place];
                if (!context.IsAvoided(index) && (warmest == 0 || _warmth.IsAdmitted(index, hash, context.Now, warmest))
                    && Load(index, context.Now) + 1 <= Math.Ceiling(bound * Share(index, context.Now, warmest)))
                {
                    return PickResult.Connect(index);
                }

                place = place + 1 == _places.Length ? 0 : place + 1;
            }

            // All that are within their bounds are to be avoided or still cold.
            return Fallback.PickAny(Candidates.Length, context);
        }

        // What each unit of share may have in flight, this call included.
        private double Bound(long now, double warmest)
        {
            double calls = 1;
            double shares = warmest == 0 ? _allWeights : 0;
            for (int i = 0; i < _loads.Length; i++)
            {
                calls += Load(i, now);
                shares += warmest == 0 ? 0 : Share(i, now, warmest);
            }

            return _bound * calls / shares;
        }

        private double Share(int index, long now, double warmest) => warmest == 0 ? _weights[index] : _weights[index] * Candidates[index].GetWarmth(now);

        private int Load(int index, long now)
        {
            // Whole calls, so that somebody is always within the bound: all bounds together are more than all calls.
            EndPointLoad load = _loads[index];
            return load.InFlight + (int)(load.GetPenalty(now) + 0.5);
        }
    }
}
