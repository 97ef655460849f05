using Net.Chaos.Ledgers;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Judging;

/// <summary>What one client saw of its successful calls, to be compared with the others; times in seconds.</summary>
/// <param name="Client">Its name.</param>
/// <param name="Balancing">How it balances.</param>
/// <param name="Ok">How many succeeded.</param>
/// <param name="Mean">Their latency on average.</param>
/// <param name="Median">What half of them kept below.</param>
/// <param name="Ninth">What nine of ten kept below.</param>
/// <param name="Slowest">What 99 of 100 kept below.</param>
/// <param name="Hosts">How many each host answered, in the order of the names.</param>
internal sealed record ClientFigures(string Client, string Balancing, int Ok, double Mean, double Median, double Ninth, double Slowest, IReadOnlyList<(string Host, int Ok)> Hosts)
{
    /// <summary>Counts each client that had a success, in the order of the topology.</summary>
    internal static IReadOnlyList<ClientFigures> Of(Scenario scenario, IReadOnlyCollection<CallRecord> calls)
    {
        ILookup<string, CallRecord> byClient = calls.Where(static c => c.Result == CallResult.Ok).ToLookup(static c => c.Client);
        return [.. scenario.Topology.ClientNames.Select((name, index) => (name, scenario.Client.BalancingOf(index), byClient[name].ToArray())).Where(static c => c.Item3.Length > 0).Select(Count)];
    }

    /// <summary>How long calls took on average.</summary>
    internal static double MeanOf(IEnumerable<CallRecord> successes) => successes.Average(static c => (c.Ended - c.Began).TotalSeconds);

    private static ClientFigures Count((string Name, string Balancing, CallRecord[] Calls) client)
    {
        double[] latencies = [.. client.Calls.Select(static c => (c.Ended - c.Began).TotalSeconds).Order()];
        return new ClientFigures(
            client.Name, client.Balancing, latencies.Length, MeanOf(client.Calls), FigureCounter.Quantile(latencies, 0.5), FigureCounter.Quantile(latencies, 0.9), FigureCounter.Quantile(latencies, 0.99),
            [.. client.Calls.GroupBy(static c => c.Host ?? "none").OrderBy(static g => g.Key, StringComparer.Ordinal).Select(static g => (g.Key, g.Count()))]);
    }
}
