using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security;

/// <summary>The subject alternative names of a certificate (RFC 5280, section 4.2.1.6), the only names that count; the common name never does (RFC 9525).</summary>
public sealed class CertificateNames
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private const string SpiffeScheme = "spiffe://";
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    private CertificateNames(IReadOnlyList<string> dnsNames, IReadOnlyList<IPAddress> addresses, IReadOnlyList<string> uris)
    {
        DnsNames = dnsNames;
        Addresses = addresses;
        Uris = uris;
    }

    /// <summary>DNS names in lower case, wildcards included.</summary>
    public IReadOnlyList<string> DnsNames { get; }

    /// <summary>IP addresses.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; }

    /// <summary>URIs as they stand in the certificate.</summary>
    public IReadOnlyList<string> Uris { get; }

    /// <summary>The SPIFFE id: the one URI of a certificate that has exactly one and whose scheme is spiffe (SPIFFE X.509-SVID, section 2); else <c>null</c>.</summary>
    public string? SpiffeId => Uris.Count == 1 && Uris[0].StartsWith(SpiffeScheme, StringComparison.Ordinal) && Uris[0].Length > SpiffeScheme.Length ? Uris[0] : null;

    /// <summary>Whether there is no name of these kinds.</summary>
    public bool IsEmpty => DnsNames.Count + Addresses.Count + Uris.Count == 0;

    /// <summary>Reads the names of a certificate.</summary>
    /// <param name="certificate">The certificate; stays the caller's.</param>
    /// <returns>Its names; none when it has no such extension.</returns>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The extension cannot be read.</exception>
    public static CertificateNames Read(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        X509Extension? extension = certificate.Extensions.FirstOrDefault(static e => e.Oid?.Value == SubjectAlternativeName);
        if (extension is null)
        {
            return new CertificateNames([], [], []);
        }

        var names = new X509SubjectAlternativeNameExtension(extension.RawData, extension.Critical);
        return new CertificateNames(
            [.. names.EnumerateDnsNames().Select(static name => name.ToLowerInvariant())], [.. names.EnumerateIPAddresses()], ReadUris(extension.RawData));
    }

    /// <summary>All names as text, the URIs last, for messages and comparison.</summary>
    /// <returns>The names.</returns>
    public IEnumerable<string> All() => DnsNames.Concat(Addresses.Select(static address => address.ToString())).Concat(Uris);

    /// <inheritdoc/>
    public override string ToString() => IsEmpty ? "none" : string.Join(", ", All());

    private static List<string> ReadUris(byte[] extension)
    {
        // The in-box type has read the whole extension before, so that its structure is sound.
        var uris = new List<string>();
        AsnReader names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            if (names.PeekTag().HasSameClassAndValue(UriTag))
            {
                uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
            }
            else
            {
                names.ReadEncodedValue();
            }
        }

        return uris;
    }
}
