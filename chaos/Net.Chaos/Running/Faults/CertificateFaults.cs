using Net.Chaos.Running.Hosts;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Faults;

/// <summary>Changes certificates and keys while calls run.</summary>
internal static class CertificateFaults
{
    // What `net serve` logs when it refuses new certificates; ids are never used for something else.
    private const string RefusalMark = "Net.Security[4001]";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ProofLimit = TimeSpan.FromSeconds(10);

    internal static async Task<FaultProof> RunAsync(FaultStage stage, FaultPlan plan, CertificateFault fault)
    {
        await stage.Cast.Certificates.Turn.WaitAsync(stage.Stop).ConfigureAwait(false);
        try
        {
            return fault.Change switch
            {
                CertificateChange.Rotate => await RotateAsync(stage, plan, fault).ConfigureAwait(false),
                CertificateChange.Revoke => await RevokeAsync(stage, plan, fault).ConfigureAwait(false),
                CertificateChange.Break => await BreakAsync(stage, plan, fault).ConfigureAwait(false),
                _ => await AuthorityFaults.RunAsync(stage, fault.Change).ConfigureAwait(false),
            };
        }
        finally
        {
            stage.Cast.Certificates.Turn.Release();
        }
    }

    /// <summary>How often a host said that it refuses what lies in its files.</summary>
    internal static int CountRefusals(IRunHost host)
    {
        string log = Path.Combine(host.Directory, "log");
        if (host.Directory.Length == 0 || !File.Exists(log))
        {
            return 0;
        }

        // The host is writing it.
        using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        int count = 0;
        while (reader.ReadLine() is { } line)
        {
            count += line.Contains(RefusalMark, StringComparison.Ordinal) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Asks again and again until something holds.</summary>
    /// <returns>Whether it held in time.</returns>
    internal static async Task<bool> UntilAsync(FaultStage stage, Func<Task<bool>> holds)
    {
        long started = stage.TimeProvider.GetTimestamp();
        while (!await holds().ConfigureAwait(false))
        {
            if (stage.TimeProvider.GetElapsedTime(started) > ProofLimit)
            {
                return false;
            }

            await Task.Delay(Poll, stage.TimeProvider, stage.Stop).ConfigureAwait(false);
        }

        return true;
    }

    private static async Task<FaultProof> RotateAsync(FaultStage stage, FaultPlan plan, CertificateFault fault)
    {
        Dictionary<string, long> opened = stage.Cast.Clients.ToDictionary(static c => c.Name, static c => c.Opened);
        long started = stage.TimeProvider.GetTimestamp();
        Dictionary<string, string> serials = Issue(stage, fault.Names);
        await stage.LastAsync(Briefly(plan)).ConfigureAwait(false);
        RunClient[] clients = [.. stage.Cast.Clients.Where(c => serials.ContainsKey(c.Name))];
        bool isTaken = await UntilAsync(stage, async () =>
            await CountFreshAsync(stage, serials).ConfigureAwait(false) == Expected(stage, serials) && clients.All(c => c.Opened > opened[c.Name])).ConfigureAwait(false);

        // The promise is about each handshake that begins later than this.
        TimeSpan left = HandshakeLog.SwapTime - stage.TimeProvider.GetElapsedTime(started);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, stage.TimeProvider, stage.Stop).ConfigureAwait(false);
        }

        int fresh = await CountFreshAsync(stage, serials).ConfigureAwait(false);
        stage.Cast.Certificates.RenewedAt = stage.TimeProvider.GetTimestamp();
        return new FaultProof(HostsOf(stage, serials), isTaken && fresh == Expected(stage, serials) ? fresh : 0, "fresh handshakes, all with the new certificate");
    }

    private static async Task<FaultProof> BreakAsync(FaultStage stage, FaultPlan plan, CertificateFault fault)
    {
        Dictionary<string, long> before = fault.Names.ToDictionary(static n => n, n => CountRefusals(stage, n));
        Dictionary<string, string> old = await ReadAsync(stage, fault.Names).ConfigureAwait(false);
        string[] bad = [.. fault.Names.Select(name => stage.Cast.Certificates.IssueBad(name, IsHost(stage, name), fault.Pair))];
        await stage.LastAsync(Briefly(plan)).ConfigureAwait(false);
        int said = 0;
        if (stage.Cast.HasOwnHosts)
        {
            await UntilAsync(stage, () =>
            {
                said = fault.Names.Count(n => CountRefusals(stage, n) > before[n]);
                return Task.FromResult(said == fault.Names.Count);
            }).ConfigureAwait(false);
        }

        // Nobody may have seen the bad one, and the old one must still be good; in the end it is put right.
        int kept = await CountFreshAsync(stage, old).ConfigureAwait(false);
        bool isHeld = kept == Expected(stage, old) && bad.Sum(stage.Cast.Certificates.Handshakes.CountShown) == 0 && (said == fault.Names.Count || !stage.Cast.HasOwnHosts);
        Dictionary<string, string> mended = Issue(stage, fault.Names);
        bool isMended = await UntilAsync(stage, async () => await CountFreshAsync(stage, mended).ConfigureAwait(false) == Expected(stage, mended)).ConfigureAwait(false);
        return new FaultProof(HostsOf(stage, old), isHeld && isMended ? kept : 0, "fresh handshakes with the old certificate, while all said that they refuse the new");
    }

    private static async Task<FaultProof> RevokeAsync(FaultStage stage, FaultPlan plan, CertificateFault fault)
    {
        RunClient[] clients = [.. fault.Names.Select(stage.Cast.Client)];
        TimeSpan began = stage.Ledger.Now;
        foreach (RunClient client in clients)
        {
            stage.Cast.Certificates.Revoke(client.Name);
        }

        int asked = 0;
        int refused = 0;
        bool isTaken = await UntilAsync(stage, async () =>
        {
            var answers = new List<ProbeAnswer>();
            foreach ((RunClient client, IRunHost host) in clients.SelectMany(_ => stage.Cast.Hosts, static (client, host) => (client, host)))
            {
                answers.AddRange(await stage.Cast.Probe.ShowAsync(host, client.Identity.Current, stage.Stop).ConfigureAwait(false));
            }

            (asked, refused) = (answers.Count, answers.Count(static a => a == ProbeAnswer.Refused));
            return refused == asked;
        }).ConfigureAwait(false);
        await stage.LastAsync(Briefly(plan)).ConfigureAwait(false);
        TimeSpan last = stage.Ledger.Records.Where(c => fault.Names.Contains(c.Client) && c.Result == Ledgers.CallResult.Ok && c.Ended >= began).Select(static c => c.Ended).DefaultIfEmpty(began).Max();
        stage.Measures.NoteLargest(Judging.Figures.RevokedCut, (last - began).TotalSeconds);
        Dictionary<string, string> fresh = Issue(stage, fault.Names);
        await UntilAsync(stage, async () => await CountFreshAsync(stage, fresh).ConfigureAwait(false) == Expected(stage, fresh)).ConfigureAwait(false);
        return new FaultProof([], isTaken ? refused : 0, "handshakes that were refused, all") { Clients = fault.Names };
    }

    private static Dictionary<string, string> Issue(FaultStage stage, IReadOnlyList<string> names) =>
        names.ToDictionary(static n => n, name => stage.Cast.Certificates.Issue(name, IsHost(stage, name)));

    private static async Task<Dictionary<string, string>> ReadAsync(FaultStage stage, IReadOnlyList<string> names)
    {
        var serials = new Dictionary<string, string>();
        foreach (string name in names)
        {
            serials[name] = (IsHost(stage, name)
                ? (await stage.Cast.Probe.AskAsync(stage.Cast.Host(name), stage.Cast.Clients[0].Identity, stage.Stop).ConfigureAwait(false))[0]
                : stage.Cast.Client(name).Identity.Serial) ?? "";
        }

        return serials;
    }

    /// <summary>Handshakes that show the certificates which they must: each host's over each transport, and each client's with every host.</summary>
    private static async Task<int> CountFreshAsync(FaultStage stage, Dictionary<string, string> serials)
    {
        int count = 0;
        foreach (IRunHost host in stage.Cast.Hosts)
        {
            if (serials.TryGetValue(host.Name, out string? serial))
            {
                count += (await stage.Cast.Probe.AskAsync(host, stage.Cast.Clients[0].Identity, stage.Stop).ConfigureAwait(false)).Count(s => s == serial);
            }
        }

        foreach (RunClient client in stage.Cast.Clients)
        {
            if (serials.TryGetValue(client.Name, out string? serial) && client.Identity.Serial == serial)
            {
                foreach (IRunHost host in stage.Cast.Hosts)
                {
                    count += (await stage.Cast.Probe.ShowAsync(host, client.Identity.Current, stage.Stop).ConfigureAwait(false)).Count(static a => a == ProbeAnswer.Taken);
                }
            }
        }

        return count;
    }

    private static int Expected(FaultStage stage, Dictionary<string, string> serials)
    {
        int hosts = serials.Keys.Count(n => IsHost(stage, n));
        return ((serials.Count - hosts) * stage.Cast.Hosts.Count * stage.Cast.Probe.Transports) + (hosts * stage.Cast.Probe.Transports);
    }

    private static long CountRefusals(FaultStage stage, string name) => IsHost(stage, name) ? CountRefusals(stage.Cast.Host(name)) : stage.Cast.Client(name).Identity.Refusals;

    private static bool IsHost(FaultStage stage, string name) => stage.Cast.Hosts.Any(h => h.Name == name);

    private static string[] HostsOf(FaultStage stage, Dictionary<string, string> serials) => [.. serials.Keys.Where(n => IsHost(stage, n))];

    private static FaultPlan Briefly(FaultPlan plan) => plan with { For = plan.For > TimeSpan.Zero ? plan.For : TimeSpan.FromMilliseconds(1) };
}
