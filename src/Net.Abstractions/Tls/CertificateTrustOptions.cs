using System.Security.Cryptography.X509Certificates;

namespace Net;

/// <summary>What a <see cref="CertificateTrust"/> needs beside its roots.</summary>
public sealed record CertificateTrustOptions
{
    /// <summary>
    /// Intermediate authorities that peers may leave out of their chains. They give no trust by themselves: a chain still has to end at a root.
    /// Default none. Copied; the caller keeps its own.
    /// </summary>
    public IReadOnlyList<X509Certificate2> Intermediates { get; init; } = [];

    /// <summary>Number of the snapshot this trust belongs to (<see cref="PeerCertificatePolicy.Generation"/>); grows with each change. Default 0.</summary>
    public long Generation { get; init; }

    /// <summary>Accepted chains that are remembered; the least recently used is forgotten first. Default 1,024; 0 remembers none; range 0 to 10^6.</summary>
    public int CacheSize { get; init; } = 1024;

    /// <summary>
    /// How long an accepted chain is remembered before it is built again. Default 5 min; range 0 to 1 day. A chain is never remembered beyond
    /// the end of validity of any of its certificates.
    /// </summary>
    public TimeSpan RecheckInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a refusal is remembered, so that a peer that tries again and again costs little. Default 5 s; 0 remembers none; range 0 to 1 h.
    /// Refusals have room of their own, <see cref="CacheSize"/> entries too, so that they never push out accepted chains.
    /// A certificate that is not valid yet is not remembered, as it becomes valid by itself.
    /// </summary>
    public TimeSpan RefusalRecheckInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Certificates a peer may present, leaf included; a longer chain is refused unread. Default 10; range 1 to 100.</summary>
    public int MaxPresentedCertificates { get; init; } = 10;

    /// <summary>
    /// Further conditions on a chain that is good otherwise, such as revocation lists; the first that refuses decides. Default none.
    /// </summary>
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
