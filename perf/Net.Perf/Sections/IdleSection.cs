using System.Globalization;
using Net.Perf.Reporting;
using Net.Perf.Subjects;

namespace Net.Perf.Sections;

/// <summary>Memory of idle connections, client and server in processes of their own.</summary>
internal static class IdleSection
{
    // The first connections pay for code, pools and thread stacks that all share.
    private const int First = 50;
    private const int Many = 10_000;
    private const long BytesNeededForMany = 4L << 30;

    internal static async Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        var figures = new FigureTable("Idle connections, each end in a process of its own", ["connections", "server RSS MiB", "client RSS MiB", "server KiB each", "client KiB each", "pair KiB"]);
        report.Tables.Add(figures);
        PeerProcess server = PeerProcess.Start("idle-server");
        await using (server.ConfigureAwait(false))
        {
            PeerProcess client = PeerProcess.Start("idle-client");
            await using (client.ConfigureAwait(false))
            {
                string address = await server.ReadLineAsync().ConfigureAwait(false);
                await client.AskAsync(address).ConfigureAwait(false);
                Sample zero = await GrowAsync(figures, server, client, First, null).ConfigureAwait(false);
                Sample some = await GrowAsync(figures, server, client, options.Count, zero).ConfigureAwait(false);
                double each = (some - zero).PairKibibytes;
                report.Stand("14", each, string.Create(CultureInfo.InvariantCulture, $"{First} to {options.Count:N0} connections"));
                if (!options.IsLong || options.Count >= Many)
                {
                    figures.Notes.Add($"The step to {Many:N0} connections (row 17) was left out; --long takes it.");
                }
                else if (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes < BytesNeededForMany)
                {
                    figures.Notes.Add($"The step to {Many:N0} connections (row 17) was left out: it needs {BytesNeededForMany >> 30} GiB of memory.");
                }
                else
                {
                    Sample many = await GrowAsync(figures, server, client, Many, some).ConfigureAwait(false);
                    report.Stand("17", (many - some).PairKibibytes / each, "");
                }
            }
        }

        figures.Notes.Add("Resident memory after a garbage collection. What each connection costs is the growth since the line above, divided by the connections that came. TLS without a client certificate.");
        return report;
    }

    private static async Task<Sample> GrowAsync(FigureTable figures, PeerProcess server, PeerProcess client, int count, Sample? before)
    {
        await client.AskAsync(count.ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
        var now = new Sample(count, await server.MeasureAsync().ConfigureAwait(false), await client.MeasureAsync().ConfigureAwait(false));
        Sample? growth = before is { } earlier ? now - earlier : null;
        string Each(Func<Sample, double> figure) => growth is { } g ? Format.Number(figure(g)) : "-";
        figures.Add(
            count.ToString("N0", CultureInfo.InvariantCulture), Format.Number(now.ServerBytes / 1048576.0), Format.Number(now.ClientBytes / 1048576.0),
            Each(static g => g.ServerBytes / 1024.0 / g.Count), Each(static g => g.ClientBytes / 1024.0 / g.Count), Each(static g => g.PairKibibytes));
        return now;
    }

    private readonly record struct Sample(int Count, long ServerBytes, long ClientBytes)
    {
        internal double PairKibibytes => (ServerBytes + ClientBytes) / 1024.0 / Count;

        public static Sample operator -(Sample a, Sample b) => new(a.Count - b.Count, a.ServerBytes - b.ServerBytes, a.ClientBytes - b.ClientBytes);
    }
}
