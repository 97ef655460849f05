using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security.Internal;

/// <summary>The kinds of keys that identities may have: what both engines take.</summary>
internal static class KeyKind
{
    private const string Rsa = "1.2.840.113549.1.1.1";
    private const string EllipticCurve = "1.2.840.10045.2.1";
    private const int MinimumRsaBits = 2048;

    /// <summary>An empty key of a certificate's kind, to import into.</summary>
    internal static AsymmetricAlgorithm Create(X509Certificate2 certificate, string where) => certificate.GetKeyAlgorithm() switch
    {
        Rsa => RSA.Create(),
        EllipticCurve => ECDsa.Create(),
        string other => throw new CertificateSourceException(
            CertificateFault.Usage, $"The certificate '{where}' has a key of algorithm {other}; use ECDSA (P-256, P-384) or RSA of {MinimumRsaBits} bits or more."),
    };

    /// <summary>Such as "ECDSA P-256" or "RSA 2048".</summary>
    internal static string Describe(X509Certificate2 certificate)
    {
        if (certificate.GetRSAPublicKey() is RSA rsa)
        {
            using (rsa)
            {
                return string.Create(CultureInfo.InvariantCulture, $"RSA {rsa.KeySize}");
            }
        }

        if (certificate.GetECDsaPublicKey() is ECDsa ecdsa)
        {
            using (ecdsa)
            {
                return string.Create(CultureInfo.InvariantCulture, $"ECDSA P-{ecdsa.KeySize}");
            }
        }

        return certificate.PublicKey.Oid.FriendlyName ?? certificate.GetKeyAlgorithm();
    }

    /// <summary>Why peers would refuse a key, or <c>null</c>.</summary>
    internal static string? FindWeakness(X509Certificate2 certificate)
    {
        using RSA? rsa = certificate.GetRSAPublicKey();
        if (rsa is not null)
        {
            return rsa.KeySize < MinimumRsaBits ? $"has an RSA key of {rsa.KeySize} bits; have it issued for a P-256 key, or RSA of {MinimumRsaBits} bits or more." : null;
        }

        using ECDsa? ecdsa = certificate.GetECDsaPublicKey();
        return ecdsa is null
            ? $"has a key of algorithm {certificate.GetKeyAlgorithm()}; have it issued for an ECDSA or RSA key."
            : ecdsa.KeySize < 256 ? $"has an elliptic curve of {ecdsa.KeySize} bits; have it issued for a P-256 key." : null;
    }
}
