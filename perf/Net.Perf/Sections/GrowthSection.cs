using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Subjects;

namespace Net.Perf.Sections;

/// <summary>What a call costs beside many connections and many open streams.</summary>
internal static class GrowthSection
{
    private const int ManyConnections = 4000;
    private const int ManyStreams = 1000;

    // libngtcp2 with GnuTLS alone, two ends in one thread's memory without sockets: 2.3 us for an echo with one connection, 9.8 us with 4,000 in turn, whose state no longer fits the caches.
    private const double NativeGrowth = 9.8 / 2.3;

    internal static async Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        using var certificates = new Certificates();
        var figures = new FigureTable(
            $"Echo of {EchoSubject.PayloadBytes} bytes beside many, inline, one in flight, {Pinning.Describe()}", ["what", "CPU us", "alone CPU us", "CPU ratio", "spread", "pairs"]);
        report.Tables.Add(figures);
        EchoField alone = await EchoField.StartAsync(certificates, 1, 1).ConfigureAwait(false);
        await using (alone.ConfigureAwait(false))
        {
            await RunOptions.WarmUpAsync(() => alone.RoundAsync(RunOptions.WarmUpCalls, isOnOne: true)).ConfigureAwait(false);
            WorkComparison self = await MeasureAsync(figures, "one connection, one stream (A/A)", alone, alone, isOnOne: true, options).ConfigureAwait(false);
            foreach (int connections in (int[])[10, 100, 1000, ManyConnections])
            {
                WorkComparison? growth = await CompareAsync(figures, $"{connections:N0} connections in turn", certificates, alone, connections, 1, isOnOne: false, options).ConfigureAwait(false);
                if (connections == ManyConnections && growth is not null)
                {
                    report.Stand("15", growth.Ratio.Cpu / NativeGrowth, $"growth {Format.Number(growth.Ratio.Cpu, 2)}, native {Format.Number(NativeGrowth, 2)}", self.Spread);
                }
            }

            if (await CompareAsync(figures, $"beside {ManyStreams - 1:N0} open streams", certificates, alone, 1, ManyStreams, isOnOne: true, options).ConfigureAwait(false) is { } streams)
            {
                report.Stand("16", streams.Ratio.Cpu, "inline continuations", self.Spread);
            }

            await CompareAsync(figures, $"{ManyStreams:N0} streams in turn", certificates, alone, 1, ManyStreams, isOnOne: false, options).ConfigureAwait(false);
        }

        figures.Notes.Add(
            "The native library alone grows from 2.3 us with one connection to 9.8 us with 4,000 in turn; this was measured once on the reference machine, in memory and without sockets.");
        return report;
    }

    private static async Task<WorkComparison?> CompareAsync(
        FigureTable figures, string name, Certificates certificates, EchoField alone, int connections, int streams, bool isOnOne, RunOptions options)
    {
        if (!options.Wants(name))
        {
            return null;
        }

        EchoField many = await EchoField.StartAsync(certificates, connections, streams).ConfigureAwait(false);
        await using (many.ConfigureAwait(false))
        {
            return await MeasureAsync(figures, name, alone, many, isOnOne, options).ConfigureAwait(false);
        }
    }

    private static async Task<WorkComparison> MeasureAsync(FigureTable figures, string name, EchoField alone, EchoField many, bool isOnOne, RunOptions options)
    {
        // Each connection of a large field gets its turn in each round.
        int echoes = Math.Max(options.Echoes, ManyConnections);
        await many.RoundAsync(echoes, isOnOne).ConfigureAwait(false);
        WorkComparison comparison = await WorkComparison.RunAsync(
            () => alone.RoundAsync(echoes, isOnOne: true), () => many.RoundAsync(echoes, isOnOne), options.Pairs, options.Budget).ConfigureAwait(false);
        figures.Add(
            name, Format.Number(comparison.B.Cpu), Format.Number(comparison.A.Cpu), Format.Number(comparison.Ratio.Cpu, 2), Format.Percent(comparison.Spread),
            Format.Number(comparison.Pairs, 0));
        return comparison;
    }
}
