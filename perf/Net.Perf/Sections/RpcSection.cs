using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Subjects;

namespace Net.Perf.Sections;

/// <summary>gRPC calls over HTTP/3 against the same client and service over HTTP/2 with TLS.</summary>
internal static class RpcSection
{
    private const int Many = 100;
    private const int CountedCalls = 10_000;
    private const int Messages = 10_000;

    // More calls in flight need longer rounds, so that the beginning and the end of a round, where fewer are, weigh little.
    private const int RoundsPerCaller = 50;
    private const int SpanCallers = 16;

    internal static async Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        RpcServer server = await RpcServer.StartAsync().ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            RpcClient http2 = RpcClient.OverHttp2(server);
            await using (http2.ConfigureAwait(false))
            {
                RpcClient http3 = RpcClient.OverHttp3(server);
                await using (http3.ConfigureAwait(false))
                {
                    await WarmUpAsync(http2).ConfigureAwait(false);
                    await WarmUpAsync(http3).ConfigureAwait(false);
                    await MeasureCallsAsync(report, server, http2, http3, options).ConfigureAwait(false);
                    await CountWorkAsync(report, server, http2, http3).ConfigureAwait(false);
                    await MeasureStreamsAsync(report, server, http2, http3, options).ConfigureAwait(false);
                    await MeasureSpansAsync(report, server, http3, options).ConfigureAwait(false);
                }
            }
        }

        return report;
    }

    private static async Task MeasureCallsAsync(Report report, RpcServer server, RpcClient http2, RpcClient http3, RunOptions options)
    {
        var figures = new FigureTable(
            $"gRPC unary call, {EchoSubject.PayloadBytes} bytes, client and server in a process each, {Pinning.Describe()}",
            ["B against h2 with TLS", "p50 us", "p99 us", "CPU us", "calls per CPU second", "h2 p50 us", "h2 CPU us", "p50 ratio", "CPU ratio", "p50 spread", "CPU spread", "pairs"]);
        report.Tables.Add(figures);
        RpcClient again = RpcClient.OverHttp2(server, "h2 with TLS, again");
        await using (again.ConfigureAwait(false))
        {
            await WarmUpAsync(again).ConfigureAwait(false);
            foreach (int inFlight in (int[])[1, 16, Many])
            {
                EchoComparison self = await CompareAsync(figures, $"{again.Name}, {inFlight} in flight (A/A)", server, http2, again, inFlight, options).ConfigureAwait(false);
                EchoComparison calls = await CompareAsync(figures, $"{http3.Name}, {inFlight} in flight", server, http2, http3, inFlight, options).ConfigureAwait(false);
                if (inFlight == 1)
                {
                    report.Stand("3", calls.Ratio.P50, "", self.Spread);
                }
                else if (inFlight == Many)
                {
                    report.Stand("5", calls.Ratio.Cpu, "", self.CpuSpread);
                }
            }
        }

        figures.Notes.Add($"Rounds of {options.Echoes:N0} calls, or {RoundsPerCaller} for each that is in flight where that is more. Both sides have the same gRPC client and service; "
            + "h2 is SocketsHttpHandler and Kestrel on TCP with the platform's TLS, h3 our handler and Kestrel on our transport. Processor time is that of both processes.");
        if (server.PlatformHttp3Port == 0)
        {
            figures.Notes.Add("Row 4 was not measured: libmsquic does not load here, so that the platform has no HTTP/3 to compare with.");
            return;
        }

        RpcClient platform = RpcClient.OverPlatformHttp3(server);
        await using (platform.ConfigureAwait(false))
        {
            await WarmUpAsync(platform).ConfigureAwait(false);
            EchoComparison calls = await CompareAsync(figures, $"{platform.Name}, 1 in flight", server, http2, platform, 1, options).ConfigureAwait(false);
            EchoComparison ours = await EchoComparison.RunAsync(Round(server, platform, 1, options), Round(server, http3, 1, options), options.Pairs, options.Budget).ConfigureAwait(false);
            report.Stand("4", ours.Ratio.P50, "", calls.Spread);
        }
    }

    private static async Task<EchoComparison> CompareAsync(FigureTable figures, string name, RpcServer server, RpcClient a, RpcClient b, int inFlight, RunOptions options)
    {
        EchoComparison c = await EchoComparison.RunAsync(Round(server, a, inFlight, options), Round(server, b, inFlight, options), options.Pairs, options.Budget).ConfigureAwait(false);
        figures.Add(
            name, Format.Number(c.B.P50), Format.Number(c.B.P99), Format.Number(c.B.Cpu), Format.Number(1e6 / c.B.Cpu, 0), Format.Number(c.A.P50), Format.Number(c.A.Cpu),
            Format.Number(c.Ratio.P50, 2), Format.Number(c.Ratio.Cpu, 2), Format.Percent(c.Spread), Format.Percent(c.CpuSpread), Format.Number(c.Pairs, 0));
        return c;
    }

    private static Func<Task<EchoRound>> Round(RpcServer server, RpcClient client, int inFlight, RunOptions options)
    {
        long[] ticks = new long[Math.Max(options.Echoes, RoundsPerCaller * inFlight)];
        return () => server.RoundAsync(client, inFlight, ticks);
    }

    private static async Task CountWorkAsync(Report report, RpcServer server, RpcClient http2, RpcClient http3)
    {
        var figures = new FigureTable(
            $"Work per gRPC unary call, {Pinning.Describe()}", ["what", "bytes allocated", "by the client", "by the server", "packets, both ways"]);
        report.Tables.Add(figures);
        foreach (int inFlight in (int[])[1, Many])
        {
            (double yardstick, _) = await CountAsync(figures, server, http2, inFlight).ConfigureAwait(false);
            (double bytes, double packets) = await CountAsync(figures, server, http3, inFlight).ConfigureAwait(false);
            report.Stand(inFlight == 1 ? "9c" : "9d", packets, "");
            if (inFlight == 1)
            {
                report.Stand("10b", bytes / yardstick, "");
                report.Stand("10c", bytes, "");
            }
        }
    }

    private static async Task<(double Bytes, double Packets)> CountAsync(FigureTable figures, RpcServer server, RpcClient client, int inFlight)
    {
        long[] ticks = new long[CountedCalls];
        long? packets = client.Packets;
        ProcessFigures serverBefore = await server.MeasureServerAsync().ConfigureAwait(false);
        ProcessFigures clientBefore = server.MeasureClient();
        await client.RunAsync(inFlight, ticks).ConfigureAwait(false);
        double clientBytes = (double)(server.MeasureClient() - clientBefore).AllocatedBytes / CountedCalls;
        double serverBytes = (double)(await server.MeasureServerAsync().ConfigureAwait(false) - serverBefore).AllocatedBytes / CountedCalls;
        double packetsEach = (double?)(client.Packets - packets) / CountedCalls ?? double.NaN;
        figures.Add(
            $"{client.Name}, {inFlight} in flight", Format.Number(clientBytes + serverBytes, 0), Format.Number(clientBytes, 0), Format.Number(serverBytes, 0),
            Format.Number(packetsEach, 2));
        return (clientBytes + serverBytes, packetsEach);
    }

    private static async Task MeasureStreamsAsync(Report report, RpcServer server, RpcClient http2, RpcClient http3, RunOptions options)
    {
        var figures = new FigureTable(
            $"gRPC server streaming, {EchoSubject.PayloadBytes} bytes each, {Pinning.Describe()}",
            ["what", "messages per second", "CPU us", "h2 messages per second", "h2 CPU us", "time ratio", "CPU ratio", "pairs"]);
        report.Tables.Add(figures);
        foreach (RpcClient client in (RpcClient[])[http2, http3])
        {
            await RunOptions.WarmUpAsync(() => client.StreamAsync(Messages)).ConfigureAwait(false);
        }

        WorkComparison c = await WorkComparison.RunAsync(
            () => server.StreamRoundAsync(http2, Messages), () => server.StreamRoundAsync(http3, Messages), options.Pairs, options.Budget).ConfigureAwait(false);
        figures.Add(
            http3.Name, Format.Number(1e6 / c.B.Time, 0), Format.Number(c.B.Cpu, 2), Format.Number(1e6 / c.A.Time, 0), Format.Number(c.A.Cpu, 2),
            Format.Number(c.Ratio.Time, 2), Format.Number(c.Ratio.Cpu, 2), Format.Number(c.Pairs, 0));
        figures.Notes.Add($"One call at a time with {Messages:N0} messages, each written and flushed by itself. Ratios are those of time and of processor time for a message.");
    }

    private static async Task MeasureSpansAsync(Report report, RpcServer server, RpcClient client, RunOptions options)
    {
        var figures = new FigureTable(
            $"Recorded spans, gRPC unary call over h3, {SpanCallers} in flight, {Pinning.Describe()}",
            ["what", "CPU us per call", "bytes per call", "spans per call"]);
        report.Tables.Add(figures);
        long[] ticks = new long[Math.Max(options.Echoes, RoundsPerCaller * SpanCallers)];
        ProcessFigures[] totals = new ProcessFigures[2];
        async Task<EchoRound> RoundAsync(bool isRecorded)
        {
            await server.RecordAsync(isRecorded).ConfigureAwait(false);
            ProcessFigures before = server.MeasureClient() + await server.MeasureServerAsync().ConfigureAwait(false);
            EchoRound round = await server.RoundAsync(client, SpanCallers, ticks).ConfigureAwait(false);
            totals[isRecorded ? 1 : 0] += server.MeasureClient() + await server.MeasureServerAsync().ConfigureAwait(false) - before;
            return round;
        }

        // The code that records has to be compiled, too.
        await RunOptions.WarmUpAsync(() => RoundAsync(isRecorded: true)).ConfigureAwait(false);
        totals = new ProcessFigures[2];
        EchoComparison c = await EchoComparison.RunAsync(() => RoundAsync(isRecorded: false), () => RoundAsync(isRecorded: true), options.Pairs, options.Budget).ConfigureAwait(false);
        await server.RecordAsync(isOn: false).ConfigureAwait(false);
        double calls = (double)c.Pairs * ticks.Length;
        double spans = totals[1].Spans / calls;
        double bytes = (totals[1].AllocatedBytes - totals[0].AllocatedBytes) / calls;
        figures.Add("nobody listens", Format.Number(c.A.Cpu), Format.Number(totals[0].AllocatedBytes / calls, 0), Format.Number(totals[0].Spans / calls));
        figures.Add("all spans recorded", Format.Number(c.B.Cpu), Format.Number(totals[1].AllocatedBytes / calls, 0), Format.Number(spans));
        figures.Add("each span", Format.Number(c.Difference.Cpu / spans, 2), Format.Number(bytes / spans, 0), "1");
        figures.Notes.Add("Spans of this library's sources at both ends, with all tags, recorded and dropped. What the context costs on the wire is part of it. The time is the median of the pairs' differences.");
        report.Stand("12a", c.Difference.Cpu / spans, "", c.CpuSpread);
        report.Stand("12b", bytes / spans, "");
    }

    private static Task WarmUpAsync(RpcClient client)
    {
        long[] ticks = new long[RunOptions.WarmUpCalls];
        return RunOptions.WarmUpAsync(() => client.RunAsync(Many, ticks));
    }
}
