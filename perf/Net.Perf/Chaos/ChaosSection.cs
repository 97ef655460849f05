using System.Diagnostics;
using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Sections;

namespace Net.Perf.Chaos;

/// <summary>The ceiling of a UDP proxy and the latency it adds, against no proxy at all.</summary>
internal static class ChaosSection
{
    private const string Direct = "directly";
    private const string Noop = "through a proxy without toxics";
    private const string Toxic = "through a proxy, each datagram looked at";

    internal static async Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        report.Tables.Add(await MeasureLatencyAsync(options).ConfigureAwait(false));
        report.Tables.Add(await MeasureCeilingAsync(options).ConfigureAwait(false));
        return report;
    }

    private static async Task<FigureTable> MeasureLatencyAsync(RunOptions options)
    {
        var table = new FigureTable(
            $"UDP proxy: {EchoSubject.PayloadBytes} bytes there and back, {Pinning.Describe()}",
            ["way", "p50 us", "p99 us", "CPU us", "p50 added us", "p99 added us", "CPU added us", "p50 ratio", "spread", "pairs"]);
        ProxiedPingPong direct = await ProxiedPingPong.StartAsync(Direct, isProxied: false).ConfigureAwait(false);
        await using (direct.ConfigureAwait(false))
        {
            ProxiedPingPong[] subjects =
            [
                await ProxiedPingPong.StartAsync(Direct + ", again (A/A)", isProxied: false).ConfigureAwait(false),
                await ProxiedPingPong.StartAsync(Noop, isProxied: true).ConfigureAwait(false),
                await ProxiedPingPong.StartAsync(Toxic, isProxied: true, ProxyFactory.LossOfNothing).ConfigureAwait(false),
            ];
            await WarmUpAsync(direct).ConfigureAwait(false);
            foreach (ProxiedPingPong subject in subjects)
            {
                await using (subject.ConfigureAwait(false))
                {
                    await WarmUpAsync(subject).ConfigureAwait(false);
                    EchoComparison c = EchoComparison.Run(direct, subject, options.Pairs, options.Echoes, options.Budget);
                    table.Add(
                        subject.Name, Format.Number(c.B.P50), Format.Number(c.B.P99), Format.Number(c.B.Cpu), Format.Number(c.Difference.P50), Format.Number(c.Difference.P99),
                        Format.Number(c.Difference.Cpu), Format.Number(c.Ratio.P50, 2), Format.Percent(c.Spread), Format.Number(c.Pairs, 0));
                }
            }
        }

        table.Notes.Add("Added: the median of the pairs' differences to the direct way. A round trip passes the proxy twice.");
        return table;
    }

    private static async Task<FigureTable> MeasureCeilingAsync(RunOptions options)
    {
        var table = new FigureTable(
            $"UDP proxy: one-way flood of {ProxiedFlood.DatagramBytes:N0} byte datagrams, {Pinning.Describe()}",
            ["way", "datagrams/s", "MB/s", "CPU us each", "CPU us added", "lost", "rounds"]);
        long datagrams = options.Megabytes * 1_000_000L / ProxiedFlood.DatagramBytes;
        foreach (int perCall in (int[])[1, 10])
        {
            string how = perCall == 1 ? ", one per call" : $", {perCall} per call (GSO)";
            ProxiedFlood[] floods =
            [
                new(Direct + how, isProxied: false, perCall),
                new(Noop + how, isProxied: true, perCall),
                new(Toxic + how, isProxied: true, perCall, ProxyFactory.LossOfNothing),
            ];
            await RunOptions.WarmUpAsync(() => floods[^1].RunAsync(RunOptions.WarmUpCalls)).ConfigureAwait(false);
            List<FloodRound>[] rounds = [.. floods.Select(static _ => new List<FloodRound>())];
            long started = Stopwatch.GetTimestamp();
            for (int i = 0; i < options.Pairs && (i == 0 || Stopwatch.GetElapsedTime(started) < options.Budget); i++)
            {
                for (int j = 0; j < floods.Length; j++)
                {
                    rounds[j].Add(await floods[j].RunAsync(datagrams).ConfigureAwait(false));
                }
            }

            for (int j = 0; j < floods.Length; j++)
            {
                double added = Median(rounds[j].Zip(rounds[0], static (own, direct) => own.CpuMicroseconds - direct.CpuMicroseconds));
                table.Add(
                    floods[j].Name, Format.Number(Median(rounds[j].Select(static r => r.PerSecond)), 0), Format.Number(Median(rounds[j].Select(static r => r.MegabytesPerSecond)), 0),
                    Format.Number(Median(rounds[j].Select(static r => r.CpuMicroseconds)), 2), j == 0 ? "-" : Format.Number(added, 2),
                    Format.Number(rounds[j].Sum(static r => r.Lost), 0), Format.Number(rounds[j].Count, 0));
            }
        }

        table.Notes.Add("Processor time is that of sender, proxy and receiver; added is the proxy's own share, for each datagram.");
        return table;
    }

    private static double Median(IEnumerable<double> values) => Statistics.Median(values.ToArray());

    private static Task WarmUpAsync(EchoSubject subject)
    {
        long[] ticks = new long[RunOptions.WarmUpCalls];
        return RunOptions.WarmUpAsync(() =>
        {
            subject.Run(ticks);
            return Task.CompletedTask;
        });
    }
}
