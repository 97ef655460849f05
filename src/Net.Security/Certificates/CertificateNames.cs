using System.Buffers;
using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security;

/// <summary>The subject alternative names of a certificate (RFC 5280, section 4.2.1.6), the only names that count; the common name never does (RFC 9525).</summary>
public sealed class CertificateNames
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private static readonly Asn1Tag EmailTag = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);
    private static readonly SearchValues<char> DomainCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.-_");
    private static readonly SearchValues<char> SegmentCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_");

    private CertificateNames(IReadOnlyList<string> dnsNames, IReadOnlyList<IPAddress> addresses, IReadOnlyList<string> uris, IReadOnlyList<string> emailAddresses)
    {
        DnsNames = dnsNames;
        Addresses = addresses;
        Uris = uris;
        EmailAddresses = emailAddresses;
    }

    /// <summary>DNS names in lower case, wildcards included.</summary>
    public IReadOnlyList<string> DnsNames { get; }

    /// <summary>IP addresses.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; }

    /// <summary>URIs as they stand in the certificate.</summary>
    public IReadOnlyList<string> Uris { get; }

    /// <summary>E-mail addresses as they stand in the certificate.</summary>
    public IReadOnlyList<string> EmailAddresses { get; }

    /// <summary>
    /// The SPIFFE id: the one URI of a certificate that has exactly one (SPIFFE X.509-SVID, section 2), if it has the form of such an id (SPIFFE-ID, section 2); else <c>null</c>. It has no empty
    /// segments and no dots for segments, so that a path which begins as another does lies below it.
    /// </summary>
    public string? SpiffeId => Uris.Count == 1 && IsSpiffe(Uris[0]) ? Uris[0] : null;

    /// <summary>Whether there is no DNS name, address or URI.</summary>
    public bool IsEmpty => DnsNames.Count + Addresses.Count + Uris.Count == 0;

    /// <summary>Reads the names of a certificate.</summary>
    /// <param name="certificate">The certificate; stays the caller's.</param>
    /// <returns>Its names; none when it has no such extension.</returns>
    /// <exception cref="CryptographicException">The extension cannot be read, or there are several: a name is not half read.</exception>
    public static CertificateNames Read(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        X509Extension[] extensions = [.. certificate.Extensions.Where(static e => e.Oid?.Value == SubjectAlternativeName)];
        if (extensions.Length == 0)
        {
            return new CertificateNames([], [], [], []);
        }

        if (extensions.Length > 1)
        {
            // RFC 5280, section 4.2: no extension twice. Whoever took the one would be told apart from who took the other.
            throw new CryptographicException("The certificate has several extensions with subject alternative names.");
        }

        byte[] raw = extensions[0].RawData;
        var names = new X509SubjectAlternativeNameExtension(raw, extensions[0].Critical);
        try
        {
            return new CertificateNames(
                [.. names.EnumerateDnsNames().Select(static name => name.ToLowerInvariant())], [.. names.EnumerateIPAddresses()], ReadTexts(raw, UriTag), ReadTexts(raw, EmailTag));
        }
        catch (AsnContentException exception)
        {
            throw new CryptographicException("The subject alternative names of the certificate cannot be read.", exception);
        }
    }

    /// <summary>DNS names, addresses and URIs as text, in this order, for messages and comparison.</summary>
    /// <returns>The names.</returns>
    public IEnumerable<string> All() => DnsNames.Concat(Addresses.Select(static address => address.ToString())).Concat(Uris);

    /// <inheritdoc/>
    public override string ToString() => IsEmpty ? "none" : string.Join(", ", All());

    // Whether a text has the form of a SPIFFE id: a trust domain of lower-case letters, digits, dots, dashes and underscores, and path segments that are neither empty nor dots.
    private static bool IsSpiffe(string uri)
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

    // The framework reads DNS names and addresses alone. Its type has read the whole extension before, so that its structure is sound.
    private static List<string> ReadTexts(byte[] extension, Asn1Tag tag)
    {
        var texts = new List<string>();
        AsnReader names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            if (names.PeekTag() == tag)
            {
                texts.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
            }
            else
            {
                names.ReadEncodedValue();
            }
        }

        return texts;
    }
}
