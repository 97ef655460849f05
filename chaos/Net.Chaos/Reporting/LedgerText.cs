using System.Globalization;
using Net.Chaos.Judging;
using Net.Chaos.Ledgers;
using Net.Chaos.Running;

namespace Net.Chaos.Reporting;

/// <summary>Sums up a run as an account that has to balance.</summary>
internal static class LedgerText
{
    /// <summary>The lines of the account, without those for which there is nothing to say.</summary>
    internal static IEnumerable<string> Of(RunResult result)
    {
        RunEvidence evidence = result.Evidence;
        int Count(CallResult kind) => evidence.Calls.Count(c => c.Result == kind);
        string executed = evidence.Server is { } server ? string.Create(CultureInfo.InvariantCulture, $"; the hosts executed {server.Count}") : "";
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"calls         {evidence.Calls.Count} issued = {Count(CallResult.Ok)} OK + {Count(CallResult.Refused)} refused + {Count(CallResult.Failed)} failed + {Count(CallResult.Unknown) + Count(CallResult.None)} unknown{executed}");
        if (evidence.Streams.Count > 0)
        {
            IEnumerable<string> kinds = evidence.Streams.GroupBy(static s => s.Load).Select(static g => string.Create(CultureInfo.InvariantCulture, $"{g.Count()} of {g.Key}"));
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"long streams  {evidence.Streams.Count} opened ({string.Join(", ", kinds)}), {evidence.Streams.Count(static s => s.BrokenAt is not null)} broken; {evidence.Streams.Sum(static s => s.Sent)} messages sent = {evidence.Streams.Sum(static s => s.Received)} back in their place + {evidence.Streams.Sum(static s => s.Wrong)} missing, doubled or changed");
        }

        if (result.Scenario.Client.Balancing.Count > 1)
        {
            foreach (ClientFigures client in ClientFigures.Of(result.Scenario, evidence.Calls))
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{client.Client,-13} {client.Balancing,-17} {client.Ok} OK ({string.Join(", ", client.Hosts.Select(static h => string.Create(CultureInfo.InvariantCulture, $"{h.Host} {h.Ok}")))}); ms: mean {client.Mean * 1000:0.0}, p50 {client.Median * 1000:0.0}, p90 {client.Ninth * 1000:0.0}, p99 {client.Slowest * 1000:0.0}");
            }
        }

        if (evidence.Certificates is { } certificates)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"certificates  {certificates.Changes} changed; the one before was last shown {certificates.LongestOld.TotalSeconds:0.000} s after; {certificates.FreshHandshakes} handshakes later than 1 s after showed the new one");
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"bad pairs     {certificates.Refusals} refusals said by hosts and clients; {certificates.BadShown} handshakes showed one");
            if (certificates.OldAuthorityOffered > 0)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"old authority {certificates.OldAuthorityRefused} of {certificates.OldAuthorityOffered} refuse its certificates in the end: hosts over each transport, and clients");
            }
        }
    }
}
