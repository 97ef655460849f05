using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security.Internal;

/// <summary>Judges an identity before it goes live, as peers would. What fails here would fail in every handshake.</summary>
internal static class IdentityCheck
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";
    private const string AnyUsage = "2.5.29.37.0";

    /// <summary>Checks a leaf with a key and what came with it.</summary>
    /// <param name="leaf">The leaf.</param>
    /// <param name="others">What came with it.</param>
    /// <param name="what">What was read, for messages.</param>
    /// <param name="options">Role and names.</param>
    /// <param name="issuers">The roots that it must lead to, if any.</param>
    /// <param name="before">The identity that it would follow, if any.</param>
    /// <returns>The intermediates to send, in order, without the root.</returns>
    /// <exception cref="CertificateSourceException">It must not go live, and why.</exception>
    internal static IReadOnlyList<X509Certificate2> Check(
        X509Certificate2 leaf, IReadOnlyList<X509Certificate2> others, string what, CertificateSourceOptions options, CertificateTrust? issuers, TlsIdentity? before)
    {
        string name = $"'{PeerText.Clean(leaf.Subject)}', serial {leaf.SerialNumber}";
        DateTimeOffset now = options.TimeProvider.GetUtcNow();
        CheckTime(leaf, what, name, now);
        CheckUsage(leaf, what, name, options.Role);
        CertificateNames names = CertificateNames.Read(leaf);
        CheckNames(names, what, name, options, before);
        IReadOnlyList<X509Certificate2> intermediates = CheckOrder(leaf, others, what, now);
        if (issuers is not null)
        {
            CheckIssuers(leaf, intermediates, names, what, options.Role, issuers, now);
        }

        return intermediates;
    }

    /// <summary>The authorities above a leaf among some certificates, in order, without the root.</summary>
    internal static X509Certificate2[] Order(X509Certificate2 leaf, IEnumerable<X509Certificate2> others)
    {
        var pool = others.ToList();
        var ordered = new List<X509Certificate2>();
        for (X509Certificate2 at = leaf; !IsSelfIssued(at);)
        {
            X509Certificate2? issuer = pool.Find(other => other.SubjectName.RawData.AsSpan().SequenceEqual(at.IssuerName.RawData));
            if (issuer is null || IsSelfIssued(issuer))
            {
                break;
            }

            pool.Remove(issuer);
            ordered.Add(issuer);
            at = issuer;
        }

        return [.. ordered];
    }

    internal static bool IsSelfIssued(X509Certificate2 certificate) => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static void CheckTime(X509Certificate2 leaf, string what, string name, DateTimeOffset now)
    {
        DateTimeOffset from = leaf.NotBefore.ToUniversalTime();
        DateTimeOffset until = leaf.NotAfter.ToUniversalTime();
        if (now < from)
        {
            throw new CertificateSourceException(
                CertificateFault.NotYetValid, $"In {what}: the certificate {name} is valid only from {PeerText.Time(from)}, and it is {PeerText.Time(now)}. Check the clock, or put it in place later.");
        }

        if (now >= until)
        {
            throw new CertificateSourceException(
                CertificateFault.Expired, $"In {what}: the certificate {name} was valid until {PeerText.Time(until)}, and it is {PeerText.Time(now)}. Renew it, and check the clock.");
        }
    }

    private static void CheckUsage(X509Certificate2 leaf, string what, string name, CertificateRole role)
    {
        if (leaf.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } keyUsage && !keyUsage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature))
        {
            throw new CertificateSourceException(CertificateFault.Usage, $"In {what}: the certificate {name} has key usage {keyUsage.KeyUsages}, which lacks digitalSignature. Have it issued with that usage.");
        }

        // None means any (RFC 5280, section 4.2.1.12).
        if (leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } extended)
        {
            string[] usages = [.. extended.EnhancedKeyUsages.Cast<Oid>().Select(static usage => usage.Value ?? "")];
            bool server = usages.Contains(ServerUsage) || usages.Contains(AnyUsage);
            bool client = usages.Contains(ClientUsage) || usages.Contains(AnyUsage);
            bool isEnough = role switch
            {
                CertificateRole.Server => server,
                CertificateRole.Client => client,
                CertificateRole.Both => server && client,
                _ => server || client,
            };
            if (!isEnough)
            {
                string needed = role switch
                {
                    CertificateRole.Server => "serverAuth",
                    CertificateRole.Client => "clientAuth",
                    CertificateRole.Both => "serverAuth and clientAuth",
                    _ => "serverAuth or clientAuth",
                };
                throw new CertificateSourceException(
                    CertificateFault.Usage, $"In {what}: the extended key usage of the certificate {name} is {string.Join(", ", usages)}; it must allow {needed}. Have it issued with that usage.");
            }
        }

        if (KeyKind.FindWeakness(leaf) is string weakness)
        {
            throw new CertificateSourceException(CertificateFault.Usage, $"In {what}: the certificate {name} {weakness}");
        }
    }

    private static void CheckNames(CertificateNames names, string what, string name, CertificateSourceOptions options, TlsIdentity? before)
    {
        if (options.Role is CertificateRole.Server or CertificateRole.Both && names.DnsNames.Count + names.Addresses.Count == 0)
        {
            throw new CertificateSourceException(
                CertificateFault.Names, $"In {what}: the certificate {name} has no DNS name and no IP address among its subject alternative names, so that no client accepts it; the common name does not count. Have it issued with them.");
        }

        if (before is null || options.RemovableNames.Contains("*"))
        {
            return;
        }

        var kept = new HashSet<string>(names.All(), StringComparer.Ordinal);
        kept.UnionWith(options.RemovableNames);
        string[] lost = [.. CertificateNames.Read(before.Certificate).All().Where(old => !kept.Contains(old))];
        if (lost.Length > 0)
        {
            throw new CertificateSourceException(
                CertificateFault.Names,
                $"In {what}: the certificate {name} lacks {PeerText.Clean(string.Join(", ", lost))}, which the one in use has, so that clients that use it would fail. Have it issued with all names, or allow them to go ({nameof(CertificateSourceOptions)}.{nameof(CertificateSourceOptions.RemovableNames)}).");
        }
    }

    private static List<X509Certificate2> CheckOrder(X509Certificate2 leaf, IReadOnlyList<X509Certificate2> others, string what, DateTimeOffset now)
    {
        var intermediates = new List<X509Certificate2>();
        X509Certificate2 below = leaf;
        for (int i = 0; i < others.Count; i++)
        {
            X509Certificate2 issuer = others[i];
            if (!issuer.SubjectName.RawData.AsSpan().SequenceEqual(below.IssuerName.RawData))
            {
                throw new CertificateSourceException(
                    CertificateFault.Chain,
                    $"In {what}: certificate {i + 2} is '{PeerText.Clean(issuer.Subject)}', but certificate {i + 1} was issued by '{PeerText.Clean(below.Issuer)}'. Write the leaf first, and after each certificate its issuer.");
            }

            if (now < issuer.NotBefore.ToUniversalTime())
            {
                throw new CertificateSourceException(
                    CertificateFault.NotYetValid,
                    $"In {what}: the authority '{PeerText.Clean(issuer.Subject)}' is valid only from {PeerText.Time(issuer.NotBefore.ToUniversalTime())}, and it is {PeerText.Time(now)}. Check the clock, or have the certificate issued by one that is valid.");
            }

            if (now >= issuer.NotAfter.ToUniversalTime())
            {
                throw new CertificateSourceException(
                    CertificateFault.Expired, $"In {what}: the authority '{PeerText.Clean(issuer.Subject)}' was valid until {PeerText.Time(issuer.NotAfter.ToUniversalTime())}. Have the certificate issued by one that is valid.");
            }

            if (!IsSelfIssued(issuer))
            {
                intermediates.Add(issuer);
            }

            below = issuer;
        }

        if (others.Count > 0)
        {
            CheckSignatures(leaf, others, what, now);
        }

        return intermediates;
    }

    private static void CheckSignatures(X509Certificate2 leaf, IReadOnlyList<X509Certificate2> others, string what, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(others.Where(IsSelfIssued).ToArray());
        chain.ChainPolicy.ExtraStore.AddRange(others.ToArray());
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.Build(leaf);
        const X509ChainStatusFlags Broken = X509ChainStatusFlags.NotSignatureValid | X509ChainStatusFlags.Cyclic | X509ChainStatusFlags.InvalidBasicConstraints
            | X509ChainStatusFlags.HasNotPermittedNameConstraint | X509ChainStatusFlags.HasExcludedNameConstraint | X509ChainStatusFlags.InvalidNameConstraints;
        X509ChainStatus[] faults = [.. chain.ChainStatus.Where(static status => (status.Status & Broken) != 0)];
        bool isWhole = chain.ChainElements.Count > others.Count;
        foreach (X509ChainElement element in chain.ChainElements)
        {
            element.Certificate.Dispose();
        }

        if (faults.Length > 0 || !isWhole)
        {
            string reason = faults.Length > 0 ? string.Join(" ", faults.Select(static fault => fault.StatusInformation.Trim())) : "an issuer's key did not sign the certificate below it.";
            throw new CertificateSourceException(CertificateFault.Chain, $"In {what}: the certificates do not follow from each other: {reason} Write the issuers that really signed them.");
        }
    }

    private static void CheckIssuers(
        X509Certificate2 leaf, IReadOnlyList<X509Certificate2> intermediates, CertificateNames names, string what, CertificateRole role, CertificateTrust issuers, DateTimeOffset now)
    {
        bool isServer = role is CertificateRole.Server or CertificateRole.Both
            || (role == CertificateRole.Either && names.DnsNames.Count + names.Addresses.Count > 0 && !IsForClientsOnly(leaf));
        string? name = names.DnsNames.Select(static dns => dns.StartsWith("*.", StringComparison.Ordinal) ? "any" + dns[1..] : dns).FirstOrDefault() ?? (names.Addresses.Count > 0 ? names.Addresses[0].ToString() : null);
        PeerCertificateVerdict verdict = issuers.Evaluate(new PeerCertificateContext
        {
            Chain = [leaf.RawDataMemory, .. intermediates.Select(static certificate => certificate.RawDataMemory)],
            IsServerCertificate = isServer,
            ServerName = name,
            Now = now,
        });
        if (!verdict.IsAccepted)
        {
            throw new CertificateSourceException(
                CertificateFault.Chain, $"In {what}: the roots of {nameof(CertificateSourceOptions)}.{nameof(CertificateSourceOptions.IssuerFiles)} do not accept it ({verdict.Refusal}): {verdict.Detail}");
        }
    }

    private static bool IsForClientsOnly(X509Certificate2 leaf) =>
        leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } extended
        && !extended.EnhancedKeyUsages.Cast<Oid>().Any(static usage => usage.Value is ServerUsage or AnyUsage);
}
