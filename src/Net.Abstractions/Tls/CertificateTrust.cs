using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Net;

/// <summary>Accepts certificates that lead to one of a set of roots, are valid now, allow the role, and (for a server) hold its name.</summary>
/// <remarks>
/// <para>Immutable and thread-safe; it does no network work: neither revocation lists nor missing intermediates are fetched.
/// The machine's own trust does not count, only the roots given here.</para>
/// <para>A chain is refused when a certificate is past or before its time (by <see cref="PeerCertificateContext.Now"/>); when its key usage lacks digitalSignature
/// (RFC 8446, section 4.4.2.2) or its extended key usage lacks the role (absent means allowed; RFC 5280, section 4.2.1.12), the issuers' extended key usage included;
/// when a server's subject alternative names do not hold the name connected to (RFC 9525: DNS names with at most one wildcard as the whole left-most label, or IP addresses;
/// the common name never counts); when an issuer is no authority or may not issue the name (name constraints); and when it is signed with MD5 or SHA-1 or by an RSA key under 2048 bits.</para>
/// <para>What is good so far must also pass <see cref="CertificateTrustOptions.Rules"/>: revocation lists, allowed names and the like.</para>
/// <para>Answers are remembered by the SHA-256 of the whole chain with role and server name, see <see cref="CertificateTrustOptions"/>.</para>
/// </remarks>
public sealed class CertificateTrust : PeerCertificatePolicy
{
    private readonly X509Certificate2Collection _roots = [];
    private readonly X509Certificate2Collection _intermediates = [];
    private readonly CertificateTrustOptions _options;
    private readonly VerdictCache _accepted;
    private readonly VerdictCache _refused;
    private long _chainsBuilt;

    /// <summary>Makes a trust.</summary>
    /// <param name="roots">Self-signed root certificates, at least one. Copied; the caller keeps its own.</param>
    /// <param name="options">The rest, or <c>null</c> for the defaults.</param>
    /// <exception cref="ArgumentException">There is no root, one is not self-signed, or an option is out of range.</exception>
    public CertificateTrust(X509Certificate2Collection roots, CertificateTrustOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(roots);
        _options = options ?? new CertificateTrustOptions();
        _options.Validate();
        if (roots.Count == 0)
        {
            throw new ArgumentException("There is no root, so that every peer would be refused; give at least one self-signed root certificate.", nameof(roots));
        }

        foreach (X509Certificate2 root in roots)
        {
            if (!IsSelfIssued(root))
            {
                throw new ArgumentException(
                    $"The certificate '{root.Subject}' is issued by '{root.Issuer}' and so is no root; put it into {nameof(CertificateTrustOptions)}.{nameof(CertificateTrustOptions.Intermediates)} and its root here.",
                    nameof(roots));
            }

            _roots.Add(Copy(root));
        }

        foreach (X509Certificate2 intermediate in _options.Intermediates)
        {
            _intermediates.Add(Copy(intermediate));
        }

        _accepted = new VerdictCache(_options.CacheSize);
        _refused = new VerdictCache(_options.RefusalRecheckInterval > TimeSpan.Zero ? _options.CacheSize : 0);
    }

    /// <inheritdoc/>
    public override long Generation => _options.Generation;

    /// <summary>How many answers had to be worked out because none was remembered.</summary>
    internal long ChainsBuilt => Interlocked.Read(ref _chainsBuilt);

    /// <summary>Loads a trust from a PEM file. Self-signed certificates in it are roots, all others intermediates that peers may leave out.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">The rest, or <c>null</c> for the defaults; its intermediates count beside those of the file.</param>
    /// <returns>The trust.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="CryptographicException">The file holds no root, or what it holds is no certificate.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static CertificateTrust FromPemFile(string path, CertificateTrustOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new CertificateTrustOptions();
        options.Validate();
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPemFile(path);
            var roots = new X509Certificate2Collection(all.Where(IsSelfIssued).ToArray());
            if (roots.Count == 0)
            {
                throw new CryptographicException(
                    $"The file '{path}' holds no root certificate ({all.Count} others); it must hold at least one self-signed certificate in PEM form.");
            }

            return new CertificateTrust(roots, options with { Intermediates = [.. options.Intermediates, .. all.Where(static c => !IsSelfIssued(c))] });
        }
        finally
        {
            foreach (X509Certificate2 certificate in all)
            {
                certificate.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> chain = context.Chain;
        if (chain is null || chain.Count == 0)
        {
            string who = context.IsServerCertificate ? $"The server '{CertificateText.Clean(context.ServerName)}'" : "The client";
            return PeerCertificateVerdict.Refused(CertificateRefusal.Missing, $"{who} sent no certificate; configure one with its key on that side.");
        }

        if (chain.Count > _options.MaxPresentedCertificates)
        {
            return PeerCertificateVerdict.Refused(
                CertificateRefusal.Malformed,
                $"The peer sent {chain.Count} certificates, more than {nameof(CertificateTrustOptions)}.{nameof(CertificateTrustOptions.MaxPresentedCertificates)} = {_options.MaxPresentedCertificates}; it should send its leaf and the intermediates only.");
        }

        VerdictKey key = MakeKey(context);
        DateTimeOffset now = context.Now;
        if (_accepted.TryGet(key, now, out PeerCertificateVerdict verdict) || _refused.TryGet(key, now, out verdict))
        {
            return verdict;
        }

        Interlocked.Increment(ref _chainsBuilt);
        verdict = CertificateChainCheck.Run(context, _roots, _intermediates, _options.Rules, out DateTimeOffset validUntil);
        Remember(key, now, verdict, validUntil);
        return verdict;
    }

    private void Remember(in VerdictKey key, DateTimeOffset now, in PeerCertificateVerdict verdict, DateTimeOffset validUntil)
    {
        if (verdict.IsAccepted)
        {
            DateTimeOffset recheck = now + _options.RecheckInterval;
            _accepted.Add(key, now, recheck < validUntil ? recheck : validUntil, verdict);
        }
        else if (verdict.Refusal != CertificateRefusal.NotYetValid)
        {
            _refused.Add(key, now, now + _options.RefusalRecheckInterval, verdict);
        }
    }

    private static VerdictKey MakeKey(in PeerCertificateContext context)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (ReadOnlyMemory<byte> certificate in context.Chain)
        {
            // The length goes in front so that no two different chains give the same bytes.
            BinaryPrimitives.WriteInt32LittleEndian(length, certificate.Length);
            hash.AppendData(length);
            hash.AppendData(certificate.Span);
        }

        BinaryPrimitives.WriteInt32LittleEndian(length, context.IsServerCertificate ? -1 : -2);
        hash.AppendData(length);
        if (context.IsServerCertificate && context.ServerName is string name)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
        }

        Span<byte> digest = stackalloc byte[32];
        hash.GetHashAndReset(digest);
        return new VerdictKey(BinaryPrimitives.ReadUInt128LittleEndian(digest), BinaryPrimitives.ReadUInt128LittleEndian(digest[16..]));
    }

    private static bool IsSelfIssued(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static X509Certificate2 Copy(X509Certificate2 certificate) => X509CertificateLoader.LoadCertificate(certificate.RawDataMemory.Span);
}
