using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Net.Client.Internal;

/// <summary>Sees to it that slow start costs nothing while all candidates are warm, and that candidates which are all equally cold share as if all were warm.</summary>
internal readonly struct WarmthScale
{
    private readonly ImmutableArray<PickCandidate> _candidates;
    private readonly long _allWarmAt;

    internal WarmthScale(ImmutableArray<PickCandidate> candidates)
    {
        _candidates = candidates;
        _allWarmAt = candidates.Max(static c => c.WarmUp.Duration > 0 ? c.WarmUp.Start + c.WarmUp.Duration : long.MinValue);
    }

    /// <summary>What the warmth of each candidate is divided by: the largest of all; 0 when all are warm and warmth need not be looked at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal double Largest(long now) => now >= _allWarmAt ? 0 : LargestOf(now);

    /// <summary>Whether a candidate may take a call, by chance, as often as it is warm.</summary>
    /// <param name="index">The candidate.</param>
    /// <param name="chance">64 random bits, or those of a session that is to have the same answer each time until it turns.</param>
    /// <param name="now">The time.</param>
    /// <param name="warmest">What <see cref="Largest"/> said, not 0.</param>
    internal bool IsAdmitted(int index, ulong chance, long now, double warmest)
    {
        double warmth = _candidates[index].GetWarmth(now);
        return warmth >= warmest || Chance.Fraction(Chance.Mix(chance + (ulong)index)) * warmest < warmth;
    }

    private double LargestOf(long now)
    {
        double largest = 0;
        foreach (PickCandidate candidate in _candidates)
        {
            largest = Math.Max(largest, candidate.GetWarmth(now));
        }

        return largest;
    }
}
