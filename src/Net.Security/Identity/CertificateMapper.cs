using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security;

/// <summary>Makes a principal out of a client certificate that the handshake has accepted. Knows nothing of trust: an untrusted certificate never comes this far.</summary>
internal sealed class CertificateMapper(IReadOnlyList<CertificateRule> rules)
{
    private const int MaxNameLength = 256;
    private const string CommonNameOid = "2.5.4.3";

    /// <summary>Finds the principal.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="now">The time.</param>
    /// <returns><c>null</c> when no rule matches.</returns>
    internal Principal? Map(X509Certificate2 certificate, DateTimeOffset now)
    {
        CertificateNames names;
        string? commonName;
        try
        {
            names = CertificateNames.Read(certificate);
            commonName = FindCommonName(certificate.SubjectName);
        }
        catch (CryptographicException)
        {
            // A name that cannot be read is not half read: such a certificate has no names at all, and no rule matches it.
            return null;
        }

        foreach (CertificateRule rule in rules)
        {
            foreach (string value in ValuesOf(certificate, names, commonName, rule.Field))
            {
                if (TryMatch(rule, value, out string part))
                {
                    string name = Fill(rule.Name, value, part);

                    // A certificate authority that signs line breaks is trusted with everything else, but a name is what logs show.
                    return name.Length > MaxNameLength || PlainText.IsUnsafe(name) ? null : new Principal(PrincipalKind.Certificate, name, rule.Roles)
                    {
                        AuthenticatedAt = now,
                        ExpiresAt = certificate.NotAfter.ToUniversalTime(),
                        CertificateThumbprint = ThumbprintOf(certificate),
                    };
                }
            }
        }

        return null;
    }

    /// <summary>The thumbprint as RFC 8705, section 3.1, writes it.</summary>
    internal static string ThumbprintOf(X509Certificate2 certificate) => System.Buffers.Text.Base64Url.EncodeToString(certificate.GetCertHash(HashAlgorithmName.SHA256));

    // In one pass, so that a value which itself holds {1} stays as it is.
    private static string Fill(string template, string value, string part)
    {
        var name = new System.Text.StringBuilder();
        for (int i = 0; i < template.Length; i++)
        {
            ReadOnlySpan<char> rest = template.AsSpan(i);
            if (rest.StartsWith("{0}") || rest.StartsWith("{1}"))
            {
                name.Append(template[i + 1] == '0' ? value : part);
                i += 2;
            }
            else
            {
                name.Append(template[i]);
            }
        }

        return name.ToString();
    }

    private static IReadOnlyList<string> ValuesOf(X509Certificate2 certificate, CertificateNames names, string? commonName, CertificateField field) => field switch
    {
        CertificateField.CommonName => commonName is { Length: > 0 } name ? [name] : [],
        CertificateField.Subject => certificate.SubjectName.Name is { Length: > 0 } subject ? [subject] : [],
        CertificateField.Dns => names.DnsNames,
        CertificateField.Uri => names.Uris,
        CertificateField.Email => names.EmailAddresses,
        CertificateField.Spiffe => names.SpiffeId is { } id ? [id] : [],
        CertificateField.Serial => certificate.SerialNumber.TrimStart('0') is { Length: > 0 } serial ? [serial] : [],
        _ => [],
    };

    private static string? FindCommonName(X500DistinguishedName subject)
    {
        string? found = null;
        foreach (X500RelativeDistinguishedName part in subject.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements)
            {
                // CN=a+CN=b, or a common name hidden beside something else: which one counts cannot be told.
                return null;
            }

            if (part.GetSingleElementType().Value == CommonNameOid)
            {
                if (found is not null)
                {
                    return null;
                }

                found = part.GetSingleElementValue();
            }
        }

        return found;
    }

    private static bool TryMatch(CertificateRule rule, string value, out string part)
    {
        part = "";
        if (rule.Field == CertificateField.Email)
        {
            return TryMatchEmail(rule.Pattern, value, out part);
        }

        string pattern = rule.Field == CertificateField.Serial ? rule.Pattern.TrimStart('0') : rule.Pattern;
        StringComparison comparison = rule.Field is CertificateField.Dns or CertificateField.Serial ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        char separator = rule.Field switch { CertificateField.Dns => '.', CertificateField.Uri or CertificateField.Spiffe => '/', _ => '\0' };
        return TryMatch(pattern, value, comparison, separator, out part);
    }

    private static bool TryMatchEmail(string pattern, string value, out string part)
    {
        part = "";
        int at = value.LastIndexOf('@');
        int patternAt = pattern.LastIndexOf('@');
        if (at <= 0 || patternAt < 0 || at != value.IndexOf('@', StringComparison.Ordinal))
        {
            return false;
        }

        // The local part is its owner's affair, also in its case (RFC 5321, section 2.4).
        if (!TryMatch(pattern[..patternAt], value[..at], StringComparison.Ordinal, '@', out string local) ||
            !TryMatch(pattern[patternAt..], value[at..], StringComparison.OrdinalIgnoreCase, '.', out string domain))
        {
            return false;
        }

        part = local.Length > 0 ? local : domain;
        return true;
    }

    private static bool TryMatch(string pattern, string value, StringComparison comparison, char separator, out string part)
    {
        part = "";
        int star = pattern.IndexOf('*', StringComparison.Ordinal);
        if (star < 0)
        {
            return string.Equals(pattern, value, comparison);
        }

        string head = pattern[..star];
        string tail = pattern[(star + 1)..];
        if (value.Length <= head.Length + tail.Length || !value.StartsWith(head, comparison) || !value.EndsWith(tail, comparison))
        {
            return false;
        }

        part = value[head.Length..^tail.Length];
        return separator == '\0' || !part.Contains(separator, StringComparison.Ordinal);
    }
}
