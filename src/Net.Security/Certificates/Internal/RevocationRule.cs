using System.Security.Cryptography.X509Certificates;

namespace Net.Security.Internal;

/// <summary>A list and the authority that signed it.</summary>
/// <param name="List">The list.</param>
/// <param name="IssuerKey">The authority's public key, which the issuer in a chain must have: another with its name is another.</param>
internal sealed record VerifiedList(RevocationList List, byte[] IssuerKey);

/// <summary>Refuses chains that hold a revoked certificate.</summary>
internal sealed class RevocationRule(IReadOnlyList<VerifiedList> lists, ExpiredListRule expired, bool isRequired) : ChainRule
{
    public override PeerCertificateVerdict Judge(IReadOnlyList<X509Certificate2> chain, in PeerCertificateContext context, ref DateTimeOffset validUntil)
    {
        // The root is trusted for being in the list of roots; nobody could revoke it but by taking it out.
        for (int i = 0; i < chain.Count - 1; i++)
        {
            X509Certificate2 certificate = chain[i];
            VerifiedList? found = Find(chain[i + 1]);
            string name = $"'{PeerText.Clean(certificate.Subject)}', serial {certificate.SerialNumber}";
            string issuer = PeerText.Clean(chain[i + 1].Subject);
            if (found is null)
            {
                if (isRequired)
                {
                    return PeerCertificateVerdict.Refused(
                        CertificateRefusal.RevocationUnknown, $"There is no revocation list of '{issuer}', which issued the certificate {name}; add one to {nameof(CertificateSourceOptions)}.{nameof(CertificateSourceOptions.RevocationListFiles)}.");
                }

                continue;
            }

            if (found.List.Holds(certificate))
            {
                return PeerCertificateVerdict.Refused(
                    CertificateRefusal.Revoked, $"The certificate {name} is in the revocation list of '{issuer}' from {PeerText.Time(found.List.ThisUpdate)}. Have a new one issued.");
            }

            if (expired == ExpiredListRule.Refuse && found.List.NextUpdate is DateTimeOffset next)
            {
                if (context.Now >= next)
                {
                    return PeerCertificateVerdict.Refused(
                        CertificateRefusal.RevocationUnknown,
                        $"The revocation list of '{issuer}' was to be replaced by {PeerText.Time(next)}, and it is {PeerText.Time(context.Now)}, so that nobody knows whether the certificate {name} is revoked. Put the new list in place, or allow old ones ({nameof(CertificateSourceOptions)}.{nameof(CertificateSourceOptions.ExpiredLists)}).");
                }

                validUntil = next < validUntil ? next : validUntil;
            }
        }

        return PeerCertificateVerdict.Accepted;
    }

    private VerifiedList? Find(X509Certificate2 issuer)
    {
        foreach (VerifiedList list in lists)
        {
            if (list.List.Issuer.RawData.AsSpan().SequenceEqual(issuer.SubjectName.RawData) && list.IssuerKey.AsSpan().SequenceEqual(issuer.PublicKey.ExportSubjectPublicKeyInfo()))
            {
                return list;
            }
        }

        return null;
    }
}
