using System.Collections.Immutable;

namespace Net.Client.Internal;

/// <summary>Lays out who has its turn when, each as often as its weight says and evenly spread, for one period that is then repeated.</summary>
internal static class Turns
{
    /// <summary>The longest period for a usual number of candidates; longer ones are scaled down, every candidate keeping one turn at least.</summary>
    internal const int MaxLength = 32_768;

    // Turns per candidate that remain when even one each nearly fills the period.
    private const int MinMeanTurns = 8;

    // The fractional parts of its multiples lie as far from each other as can be, so that the lone turns of many light candidates do not fall together.
    private const double GoldenRatio = 0.6180339887498949;

    /// <summary>Lays out a period.</summary>
    /// <param name="candidates">Whose weights count.</param>
    /// <returns>Indexes of candidates, one for each turn.</returns>
    internal static int[] LayOut(ImmutableArray<PickCandidate> candidates)
    {
        int divisor = candidates.Aggregate(0, static (gcd, c) => Gcd(gcd, c.Weight));
        int[] turns = [.. candidates.Select(c => c.Weight / divisor)];
        long total = turns.Sum(static t => (long)t);
        long limit = Math.Max(MaxLength, (long)candidates.Length * MinMeanTurns);
        if (total > limit)
        {
            turns = [.. turns.Select(t => (int)Math.Max(1, Math.Round((double)t * limit / total)))];
        }

        // The k-th of n turns stands at (k + phase) / n of the period; sorted by that, every candidate's turns are evenly apart.
        int length = turns.Sum();
        double[] places = new double[length];
        int[] owners = new int[length];
        int next = 0;
        for (int i = 0; i < turns.Length; i++)
        {
            double phase = (i + 1) * GoldenRatio % 1;
            for (int k = 0; k < turns[i]; k++, next++)
            {
                places[next] = (k + phase) / turns[i];
                owners[next] = i;
            }
        }

        Array.Sort(places, owners);
        return owners;
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}
