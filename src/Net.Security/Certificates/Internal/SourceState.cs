using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security.Internal;

/// <summary>A snapshot and what it was made of, so that the next one keeps the objects whose content is the same: engines cache by reference.</summary>
internal sealed class SourceState
{
    private readonly byte[][] _identityDigests;
    private readonly byte[] _trustDigest;

    private SourceState(byte[] digest, byte[][] identityDigests, byte[] trustDigest, TlsSnapshot snapshot)
    {
        Digest = digest;
        _identityDigests = identityDigests;
        _trustDigest = trustDigest;
        Snapshot = snapshot;
    }

    /// <summary>SHA-256 over all content.</summary>
    internal byte[] Digest { get; }

    internal TlsSnapshot Snapshot { get; }

    /// <summary>Judges content and makes a snapshot of it.</summary>
    /// <param name="content">What was read.</param>
    /// <param name="options">The rules.</param>
    /// <param name="tickets">Where a client's tickets are kept.</param>
    /// <param name="before">What is in use, if anything.</param>
    /// <returns>The state.</returns>
    /// <exception cref="CertificateSourceException">The content must not go live, and why.</exception>
    internal static SourceState Build(SourceContent content, CertificateSourceOptions options, SessionTicketStore tickets, SourceState? before)
    {
        if (content.Fault is not null)
        {
            throw content.Fault;
        }

        long generation = (before?.Snapshot.Generation ?? 0) + 1;
        byte[] trustDigest = ContentDigest.Of([.. content.Trust.Select(static file => file.Content), .. content.Lists.Select(static file => file.Content)]);
        TrustState? peersTrust = content.Issuers.Count == 0 ? null : TrustBuilder.Build(content.Issuers, [], options with { Peers = new(), RequireRevocationLists = false }, generation, null);
        CertificateTrust? issuers = peersTrust?.Trust;
        WatchedEnd[] issuerEnds = [.. (peersTrust?.Ends ?? []).Select(static end => end with { IsPeerAuthority = false, IsIssuer = true })];
        var identities = new List<TlsIdentity>(content.Identities.Count);
        byte[][] digests = new byte[content.Identities.Count][];
        for (int i = 0; i < digests.Length; i++)
        {
            (IdentityReader reader, IdentityContent found) = content.Identities[i];
            digests[i] = found.Digest;
            TlsIdentity? old = before?.Snapshot.Identities[i];
            bool isSame = before is not null && found.Digest.AsSpan().SequenceEqual(before._identityDigests[i]);

            // With other issuers the same identity may have become wrong.
            identities.Add(isSame && issuers is null ? old! : Load(reader, found, options, issuers, isSame, old, generation));
        }

        TrustState? trust = content.Trust.Count == 0
            ? null
            : before is not null && trustDigest.AsSpan().SequenceEqual(before._trustDigest)
                ? before.Snapshot.TrustState
                : TrustBuilder.Build(content.Trust, content.Lists, options, generation, before?.Snapshot.TrustState);
        byte[] secret = TicketKeys.NewSecret(options.TicketSecret, content.Digest);
        try
        {
            var snapshot = new TlsSnapshot(generation, options.TimeProvider.GetUtcNow(), identities, trust, issuerEnds, secret, options, tickets);
            return new SourceState(content.Digest, digests, trustDigest, snapshot);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>What is in use, in one line for the log.</summary>
    internal string Describe()
    {
        IEnumerable<string> parts = Snapshot.Identities.Select(static identity => string.Create(
            CultureInfo.InvariantCulture, $"'{PeerText.Clean(identity.Certificate.Subject)}' serial {identity.Certificate.SerialNumber} until {PeerText.Time(identity.Certificate.NotAfter.ToUniversalTime())}"));
        if (Snapshot.TrustState is TrustState trust)
        {
            parts = parts.Append(string.Create(CultureInfo.InvariantCulture, $"trust of generation {trust.Trust.Generation} with {trust.Lists.Count} revocation lists"));
        }

        return string.Join("; ", parts);
    }

    private static TlsIdentity Load(
        IdentityReader reader, IdentityContent content, CertificateSourceOptions options, CertificateTrust? issuers, bool isSame, TlsIdentity? old, long generation)
    {
        try
        {
            (X509Certificate2 leaf, IReadOnlyList<X509Certificate2> others) = content.Parse();
            IReadOnlyList<X509Certificate2> intermediates = IdentityCheck.Check(leaf, others, reader.Description, options, issuers, old);
            return isSame ? old! : new TlsIdentity(leaf, intermediates, generation);
        }
        catch (CryptographicException exception)
        {
            // An extension that does not parse shows only when it is read.
            throw new CertificateSourceException(CertificateFault.Malformed, $"In {reader.Description}: the certificate cannot be judged: {exception.Message} Issue it anew.", exception);
        }
    }
}
