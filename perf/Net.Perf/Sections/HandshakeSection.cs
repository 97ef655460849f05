using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Subjects;

namespace Net.Perf.Sections;

/// <summary>Handshakes against those of SslStream: plain, with both certificates, resumed.</summary>
internal static class HandshakeSection
{
    internal static async Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        using var certificates = new Certificates();
        var figures = new FigureTable(
            $"Handshakes, both ends, {Pinning.Describe()}",
            ["what", "per second", "CPU us", "SslStream per second", "SslStream CPU us", "CPU ratio", "spread", "pairs", "packets", "system calls"]);
        report.Tables.Add(figures);
        WorkComparison? self = await CompareAsync(
            figures, new SslHandshakes("plain", certificates, mutual: false, resumes: false),
            new SslHandshakes("SslStream, plain, again (A/A)", certificates, mutual: false, resumes: false), options).ConfigureAwait(false);
        await CompareAsync(
            figures, new SslHandshakes("plain", certificates, mutual: false, resumes: false),
            await QuicHandshakes.StartAsync("plain", certificates, mutual: false, remembers: true, resumes: false).ConfigureAwait(false), options).ConfigureAwait(false);
        foreach (bool remembers in (bool[])[false, true])
        {
            string name = remembers ? "mTLS, verdicts remembered" : "mTLS, chain built each time";
            WorkComparison? mutual = await CompareAsync(
                figures, new SslHandshakes("mTLS", certificates, mutual: true, resumes: false),
                await QuicHandshakes.StartAsync(name, certificates, mutual: true, remembers, resumes: false).ConfigureAwait(false), options).ConfigureAwait(false);
            if (mutual is not null)
            {
                report.Stand("13", mutual.Ratio.Cpu, remembers ? "policy cache warm" : "policy cache off", self?.Spread);
            }
        }

        await CompareAsync(
            figures, new SslHandshakes("resumed", certificates, mutual: false, resumes: true),
            await QuicHandshakes.StartAsync("resumed", certificates, mutual: false, remembers: true, resumes: true).ConfigureAwait(false), options).ConfigureAwait(false);
        figures.Notes.Add($"{options.Handshakes:N0} handshakes in a round, one after the other; each is followed by one byte from the server, and both ends are closed. P-256 certificates, TLS 1.3.");
        return report;
    }

    private static async Task<WorkComparison?> CompareAsync(FigureTable figures, SslHandshakes yardstick, IHandshakes measured, RunOptions options)
    {
        await using (yardstick.ConfigureAwait(false))
        await using (measured.ConfigureAwait(false))
        {
            if (!options.Wants(measured.Name))
            {
                return null;
            }

            await RunOptions.WarmUpAsync(() => yardstick.RunAsync(options.Handshakes)).ConfigureAwait(false);
            await RunOptions.WarmUpAsync(() => measured.RunAsync(options.Handshakes)).ConfigureAwait(false);
            Task<WorkRound> RoundAsync(IHandshakes handshakes) => WorkRound.MeasureAsync(options.Handshakes, () => handshakes.RunAsync(options.Handshakes));
            TrafficCounters before = measured.Traffic;
            WorkComparison comparison = await WorkComparison.RunAsync(() => RoundAsync(yardstick), () => RoundAsync(measured), options.Pairs, options.Budget).ConfigureAwait(false);
            TrafficCounters traffic = measured.Traffic - before;
            string Each(long count) => count == 0 ? "-" : Format.Number((double)count / comparison.Pairs / options.Handshakes);
            figures.Add(
                measured.Name, Format.Number(1e6 / comparison.B.Time, 0), Format.Number(comparison.B.Cpu, 0), Format.Number(1e6 / comparison.A.Time, 0),
                Format.Number(comparison.A.Cpu, 0), Format.Number(comparison.Ratio.Cpu, 2), Format.Percent(comparison.Spread), Format.Number(comparison.Pairs, 0),
                Each(traffic.Packets), Each(traffic.SystemCalls));
            return comparison;
        }
    }
}
