using System.Security.Cryptography;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Faults;

/// <summary>Changes certificates while calls run.</summary>
internal static class CertificateFaults
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ProofLimit = TimeSpan.FromSeconds(5);

    internal static async Task<FaultProof> RunAsync(FaultStage stage, FaultPlan plan, CertificateFault fault)
    {
        bool isBreak = fault.Change == CertificateChange.Break;
        var hosts = new List<string>();
        var serials = new List<string>();
        long refused = 0;
        long openedBefore = stage.Cast.Clients.Sum(static c => c.Opened);
        foreach (string name in fault.Names)
        {
            bool isServer = stage.Cast.Hosts.Any(h => h.Name == name);
            string serial = isBreak ? stage.Cast.Certificates.IssueBroken(name, isServer) : stage.Cast.Certificates.Issue(name, isServer);
            if (isServer)
            {
                hosts.Add(name);
                serials.Add(serial);
            }
            else
            {
                refused += Reload(stage, name) ? 0 : 1;
            }
        }

        await stage.LastAsync(plan with { For = plan.For > TimeSpan.Zero ? plan.For : TimeSpan.FromMilliseconds(1) }).ConfigureAwait(false);
        if (isBreak)
        {
            // A pair that does not fit must be seen by nobody, and put right in the end.
            long seen = Seen(stage, serials);
            foreach (string name in fault.Names)
            {
                stage.Cast.Certificates.Issue(name, hosts.Contains(name));
            }

            return new FaultProof(hosts, seen > 0 ? 0 : hosts.Count + refused, "broken pairs that nobody took");
        }

        long started = stage.TimeProvider.GetTimestamp();
        long count;
        do
        {
            await Task.Delay(Poll, stage.TimeProvider, stage.Stop).ConfigureAwait(false);
            count = serials.Count > 0 ? Seen(stage, serials) : stage.Cast.Clients.Sum(static c => c.Opened) - openedBefore;
        }
        while (count == 0 && stage.TimeProvider.GetElapsedTime(started) < ProofLimit);
        return new FaultProof(hosts, count, serials.Count > 0 ? "handshakes that showed the new certificate" : "connections opened with the new certificate");
    }

    private static long Seen(FaultStage stage, List<string> serials) => serials.Sum(serial => stage.Cast.Clients.Sum(c => (long)c.Identity.CountSeen(serial)));

    private static bool Reload(FaultStage stage, string client)
    {
        try
        {
            stage.Cast.Client(client).Identity.Reload(stage.Cast.Certificates.ClientCertificate(client), stage.Cast.Certificates.ClientKey(client));
            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or IOException)
        {
            // The files do not fit together: the old certificate stays.
            return false;
        }
    }
}
