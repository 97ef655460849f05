using System.Buffers;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security;

/// <summary>The names that a certificate holds. The framework reads DNS names and addresses alone, so that the extension is read here (RFC 5280, section 4.2.1.6).</summary>
internal sealed class PrincipalNames
{
    private const string CommonNameOid = "2.5.4.3";
    private const string AlternativeNameOid = "2.5.29.17";

    // More are of no use, and a certificate may be large.
    private const int MaxNames = 64;

    private static readonly SearchValues<char> DomainCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.-_");
    private static readonly SearchValues<char> SegmentCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_");

    internal PrincipalNames(X509Certificate2 certificate)
    {
        Subject = certificate.SubjectName.Name;
        Serial = certificate.SerialNumber.TrimStart('0');
        try
        {
            CommonName = FindCommonName(certificate.SubjectName);
            foreach (X509Extension extension in certificate.Extensions)
            {
                if (extension.Oid?.Value == AlternativeNameOid)
                {
                    Read(extension.RawData);
                }
            }
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException)
        {
            // A name that cannot be read is not half read: such a certificate has no names at all, and no rule matches it.
            CommonName = null;
            Dns.Clear();
            Uris.Clear();
            Emails.Clear();
            Subject = "";
            Serial = "";
        }
    }

    internal string Subject { get; }

    internal string Serial { get; }

    internal string? CommonName { get; }

    internal List<string> Dns { get; } = [];

    internal List<string> Uris { get; } = [];

    internal List<string> Emails { get; } = [];

    /// <summary>The SPIFFE id; <c>null</c> when the certificate has none or several URIs, or one that is none.</summary>
    internal string? SpiffeId => Uris.Count == 1 && IsSpiffe(Uris[0]) ? Uris[0] : null;

    /// <summary>Whether a text has the form of a SPIFFE id: a trust domain of lower-case letters, digits, dots, dashes and underscores, and path segments that are neither empty nor dots.</summary>
    internal static bool IsSpiffe(string uri)
    {
        const string scheme = "spiffe://";
        if (!uri.StartsWith(scheme, StringComparison.Ordinal) || uri.Length > 2048)
        {
            return false;
        }

        ReadOnlySpan<char> rest = uri.AsSpan(scheme.Length);
        int slash = rest.IndexOf('/');
        ReadOnlySpan<char> domain = slash < 0 ? rest : rest[..slash];
        if (domain.IsEmpty || domain.Length > 255 || domain.ContainsAnyExcept(DomainCharacters))
        {
            return false;
        }

        if (slash < 0)
        {
            return true;
        }

        foreach (Range range in rest[(slash + 1)..].Split('/'))
        {
            ReadOnlySpan<char> segment = rest[(slash + 1)..][range];
            if (segment.IsEmpty || segment is "." or ".." || segment.ContainsAnyExcept(SegmentCharacters))
            {
                return false;
            }
        }

        return true;
    }

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

    private void Read(byte[] extension)
    {
        var email = new Asn1Tag(TagClass.ContextSpecific, 1);
        var dns = new Asn1Tag(TagClass.ContextSpecific, 2);
        var uri = new Asn1Tag(TagClass.ContextSpecific, 6);
        AsnReader names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData && Dns.Count + Uris.Count + Emails.Count < MaxNames)
        {
            Asn1Tag tag = names.PeekTag();
            if (tag == dns)
            {
                Dns.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, dns));
            }
            else if (tag == uri)
            {
                Uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, uri));
            }
            else if (tag == email)
            {
                Emails.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, email));
            }
            else
            {
                names.ReadEncodedValue();
            }
        }
    }
}
