namespace Net.Perf.Measuring;

/// <summary>One round: medians in microseconds, processor time of both ends for each echo in microseconds.</summary>
internal readonly record struct EchoRound(double P50, double P99, double Cpu);

/// <summary>Rounds of two subjects in turn, A then B, so that both meet the same disturbances.</summary>
internal sealed class EchoComparison
{
    private readonly List<EchoRound> _a = [];
    private readonly List<EchoRound> _b = [];

    /// <summary>Medians of the rounds of A.</summary>
    internal EchoRound A => Medians(_a);

    /// <summary>Medians of the rounds of B.</summary>
    internal EchoRound B => Medians(_b);

    /// <summary>Median of the pairs' ratios B / A.</summary>
    internal EchoRound Ratio => Medians(Ratios());

    /// <summary>Spread of the pairs' p50 ratios: the width of their middle half as a part of the median.</summary>
    internal double Spread => Statistics.Spread([.. Ratios().Select(static r => r.P50)]);

    /// <summary>Median of the pairs' differences B - A.</summary>
    internal EchoRound Difference => Medians([.. _a.Zip(_b, static (a, b) => new EchoRound(b.P50 - a.P50, b.P99 - a.P99, b.Cpu - a.Cpu))]);

    /// <summary>Spread of the pairs' ratios of processor time.</summary>
    internal double CpuSpread => Statistics.Spread([.. Ratios().Select(static r => r.Cpu)]);

    /// <summary>Pairs measured.</summary>
    internal int Pairs => _b.Count;

    /// <summary>Does the rounds.</summary>
    /// <param name="a">The limit.</param>
    /// <param name="b">What is measured.</param>
    /// <param name="pairs">How many rounds of each.</param>
    /// <param name="echoes">Echoes in a round.</param>
    /// <param name="budget">No new pair begins after this time.</param>
    internal static EchoComparison Run(EchoSubject a, EchoSubject b, int pairs, int echoes, TimeSpan budget)
    {
        var comparison = new EchoComparison();
        long[] ticks = new long[echoes];
        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        for (int i = 0; i < pairs && (i == 0 || System.Diagnostics.Stopwatch.GetElapsedTime(started) < budget); i++)
        {
            comparison._a.Add(Measure(a, ticks));
            comparison._b.Add(Measure(b, ticks));
        }

        return comparison;
    }

    /// <summary>Does the rounds.</summary>
    /// <param name="a">A round of the yardstick.</param>
    /// <param name="b">A round of what is measured.</param>
    /// <param name="pairs">How many rounds of each.</param>
    /// <param name="budget">No new pair begins after this time.</param>
    internal static async Task<EchoComparison> RunAsync(Func<Task<EchoRound>> a, Func<Task<EchoRound>> b, int pairs, TimeSpan budget)
    {
        var comparison = new EchoComparison();
        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        for (int i = 0; i < pairs && (i == 0 || System.Diagnostics.Stopwatch.GetElapsedTime(started) < budget); i++)
        {
            comparison._a.Add(await a().ConfigureAwait(false));
            comparison._b.Add(await b().ConfigureAwait(false));
        }

        return comparison;
    }

    private static EchoRound Measure(EchoSubject subject, long[] ticks)
    {
        long cpu = ProcessClock.Own;
        subject.Run(ticks);
        cpu = ProcessClock.Own - cpu;
        return new EchoRound(Statistics.PercentileMicroseconds(ticks, 0.5), Statistics.PercentileMicroseconds(ticks, 0.99), cpu / 1000.0 / ticks.Length);
    }

    private List<EchoRound> Ratios() => [.. _a.Zip(_b, static (a, b) => new EchoRound(b.P50 / a.P50, b.P99 / a.P99, b.Cpu / a.Cpu))];

    private static EchoRound Medians(List<EchoRound> rounds) => new(
        Statistics.Median(rounds.Select(static r => r.P50).ToArray()),
        Statistics.Median(rounds.Select(static r => r.P99).ToArray()),
        Statistics.Median(rounds.Select(static r => r.Cpu).ToArray()));
}
