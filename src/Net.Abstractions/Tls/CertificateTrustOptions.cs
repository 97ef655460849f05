using System.Security.Cryptography.X509Certificates;

namespace Net;

/// <summary>What a <see cref="CertificateTrust"/> needs beside its roots.</summary>
public sealed record CertificateTrustOptions
{
    /// <summary>Intermediate authorities that peers may leave out of their chains. They give no trust by themselves: a chain still has to end at a root. Default none. Copied; the caller keeps its own.</summary>
    /// <remarks>Give them where peers are known to send a leaf alone; others need none.</remarks>
    public IReadOnlyList<X509Certificate2> Intermediates { get; init; } = [];

    /// <summary>Number of the snapshot this trust belongs to (<see cref="PeerCertificatePolicy.Generation"/>); grows with each change. Default 0; range: any.</summary>
    /// <remarks>Leave it to whoever swaps snapshots, such as a rotating certificate source; with a trust that never changes 0 is right.</remarks>
    public long Generation { get; init; }

    /// <summary>Accepted chains that are remembered; the least recently used is forgotten first. Default 1,024; 0 remembers none; range 0 to 10^6.</summary>
    /// <remarks>About as many as peers that connect again and again; an entry costs some hundred bytes, a missing one a chain to build.</remarks>
    public int CacheSize { get; init; } = 1024;

    /// <summary>How long an accepted chain is remembered before it is built again. Default 5 min; range 0 to 1 day. A chain is never remembered beyond the end of validity of any of its certificates.</summary>
    /// <remarks>Shorter sees a revocation list or the end of an intermediate sooner; longer saves processor time where thousands of peers connect often. Not a grace for expired certificates.</remarks>
    public TimeSpan RecheckInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a refusal is remembered, so that a peer that tries again and again costs little. Default 5 s; 0 remembers none; range 0 to 1 h. Refusals have room of their own, <see cref="CacheSize"/>
    /// entries too, so that they never push out accepted chains. A certificate that is not valid yet is not remembered, as it becomes valid by itself.
    /// </summary>
    /// <remarks>Keep it short: so long does a peer stay refused after its fault was mended on this side.</remarks>
    public TimeSpan RefusalRecheckInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Certificates a peer may present, leaf included; a longer chain is refused unread. Default 10; range 1 to 100.</summary>
    /// <remarks>Real chains have two to four. Lower it to spend less on hostile peers; raise it for deep hierarchies.</remarks>
    public int MaxPresentedCertificates { get; init; } = 10;

    /// <summary>Further conditions on a chain that is good otherwise, such as revocation lists; the first that refuses decides. Default none.</summary>
    /// <remarks>For what a chain alone does not say, such as revocation. Rules run within the handshake: keep them quick, and do not ask the network.</remarks>
    public IReadOnlyList<ChainRule> Rules { get; init; } = [];

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(CertificateTrustOptions));
        if (Intermediates is null || Intermediates.Any(static certificate => certificate is null))
        {
            faults.Add(nameof(Intermediates), "is null or holds null; leave it empty for none.");
        }

        if (Rules is null || Rules.Any(static rule => rule is null))
        {
            faults.Add(nameof(Rules), "is null or holds null; leave it empty for none.");
        }

        faults.Range(nameof(CacheSize), CacheSize, 0, 1_000_000);
        faults.Range(nameof(RecheckInterval), RecheckInterval, TimeSpan.Zero, TimeSpan.FromDays(1));
        faults.Range(nameof(RefusalRecheckInterval), RefusalRecheckInterval, TimeSpan.Zero, TimeSpan.FromHours(1));
        faults.Range(nameof(MaxPresentedCertificates), MaxPresentedCertificates, 1, 100);
        faults.ThrowIfAny();
    }
}
