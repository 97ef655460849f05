using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Net.Security;

namespace Net.Hosting.Certificates;

/// <summary>One certificate as <c>net certs show</c> tells of it.</summary>
internal sealed record CertificateReport
{
    public required string File { get; init; }

    public required string Subject { get; init; }

    public required IReadOnlyList<string> Names { get; init; }

    public required string Issuer { get; init; }

    public required string Serial { get; init; }

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    public required int DaysLeft { get; init; }

    public required string Key { get; init; }

    public required string Fingerprint { get; init; }

    /// <summary><c>ok</c>, or why the authority would not accept it; <c>root</c> for one that signed itself; <c>not judged</c> when there is no authority to judge by.</summary>
    public required string Verdict { get; init; }

    internal static CertificateReport From(string file, X509Certificate2 certificate, IReadOnlyList<X509Certificate2> above, CertificateTrust? trust, DateTimeOffset now)
    {
        DateTimeOffset notAfter = certificate.NotAfter.ToUniversalTime();
        return new CertificateReport
        {
            File = file,
            Subject = certificate.Subject,
            Names = [.. CertificateNames.Read(certificate).All()],
            Issuer = certificate.Issuer,
            Serial = certificate.SerialNumber,
            NotBefore = certificate.NotBefore.ToUniversalTime(),
            NotAfter = notAfter,
            DaysLeft = (int)Math.Floor((notAfter - now).TotalDays),
            Key = DescribeKey(certificate),
            Fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256),
            Verdict = Judge(certificate, above, trust, now),
        };
    }

    private static string Judge(X509Certificate2 certificate, IReadOnlyList<X509Certificate2> above, CertificateTrust? trust, DateTimeOffset now)
    {
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { CertificateAuthority: true })
        {
            return now >= certificate.NotAfter.ToUniversalTime() ? "expired authority" : certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData) ? "root" : "authority";
        }

        if (trust is null)
        {
            return "not judged";
        }

        CertificateNames names = CertificateNames.Read(certificate);
        bool isClient = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usage
            && usage.EnhancedKeyUsages["1.3.6.1.5.5.7.3.2"] is not null && usage.EnhancedKeyUsages["1.3.6.1.5.5.7.3.1"] is null;
        string? name = names.DnsNames.Count > 0 ? names.DnsNames[0].Replace("*.", "any.", StringComparison.Ordinal) : names.Addresses.Count > 0 ? names.Addresses[0].ToString() : null;
        PeerCertificateVerdict verdict = trust.Evaluate(new PeerCertificateContext
        {
            Chain = [certificate.RawDataMemory, .. above.Select(static authority => authority.RawDataMemory)],
            IsServerCertificate = !isClient,
            ServerName = name,
            Now = now,
        });
        return verdict.IsAccepted ? "ok" : verdict.Refusal.ToString();
    }

    private static string DescribeKey(X509Certificate2 certificate)
    {
        using RSA? rsa = certificate.GetRSAPublicKey();
        if (rsa is not null)
        {
            return $"RSA {rsa.KeySize}";
        }

        using ECDsa? ecdsa = certificate.GetECDsaPublicKey();
        return ecdsa is null ? certificate.PublicKey.Oid.FriendlyName ?? "unknown" : $"P-{ecdsa.KeySize}";
    }
}
