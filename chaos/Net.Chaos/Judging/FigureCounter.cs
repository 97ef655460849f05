using Net.Chaos.Ledgers;

namespace Net.Chaos.Judging;

/// <summary>Counts the figures of a run.</summary>
internal static class FigureCounter
{
    /// <summary>Counts all figures that the evidence allows.</summary>
    /// <returns>By name; times in seconds.</returns>
    internal static IReadOnlyDictionary<string, double> Count(RunEvidence evidence)
    {
        IReadOnlyCollection<CallRecord> calls = evidence.Calls;
        int ok = calls.Count(static c => c.Result == CallResult.Ok);
        var figures = new Dictionary<string, double>(evidence.Measured)
        {
            [Figures.Failed] = calls.Count(static c => c.Result == CallResult.Failed),
            [Figures.Refused] = calls.Count(static c => c.Result == CallResult.Refused),
            [Figures.Unknown] = calls.Count(static c => c.Result is CallResult.Unknown or CallResult.None),
            [Figures.Lost] = calls.Count(static c => c.IsIdempotent && c.Result != CallResult.Ok),
            [Figures.BrokenStreams] = evidence.Streams.Count(static s => s.BrokenAt is not null),
        };
        if (calls.Count > 0)
        {
            figures[Figures.Success] = (double)ok / calls.Count;
            figures[Figures.AttemptsPerCall] = calls.Average(static c => (double)c.Attempts);
        }

        if (ok > 0)
        {
            double[] latencies = [.. calls.Where(static c => c.Result == CallResult.Ok).Select(static c => (c.Ended - c.Began).TotalSeconds).Order()];
            figures[Figures.Median] = Quantile(latencies, 0.5);
            figures[Figures.Slowest] = Quantile(latencies, 0.99);
        }

        double[] refusals = [.. calls.Where(static c => c.Result == CallResult.Refused).Select(static c => (c.Ended - c.Began).TotalSeconds).Order()];
        figures[Figures.SlowestRefusal] = refusals.Length == 0 ? 0 : Quantile(refusals, 0.99);
        if (evidence.Server is { } server)
        {
            figures[Figures.Replayed] = calls.Sum(c => Math.Max(0, (server.Find(c.Id)?.Executions ?? 0) - c.Attempts));
        }

        string[] meant = [.. evidence.Faults.SelectMany(static f => f.Clients).Distinct()];
        if (meant.Length > 0)
        {
            figures[Figures.LostElsewhere] = calls.Count(c => c.Result != CallResult.Ok && !meant.Contains(c.Client));
        }

        if (evidence.Certificates is { } certificates)
        {
            figures[Figures.OldCertificate] = certificates.LongestOld.TotalSeconds;
            figures[Figures.FreshHandshakes] = certificates.FreshHandshakes;
            figures[Figures.BadCertificates] = certificates.BadShown;
            figures[Figures.RefusedPairs] = certificates.Refusals;
            if (certificates.OldAuthorityOffered > 0)
            {
                figures[Figures.OldAuthority] = certificates.OldAuthorityOffered - certificates.OldAuthorityRefused;
            }
        }

        FaultRecord[] ends = [.. evidence.Faults.Where(static f => f.Word == "terminate")];
        if (ends.Length > 0)
        {
            figures[Figures.InFlightAtEnd] = ends.Min(end => calls.Count(c => c.WasInFlight(end.Began) && c.Hosts.Any(end.Hosts.Contains)));
        }

        AddComparison(figures, calls);
        AddRecovery(figures, evidence);
        AddEjection(figures, evidence);
        return figures;
    }

    /// <summary>The smallest of the sorted values that so large a part does not exceed.</summary>
    internal static double Quantile(IReadOnlyList<double> sorted, double part) => sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Count) - 1, 0, sorted.Count - 1)];

    private static void AddComparison(Dictionary<string, double> figures, IReadOnlyCollection<CallRecord> calls)
    {
        IGrouping<string, CallRecord>[] clients = [.. calls.Where(static c => c.Result == CallResult.Ok).GroupBy(static c => c.Client).OrderBy(static g => g.Key.Length).ThenBy(static g => g.Key, StringComparer.Ordinal)];
        if (clients.Length > 1)
        {
            double first = ClientFigures.MeanOf(clients[0]);
            figures[Figures.MeanAgainstFirst] = clients.Skip(1).Max(ClientFigures.MeanOf) / first;
        }
    }

    // The first success after the last fault, for each client and load, and of these the latest: a client that never recovers makes the figure as long as the load.
    private static void AddRecovery(Dictionary<string, double> figures, RunEvidence evidence)
    {
        if (evidence.Faults.Count == 0)
        {
            return;
        }

        TimeSpan healed = evidence.Faults.Max(static f => f.Ended);
        TimeSpan longest = TimeSpan.Zero;
        foreach (IGrouping<(string Client, string Load), CallRecord> group in evidence.Calls.Where(c => c.Ended >= healed).GroupBy(static c => (c.Client, c.Load)))
        {
            TimeSpan first = group.Where(static c => c.Result == CallResult.Ok).Select(static c => c.Ended).DefaultIfEmpty(evidence.LoadEnded).Min();
            longest = first - healed > longest ? first - healed : longest;
        }

        figures[Figures.Recovery] = longest.TotalSeconds;
    }

    // A call that was begun on a dead host shows as an attempt there before another one, or as no success. One that does not tell where it went counts against each.
    // Whoever answered in the end was alive: one that has come back answers what was sent to the next that dies.
    private static void AddEjection(Dictionary<string, double> figures, RunEvidence evidence)
    {
        FaultRecord[] deaths = [.. evidence.Faults.Where(static f => f.Word is "kill" or "freeze")];
        if (deaths.Length == 0)
        {
            return;
        }

        TimeSpan longest = TimeSpan.Zero;
        foreach (FaultRecord death in deaths)
        {
            TimeSpan last = evidence.Calls
                .Where(c => c.Began >= death.Began && c.Began <= death.Ended && (c.Attempts > 1 || c.Result != CallResult.Ok) && (c.Hosts.Count == 0 || c.FailedHosts.Any(death.Hosts.Contains)))
                .Select(static c => c.Began).DefaultIfEmpty(death.Began).Max();
            longest = last - death.Began > longest ? last - death.Began : longest;
        }

        figures[Figures.Ejection] = longest.TotalSeconds;
    }
}
