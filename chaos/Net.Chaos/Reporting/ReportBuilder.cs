using System.Globalization;
using System.Runtime.InteropServices;
using Net.Chaos.Judging;
using Net.Chaos.Ledgers;
using Net.Chaos.Running;

namespace Net.Chaos.Reporting;

/// <summary>Makes a report of a run.</summary>
internal static class ReportBuilder
{
    private const int MaxBadCalls = 200;

    internal static ReportModel Build(RunResult result, string command) => new()
    {
        Scenario = result.Scenario.Name,
        About = result.Scenario.About,
        Rows = result.Scenario.Rows,
        Seed = result.Seed.ToString(CultureInfo.InvariantCulture),
        StartedAt = result.StartedAt,
        Passed = result.Passed,
        Failure = result.Failure,
        Command = command,
        Machine = new MachineModel(RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription, Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes),
        Findings = [.. result.Findings.Select(static f => new FindingModel(f.Rule, f.Text, f.Measured, f.Holds))],
        Figures = result.Figures,
        Clients = result.Scenario.Client.Balancing.Count == 1
            ? []
            : [.. ClientFigures.Of(result.Scenario, result.Evidence.Calls).Select(static c => new ClientModel(
                c.Client, c.Balancing, c.Ok, c.Mean, c.Median, c.Ninth, c.Slowest, c.Hosts.ToDictionary(static h => h.Host, static h => h.Ok)))],
        Faults = [.. result.Evidence.Faults.Select(static f => new FaultModel(f.Word, f.Target, f.Began.TotalSeconds, f.Ended.TotalSeconds, f.Proof, f.ProofOf))],
        Seconds = CountSeconds(result.Evidence.Calls),
        BadCalls =
        [
            .. result.Evidence.Calls.Where(static c => c.Result != CallResult.Ok).OrderBy(static c => c.Began).Take(MaxBadCalls).Select(static c => new BadCallModel(
                c.Id.ToString("x32", CultureInfo.InvariantCulture), c.Client, c.Load, c.Result.ToString(), c.Host, c.Began.TotalSeconds, c.Ended.TotalSeconds, c.Attempts, c.Detail)),
        ],
    };

    // Calls that no host is known to have answered are counted under a name of their own.
    private static List<SecondModel> CountSeconds(IReadOnlyCollection<CallRecord> calls) =>
    [
        .. calls.Where(static c => c.Result != CallResult.None).GroupBy(static c => (Second: (int)c.Ended.TotalSeconds, Host: c.Host ?? "none")).OrderBy(static g => g.Key.Second).ThenBy(static g => g.Key.Host, StringComparer.Ordinal).Select(static group =>
        {
            double[] latencies = [.. group.Where(static c => c.Result == CallResult.Ok).Select(static c => (c.Ended - c.Began).TotalSeconds).Order()];
            int Count(CallResult result) => group.Count(c => c.Result == result);
            return new SecondModel(
                group.Key.Second, group.Key.Host, latencies.Length, Count(CallResult.Refused), Count(CallResult.Failed), Count(CallResult.Unknown),
                latencies.Length == 0 ? null : FigureCounter.Quantile(latencies, 0.5), latencies.Length == 0 ? null : FigureCounter.Quantile(latencies, 0.99));
        }),
    ];
}
