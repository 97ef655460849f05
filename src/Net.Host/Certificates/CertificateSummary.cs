using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Hosting.Certificates;

/// <summary>What a person wants to know of a certificate.</summary>
internal sealed record CertificateSummary(string Subject, IReadOnlyList<string> Names, DateTimeOffset NotAfter, int DaysLeft, string Fingerprint)
{
    internal static CertificateSummary From(X509Certificate2 certificate, DateTimeOffset now)
    {
        List<string> names = [];
        foreach (X509SubjectAlternativeNameExtension extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            names.AddRange(extension.EnumerateDnsNames());
            names.AddRange(extension.EnumerateIPAddresses().Select(static address => address.ToString()));
        }

        DateTimeOffset notAfter = certificate.NotAfter.ToUniversalTime();
        return new CertificateSummary(
            certificate.Subject, names, notAfter, (int)Math.Floor((notAfter - now).TotalDays), certificate.GetCertHashString(HashAlgorithmName.SHA256));
    }
}
