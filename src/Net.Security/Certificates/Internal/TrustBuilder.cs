using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security.Internal;

/// <summary>The trust of one snapshot and the lists behind it.</summary>
/// <param name="Trust">What judges peers.</param>
/// <param name="Lists">The lists.</param>
/// <param name="Ends">When its authorities end.</param>
internal sealed record TrustState(CertificateTrust Trust, IReadOnlyList<VerifiedList> Lists, IReadOnlyList<WatchedEnd> Ends);

/// <summary>Makes a trust of the content of files.</summary>
internal static class TrustBuilder
{
    // How far the clock of an authority may be ahead.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>Makes a trust.</summary>
    /// <param name="trustFiles">Path and content of the files with authorities.</param>
    /// <param name="listFiles">Path and content of the files with revocation lists.</param>
    /// <param name="options">The rules.</param>
    /// <param name="generation">Number of the snapshot.</param>
    /// <param name="before">The trust that it would follow, if any.</param>
    /// <returns>The trust.</returns>
    /// <exception cref="CertificateSourceException">It must not go live, and why.</exception>
    internal static TrustState Build(
        IReadOnlyList<(string Path, byte[] Content)> trustFiles, IReadOnlyList<(string Path, byte[] Content)> listFiles, CertificateSourceOptions options, long generation, TrustState? before)
    {
        X509Certificate2[] authorities = [.. trustFiles.SelectMany(static file => ReadAuthorities(file.Path, file.Content))];
        try
        {
            DateTimeOffset now = options.TimeProvider.GetUtcNow();
            List<VerifiedList> lists = [];
            foreach ((string path, byte[] content) in listFiles)
            {
                lists.AddRange(ReadLists(path, content).Select(list => Verify(list, path, authorities, now, before)));
            }

            CheckNoneIsGone(lists, authorities, before);
            List<ChainRule> rules = [];
            if (lists.Count > 0 || options.RequireRevocationLists)
            {
                rules.Add(new RevocationRule(lists, options.ExpiredLists, options.RequireRevocationLists));
            }

            if (!options.Peers.IsEmpty)
            {
                rules.Add(new PeerNameRule(options.Peers));
            }

            return new TrustState(Make(authorities, string.Join("', '", trustFiles.Select(static file => file.Path)), now, rules, generation), lists, WatchedEnd.Of(authorities));
        }
        finally
        {
            foreach (X509Certificate2 certificate in authorities)
            {
                certificate.Dispose();
            }
        }
    }

    private static CertificateTrust Make(X509Certificate2[] authorities, string paths, DateTimeOffset now, List<ChainRule> rules, long generation)
    {
        X509Certificate2[] roots = [.. authorities.Where(IdentityCheck.IsSelfIssued)];
        if (!roots.Any(root => now < root.NotAfter.ToUniversalTime()))
        {
            throw new CertificateSourceException(
                CertificateFault.Trust, $"The trust '{paths}' holds {roots.Length} self-signed root certificates ({authorities.Length} certificates in all), and none that is not past its time; every peer would be refused. Add the root of the peers' authority.");
        }

        return new CertificateTrust([.. roots], new CertificateTrustOptions
        {
            Intermediates = [.. authorities.Where(static certificate => !IdentityCheck.IsSelfIssued(certificate))],
            Generation = generation,
            Rules = rules,
        });
    }

    private static List<X509Certificate2> ReadAuthorities(string path, byte[] content)
    {
        string text = PemText.Decode(path, content);
        if (text.Contains("-----BEGIN ", StringComparison.Ordinal))
        {
            return PemText.Certificates(path, text);
        }

        try
        {
            return [X509CertificateLoader.LoadCertificate(content)];
        }
        catch (CryptographicException exception)
        {
            throw new CertificateSourceException(CertificateFault.Malformed, $"The file '{path}' holds no certificate, neither in PEM nor in DER form; write the authorities into it.", exception);
        }
    }

    private static IEnumerable<RevocationList> ReadLists(string path, byte[] content)
    {
        string text = PemText.Decode(path, content);
        if (!text.Contains("-----BEGIN ", StringComparison.Ordinal))
        {
            return [RevocationList.Parse(content, path)];
        }

        List<byte[]> blocks = PemText.Blocks(path, text, PemText.RevocationList);
        return blocks.Count > 0
            ? blocks.Select(block => RevocationList.Parse(block, path))
            : throw new CertificateSourceException(CertificateFault.Malformed, $"The file '{path}' holds no block -----BEGIN X509 CRL-----; write the revocation list into it.");
    }

    private static VerifiedList Verify(RevocationList list, string path, X509Certificate2[] authorities, DateTimeOffset now, TrustState? before)
    {
        string issuer = PeerText.Clean(list.Issuer.Name);
        X509Certificate2[] named = [.. authorities.Where(authority => authority.SubjectName.RawData.AsSpan().SequenceEqual(list.Issuer.RawData))];
        if (named.Length == 0)
        {
            throw new CertificateSourceException(
                CertificateFault.RevocationList, $"The revocation list '{path}' is of '{issuer}', which is not among the authorities; add its certificate to the trust, or take the list away.");
        }

        X509Certificate2 signer = named.FirstOrDefault(list.IsSignedBy)
            ?? throw new CertificateSourceException(
                CertificateFault.RevocationList, $"The revocation list '{path}' was not signed by '{issuer}' with SHA-256 or better (ECDSA, or RSA PKCS#1). Fetch it again from that authority.");
        if (signer.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign))
        {
            throw new CertificateSourceException(
                CertificateFault.RevocationList, $"The revocation list '{path}' was signed by '{issuer}', whose key usage {usage.KeyUsages} lacks cRLSign. Have the authority issued with it.");
        }

        if (list.ThisUpdate > now + ClockSkew)
        {
            throw new CertificateSourceException(
                CertificateFault.NotYetValid, $"The revocation list '{path}' is from {PeerText.Time(list.ThisUpdate)}, and it is {PeerText.Time(now)}. Check the clock.");
        }

        byte[] key = signer.PublicKey.ExportSubjectPublicKeyInfo();
        RevocationList? old = before?.Lists.FirstOrDefault(known => known.IssuerKey.AsSpan().SequenceEqual(key) && known.List.Issuer.RawData.AsSpan().SequenceEqual(list.Issuer.RawData))?.List;
        if (old is not null && IsOlder(list, old))
        {
            throw new CertificateSourceException(
                CertificateFault.RevocationList,
                $"The revocation list '{path}' of '{issuer}' is number {Show(list.Number)} from {PeerText.Time(list.ThisUpdate)}, older than the one in use (number {Show(old.Number)} from {PeerText.Time(old.ThisUpdate)}); it might leave out what was revoked since. Put the newer list back.");
        }

        return new VerifiedList(list, key);
    }

    // A file of several lists that lost one would let in again what that one had revoked.
    private static void CheckNoneIsGone(List<VerifiedList> lists, X509Certificate2[] authorities, TrustState? before)
    {
        foreach (VerifiedList old in before?.Lists ?? [])
        {
            bool isTrusted = authorities.Any(authority => authority.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(old.IssuerKey));
            if (isTrusted && !lists.Any(list => list.IssuerKey.AsSpan().SequenceEqual(old.IssuerKey)))
            {
                throw new CertificateSourceException(
                    CertificateFault.RevocationList,
                    $"The revocation list of '{PeerText.Clean(old.List.Issuer.Name)}' is gone from its file while the authority is still trusted, so that what it revoked would be let in again. Put it back, or take the authority out of the trust.");
            }
        }
    }

    private static bool IsOlder(RevocationList list, RevocationList old) =>
        list.Number is BigInteger number && old.Number is BigInteger oldNumber ? number < oldNumber : list.ThisUpdate < old.ThisUpdate;

    private static string Show(BigInteger? number) => number?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none";
}
