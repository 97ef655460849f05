using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Subjects;

namespace Net.Perf.Sections;

/// <summary>What a call costs beside many connections and many open streams.</summary>
internal static class GrowthSection
{
    private const int ManyConnections = 4000;
    private const int ManyStreams = 1000;

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
                    (double native, double noise) = await MeasureNativeAsync(figures, certificates, options).ConfigureAwait(false);
                    report.Stand(
                        "15", growth.Ratio.Cpu / native, $"growth {Format.Number(growth.Ratio.Cpu, 2)}, native {Format.Number(native, 2)}", Math.Max(self.Spread, noise));
                }
            }

            if (await CompareAsync(figures, $"beside {ManyStreams - 1:N0} open streams", certificates, alone, 1, ManyStreams, isOnOne: true, options).ConfigureAwait(false) is { } streams)
            {
                report.Stand("16", streams.Ratio.Cpu, "inline continuations", self.Spread);
            }

            await CompareAsync(figures, $"{ManyStreams:N0} streams in turn", certificates, alone, 1, ManyStreams, isOnOne: false, options).ConfigureAwait(false);
        }

        figures.Notes.Add("The native library alone: two ends in the memory of one thread, without an engine and without sockets, driven in this same run; each of its connections in turn.");
        return report;
    }

    /// <returns>How much more an echo costs beside many connections where there is nothing but the native library, and the spread of its yardstick with itself.</returns>
    private static async Task<(double Growth, double Noise)> MeasureNativeAsync(FigureTable figures, Certificates certificates, RunOptions options)
    {
        int echoes = Math.Max(options.Echoes, ManyConnections);
        using var alone = new NativeEchoField(certificates, 1);
        using var many = new NativeEchoField(certificates, ManyConnections);
        await RunOptions.WarmUpAsync(() => alone.RoundAsync(RunOptions.WarmUpCalls)).ConfigureAwait(false);
        await many.RoundAsync(echoes).ConfigureAwait(false);
        WorkComparison self = await WorkComparison.RunAsync(() => alone.RoundAsync(echoes), () => alone.RoundAsync(echoes), options.Pairs, options.Budget).ConfigureAwait(false);
        WorkComparison growth = await WorkComparison.RunAsync(() => alone.RoundAsync(echoes), () => many.RoundAsync(echoes), options.Pairs, options.Budget).ConfigureAwait(false);
        Add(figures, "the native library alone, one connection (A/A)", self);
        Add(figures, $"the native library alone, {ManyConnections:N0} connections in turn", growth);
        return (growth.Ratio.Cpu, self.Spread);
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
        Add(figures, name, comparison);
        return comparison;
    }

    private static void Add(FigureTable figures, string name, WorkComparison comparison) => figures.Add(
        name, Format.Number(comparison.B.Cpu), Format.Number(comparison.A.Cpu), Format.Number(comparison.Ratio.Cpu, 2), Format.Percent(comparison.Spread),
        Format.Number(comparison.Pairs, 0));
}
