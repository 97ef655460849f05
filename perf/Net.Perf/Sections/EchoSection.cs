using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Subjects;

namespace Net.Perf.Sections;

/// <summary>Echo of 64 bytes against UDP ping-pong.</summary>
internal static class EchoSection
{
    private const int Callers = 100;

    internal static async Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        using var certificates = new Certificates();
        var limit = new UdpPingPong();
        await using (limit.ConfigureAwait(false))
        {
            var second = new UdpPingPong("UDP ping-pong again");
            await using (second.ConfigureAwait(false))
            {
                await WarmUpAsync(limit).ConfigureAwait(false);
                await WarmUpAsync(second).ConfigureAwait(false);
                var times = new FigureTable(
                    $"Echo of {EchoSubject.PayloadBytes} bytes, {Pinning.Describe()}",
                    ["B against UDP ping-pong", "p50 us", "p99 us", "CPU us", "UDP p50 us", "UDP CPU us", "p50 ratio", "p99 ratio", "CPU ratio", "spread", "pairs"]);
                var work = new FigureTable(
                    $"Work per echo, both ends, {Pinning.Describe()}",
                    ["what", "bytes allocated", "packets", "sendmsg", "recvmmsg", "epoll_wait", "wake-ups", "system calls"]);
                report.Tables.Add(times);
                report.Tables.Add(work);
                EchoComparison self = EchoComparison.Run(limit, second, options.Pairs, options.Echoes, options.Budget);
                Add(times, second.Name + " (A/A)", self);
                times.Notes.Add($"{options.Echoes:N0} echoes in a round, rounds in turn; the ratio is the median of the pairs' ratios, the spread the width of their middle half. "
                    + (self.Spread <= 0.05 ? "The A/A spread allows claims above 3 %." : "The A/A spread is over 5 %: the machine was too noisy for claims about small differences."));
                foreach (bool newStreams in (bool[])[false, true])
                {
                    foreach (bool inline in (bool[])[false, true])
                    {
                        if (!options.Wants(QuicEcho.NameOf(inline, newStreams)))
                        {
                            continue;
                        }

                        QuicEcho echo = await QuicEcho.StartAsync(certificates, inline, newStreams).ConfigureAwait(false);
                        await using (echo.ConfigureAwait(false))
                        {
                            await MeasureAsync(report, times, work, limit, echo, options, newStreams, inline, self.Spread).ConfigureAwait(false);
                        }
                    }
                }
            }
        }

        return report;
    }

    private static async Task MeasureAsync(
        Report report, FigureTable times, FigureTable work, UdpPingPong limit, QuicEcho echo, RunOptions options, bool newStreams, bool inline, double noise)
    {
        await WarmUpAsync(echo).ConfigureAwait(false);
        EchoComparison comparison = EchoComparison.Run(limit, echo, options.Pairs, options.Echoes, options.Budget);
        Add(times, echo.Name, comparison);
        report.Stand(newStreams ? "2" : "1", comparison.Ratio.P50, inline ? "inline continuations" : "thread pool", noise);
        int many = Math.Max(options.Echoes, RunOptions.WarmUpCalls);
        long[] ticks = new long[many];
        (double bytes, TrafficCounters traffic) = await CountAsync(work, echo.Name, echo, many, () =>
        {
            echo.Run(ticks);
            return Task.CompletedTask;
        }).ConfigureAwait(false);
        if (!newStreams)
        {
            report.Stand("10a", Math.Round(bytes, 1), inline ? "inline continuations" : "thread pool");
        }
        else
        {
            report.Stand("9a", (double)traffic.Packets / many, inline ? "inline continuations" : "thread pool");
        }

        await RunOptions.WarmUpAsync(() => echo.RunParallelAsync(Callers, many)).ConfigureAwait(false);
        (_, traffic) = await CountAsync(work, $"{echo.Name}, {Callers} in flight", echo, many, () => echo.RunParallelAsync(Callers, many)).ConfigureAwait(false);
        if (newStreams)
        {
            report.Stand("9b", (double)traffic.Packets / many, inline ? "inline continuations" : "thread pool");
        }
    }

    private static async Task<(double Bytes, TrafficCounters Traffic)> CountAsync(FigureTable table, string name, QuicEcho echo, int echoes, Func<Task> run)
    {
        // The loops write their counters without fences; the end of the echoes orders them well enough for averages over thousands.
        TrafficCounters before = echo.Traffic;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        await run().ConfigureAwait(false);
        double bytes = (double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / echoes;
        TrafficCounters traffic = echo.Traffic - before;
        string Each(long count) => Format.Number((double)count / echoes, 2);
        table.Add(
            name, Format.Number(bytes), Each(traffic.Packets), Each(traffic.SendCalls), Each(traffic.ReceiveCalls), Each(traffic.Waits), Each(traffic.Signals),
            Each(traffic.SystemCalls));
        return (bytes, traffic);
    }

    private static Task WarmUpAsync(EchoSubject subject)
    {
        long[] ticks = new long[RunOptions.WarmUpCalls];
        return RunOptions.WarmUpAsync(() =>
        {
            subject.Run(ticks);
            return Task.CompletedTask;
        });
    }

    private static void Add(FigureTable table, string name, EchoComparison c) => table.Add(
        name, Format.Number(c.B.P50), Format.Number(c.B.P99), Format.Number(c.B.Cpu), Format.Number(c.A.P50), Format.Number(c.A.Cpu),
        Format.Number(c.Ratio.P50, 2), Format.Number(c.Ratio.P99, 2), Format.Number(c.Ratio.Cpu, 2), Format.Percent(c.Spread), Format.Number(c.Pairs, 0));
}
