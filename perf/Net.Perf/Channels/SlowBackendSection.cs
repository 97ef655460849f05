using System.Globalization;
using Net.Client;
using Net.Perf.Measuring;
using Net.Perf.Reporting;
using Net.Perf.Sections;

namespace Net.Perf.Channels;

/// <summary>Latency with each balancing policy when one of eight backends is five times slower, in simulated time: the policies and their figures are the real ones.</summary>
internal static class SlowBackendSection
{
    private const int Calls = 200_000;
    private const int Seeds = 5;

    internal static Task<Report> RunAsync(RunOptions options)
    {
        var report = new Report();
        var figures = new FigureTable(
            $"One of {PoolSection.EndPoints} backends five times slower, simulated", ["policy", "p50 ms", "p99 ms", "p99 / round robin's", "share of the slow one", "p99 / round robin's, equal backends"]);
        foreach (BalancingPolicy policy in PoolSection.Policies.Where(policy => policy == Balancing.RoundRobin || options.Wants(policy.Name)))
        {
            SlowBackendRun[] slow = Run(policy, slowdown: 5);
            double ratio = Ratio(slow, Run(Balancing.RoundRobin, slowdown: 5));
            figures.Add(
                policy.Name, Format.Number(Median(slow, static run => run.Percentile(0.5)), 2), Format.Number(Median(slow, static run => run.Percentile(0.99)), 2), Format.Number(ratio, 2),
                Format.Percent(Median(slow, static run => run.ShareOfSlow)), Format.Number(Ratio(Run(policy, slowdown: 1), Run(Balancing.RoundRobin, slowdown: 1)), 2));
            if (policy == Balancing.LeastConnections)
            {
                report.Stand("18a", ratio, policy.Name);
            }
            else if (policy == Balancing.PeakEwma)
            {
                report.Stand("18b", ratio, policy.Name);
            }
        }

        figures.Notes.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{Calls:N0} calls at random times (Poisson) from one client, with each of {Seeds} seeds; each backend serves {SlowBackendRun.Workers} at a time in 2 ms on average (exponential), and queues the others; the load is 60 % of what round robin can carry. Medians over the seeds, the ratio with the same seed."));
        report.Tables.Add(figures);
        return Task.FromResult(report);
    }

    private static SlowBackendRun[] Run(BalancingPolicy policy, double slowdown) => [.. Enumerable.Range(1, Seeds).Select(seed => SlowBackendRun.Make(policy, seed, slowdown, Calls))];

    private static double Median(SlowBackendRun[] runs, Func<SlowBackendRun, double> figure) => Statistics.Median([.. runs.Select(figure)]);

    private static double Ratio(SlowBackendRun[] runs, SlowBackendRun[] others) => Statistics.Median([.. runs.Zip(others, static (run, other) => run.Percentile(0.99) / other.Percentile(0.99))]);
}
