using System.Diagnostics;

namespace Net.Perf.Measuring;

/// <summary>Rounds of two kinds of work in turn, A then B, so that both meet the same disturbances.</summary>
internal sealed class WorkComparison
{
    private readonly List<WorkRound> _a = [];
    private readonly List<WorkRound> _b = [];

    /// <summary>Medians of the rounds of A.</summary>
    internal WorkRound A => Medians(_a);

    /// <summary>Medians of the rounds of B.</summary>
    internal WorkRound B => Medians(_b);

    /// <summary>Median of the pairs' ratios B / A.</summary>
    internal WorkRound Ratio => Medians(Ratios());

    /// <summary>Spread of the pairs' ratios of processor time: the width of their middle half as a part of the median.</summary>
    internal double Spread => Statistics.Spread([.. Ratios().Select(static r => r.Cpu)]);

    /// <summary>Pairs measured.</summary>
    internal int Pairs => _b.Count;

    /// <summary>Adds a pair of rounds.</summary>
    internal void Add(WorkRound a, WorkRound b)
    {
        _a.Add(a);
        _b.Add(b);
    }

    /// <summary>Does the rounds.</summary>
    /// <param name="a">A round of the yardstick.</param>
    /// <param name="b">A round of what is measured.</param>
    /// <param name="pairs">How many rounds of each.</param>
    /// <param name="budget">No new pair begins after this time.</param>
    internal static async Task<WorkComparison> RunAsync(Func<Task<WorkRound>> a, Func<Task<WorkRound>> b, int pairs, TimeSpan budget)
    {
        var comparison = new WorkComparison();
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < pairs && (i == 0 || Stopwatch.GetElapsedTime(started) < budget); i++)
        {
            WorkRound first = await a().ConfigureAwait(false);
            comparison.Add(first, await b().ConfigureAwait(false));
        }

        return comparison;
    }

    private List<WorkRound> Ratios() => [.. _a.Zip(_b, static (a, b) => new WorkRound(b.Cpu / a.Cpu, b.Time / a.Time))];

    private static WorkRound Medians(List<WorkRound> rounds) => new(
        Statistics.Median(rounds.Select(static r => r.Cpu).ToArray()),
        Statistics.Median(rounds.Select(static r => r.Time).ToArray()));
}
