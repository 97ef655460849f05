using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Subjects;

namespace Net.Perf.Sections;

/// <summary>One-way transfer against plain UDP, SslStream and the native programs.</summary>
internal static class BulkSection
{
    internal static async Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        using var certificates = new Certificates();
        long bytes = options.Megabytes * 1_000_000L;
        List<IBulkTransfer> transfers = [];
        try
        {
            transfers.Add(new UdpBulk());
            transfers.Add(new UdpBulk("UDP, GSO x10 and GRO, again (A/A)"));
            foreach (bool inline in (bool[])[false, true])
            {
                if (options.Wants(QuicBulk.NameOf(inline)))
                {
                    transfers.Add(await QuicBulk.StartAsync(certificates, inline).ConfigureAwait(false));
                }
            }

            transfers.Add(await SslBulk.StartAsync(certificates).ConfigureAwait(false));
            var figures = new FigureTable(
                $"Bulk, one way, {options.Megabytes:N0} MB on one stream, {Pinning.Describe()}",
                ["what", "MB/s", "CPU s/GB", "packets per send call", "packets per receive call", "epoll_wait per 1,000 packets", "rounds"]);
            if (GtlsBulk.IsInstalled)
            {
                transfers.Add(await GtlsBulk.StartAsync(certificates).ConfigureAwait(false));
            }
            else
            {
                figures.Notes.Add("gtlsserver and gtlsclient are not installed (packages ngtcp2-server and ngtcp2-client), so that row 6a was not measured.");
            }

            await MeasureAsync(report, figures, transfers, bytes, options).ConfigureAwait(false);
        }
        finally
        {
            foreach (IBulkTransfer transfer in transfers)
            {
                await transfer.DisposeAsync().ConfigureAwait(false);
            }
        }

        return report;
    }

    private static async Task MeasureAsync(Report report, FigureTable figures, List<IBulkTransfer> transfers, long bytes, RunOptions options)
    {
        // The warm-up: some hundred thousand packets.
        foreach (IBulkTransfer transfer in transfers)
        {
            await transfer.RunAsync(Math.Min(bytes, 200_000_000)).ConfigureAwait(false);
        }

        (TrafficCounters Sender, TrafficCounters Receiver)[] before = [.. transfers.Select(static t => (t.Sender, t.Receiver))];
        var rounds = transfers.ToDictionary(static t => t, static _ => new List<BulkRound>());
        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        for (int i = 0; i < options.Pairs && (i == 0 || System.Diagnostics.Stopwatch.GetElapsedTime(started) < options.Budget); i++)
        {
            foreach (IBulkTransfer transfer in transfers)
            {
                rounds[transfer].Add(await transfer.RunAsync(bytes).ConfigureAwait(false));
            }
        }

        for (int i = 0; i < transfers.Count; i++)
        {
            TrafficCounters sender = transfers[i].Sender - before[i].Sender;
            TrafficCounters receiver = transfers[i].Receiver - before[i].Receiver;
            List<BulkRound> own = rounds[transfers[i]];
            double perSend = (double)sender.Packets / sender.SendCalls;
            double perReceive = (double)receiver.ReceivedPackets / receiver.ReceiveCalls;
            figures.Add(
                transfers[i].Name, Format.Number(Median(own, static r => r.MegabytesPerSecond), 0), Format.Number(Median(own, static r => r.CpuPerGigabyte), 2),
                Format.Number(perSend), Format.Number(perReceive), Format.Number(1000.0 * (sender.Waits + receiver.Waits) / sender.Packets), Format.Number(own.Count, 0));
            if (transfers[i] is QuicBulk quic)
            {
                string note = quic.Name == QuicBulk.NameOf(false) ? "thread pool" : "inline continuations";
                report.Stand("8a", perSend, note);
                report.Stand("8b", perReceive, note);
                Compare(report, "7", rounds, quic, transfers.OfType<UdpBulk>().First(), static r => r.MegabytesPerSecond, note);
                Compare(report, "6b", rounds, quic, transfers.OfType<SslBulk>().First(), static r => r.CpuPerGigabyte, note);
                if (transfers.OfType<GtlsBulk>().FirstOrDefault() is { } gtls)
                {
                    Compare(report, "6a", rounds, quic, gtls, static r => r.CpuPerGigabyte, note);
                }
            }
        }

        figures.Notes.Add("Processor time is that of both ends. Packets per send call are the sending end's, per receive call the receiving end's.");
        report.Tables.Add(figures);
    }

    private static void Compare(
        Report report, string row, Dictionary<IBulkTransfer, List<BulkRound>> rounds, QuicBulk quic, IBulkTransfer other, Func<BulkRound, double> figure, string note)
    {
        double[] Ratios(IBulkTransfer measured, IBulkTransfer yardstick) => [.. rounds[measured].Zip(rounds[yardstick], (a, b) => figure(a) / figure(b))];
        UdpBulk[] same = [.. rounds.Keys.OfType<UdpBulk>()];
        report.Stand(row, Statistics.Median(Ratios(quic, other)), note, Statistics.Spread(Ratios(same[1], same[0])));
    }

    private static double Median(List<BulkRound> rounds, Func<BulkRound, double> figure) => Statistics.Median(rounds.Select(figure).ToArray());
}
