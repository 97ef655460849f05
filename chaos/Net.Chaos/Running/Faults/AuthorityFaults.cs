using Net.Chaos.Running.Hosts;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Faults;

/// <summary>Changes which authorities everybody trusts.</summary>
internal static class AuthorityFaults
{
    private static readonly TimeSpan StreamEnd = TimeSpan.FromSeconds(2);

    internal static async Task<FaultProof> RunAsync(FaultStage stage, CertificateChange change)
    {
        bool adds = change == CertificateChange.AddAuthority;
        if (adds)
        {
            stage.Cast.Certificates.AddAuthority();
        }
        else
        {
            await OutliveStreamsAsync(stage).ConfigureAwait(false);
            stage.Cast.Certificates.RemoveAuthority();
        }

        int asked = 0;
        int right = 0;
        bool isTaken = await CertificateFaults.UntilAsync(stage, async () =>
        {
            (asked, right) = await AskAllAsync(stage.Cast, isOfRemoved: !adds, adds ? ProbeAnswer.Taken : ProbeAnswer.Refused, stage.Stop).ConfigureAwait(false);
            return right == asked;
        }).ConfigureAwait(false);
        return new FaultProof([.. stage.Cast.Hosts.Select(static h => h.Name)], isTaken ? right : 0, adds ? "peers that take certificates of the new authority, all" : "peers that refuse certificates of the old authority, all");
    }

    // A stream rests on the certificates that its connection began with: on a slow machine the renewal may be over only shortly before, whatever the file says.
    private static async Task OutliveStreamsAsync(FaultStage stage)
    {
        if (stage.Cast.Certificates.RenewedAt is { } renewed && stage.LongestAge > TimeSpan.Zero)
        {
            TimeSpan left = stage.LongestAge + StreamEnd - stage.TimeProvider.GetElapsedTime(renewed);
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left, stage.TimeProvider, stage.Stop).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Shows every host over each transport, and every client, a certificate of an authority.</summary>
    /// <returns>How many were asked, and how many answered as they must.</returns>
    internal static async Task<(int Asked, int Right)> AskAllAsync(RunCast cast, bool isOfRemoved, ProbeAnswer must, CancellationToken cancellationToken)
    {
        TlsIdentity client = cast.Certificates.MakeStranger(isServer: false, isOfRemoved);
        TlsIdentity server = cast.Certificates.MakeStranger(isServer: true, isOfRemoved);
        var answers = new List<ProbeAnswer>();
        foreach (IRunHost host in cast.Hosts)
        {
            ClientTlsOptions known = cast.Clients[0].Identity.Current;
            IReadOnlyList<ProbeAnswer> stranger = await cast.Probe.ShowAsync(host, known with { Identity = client }, cancellationToken).ConfigureAwait(false);

            // A host that serves nobody refuses nobody.
            IReadOnlyList<ProbeAnswer> control = await cast.Probe.ShowAsync(host, known, cancellationToken).ConfigureAwait(false);
            answers.AddRange(stranger.Zip(control, static (answer, served) => served == ProbeAnswer.Taken ? answer : ProbeAnswer.Unreached));
        }

        foreach (RunClient asked in cast.Clients)
        {
            answers.Add(await cast.Probe.OfferAsync(asked.Identity.Current, server, cancellationToken).ConfigureAwait(false));
        }

        client.Certificate.Dispose();
        server.Certificate.Dispose();
        return (answers.Count, answers.Count(a => a == must));
    }
}
