using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Testing;

/// <summary>A root that issues whatever a test asks for, revocation lists included, all in memory. Keys are P-256 and exportable.</summary>
public sealed class TestAuthority
{
    /// <summary>The usage of servers.</summary>
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";

    /// <summary>The usage of clients.</summary>
    public const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    /// <summary>When certificates begin unless the test says otherwise.</summary>
    public static readonly DateTimeOffset Begin = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>When certificates end unless the test says otherwise.</summary>
    public static readonly DateTimeOffset End = new(2099, 12, 31, 0, 0, 0, TimeSpan.Zero);

    private readonly X509Certificate2 _certificate;
    private readonly ECDsa _key;

    /// <summary>Makes a root.</summary>
    /// <param name="name">Its common name.</param>
    /// <param name="notAfter">When it ends; <c>null</c>: in 2099.</param>
    public TestAuthority(string name = "Test root", DateTimeOffset? notAfter = null)
    {
        _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _certificate = AuthorityRequest(name, _key).CreateSelfSigned(Begin, notAfter ?? End);
    }

    private TestAuthority(X509Certificate2 certificate, ECDsa key)
    {
        _certificate = certificate;
        _key = key;
    }

    /// <summary>The certificate of the authority.</summary>
    public X509Certificate2 Certificate => _certificate;

    /// <summary>The certificate in PEM form.</summary>
    public string Pem => _certificate.ExportCertificatePem() + "\n";

    /// <summary>Makes an authority under this one.</summary>
    /// <param name="name">Its common name.</param>
    /// <param name="permittedDnsSuffix">The only names that it may issue, such as <c>good.example</c>; <c>null</c>: any.</param>
    /// <param name="notAfter">When it ends; <c>null</c>: in 2099.</param>
    /// <returns>The intermediate.</returns>
    public TestAuthority CreateIntermediate(string name = "Test intermediate", string? permittedDnsSuffix = null, DateTimeOffset? notAfter = null)
    {
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = AuthorityRequest(name, key);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        if (permittedDnsSuffix is not null)
        {
            request.CertificateExtensions.Add(new X509Extension("2.5.29.30", PermittedDns(permittedDnsSuffix), critical: true));
        }

        using X509Certificate2 bare = request.Create(_certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), Begin, notAfter ?? End, NextSerial());
        return new TestAuthority(bare.CopyWithPrivateKey(key), key);
    }

    /// <summary>Issues a server's certificate for <c>localhost</c>, <c>127.0.0.1</c> and the names given.</summary>
    /// <param name="notAfter">When it ends; <c>null</c>: in 2099.</param>
    /// <param name="names">More DNS names, addresses and URIs.</param>
    /// <returns>The certificate with its key.</returns>
    public X509Certificate2 IssueServer(DateTimeOffset? notAfter = null, params string[] names) => Issue("server", ServerUsage, ["localhost", "127.0.0.1", .. names], notAfter: notAfter);

    /// <summary>Issues a client's certificate.</summary>
    /// <param name="name">Its common name and DNS name.</param>
    /// <param name="notAfter">When it ends; <c>null</c>: in 2099.</param>
    /// <param name="names">More DNS names, addresses and URIs.</param>
    /// <returns>The certificate with its key.</returns>
    public X509Certificate2 IssueClient(string name = "client", DateTimeOffset? notAfter = null, params string[] names) => Issue(name, ClientUsage, [name, .. names], notAfter: notAfter);

    /// <summary>Issues a certificate.</summary>
    /// <param name="commonName">Its common name.</param>
    /// <param name="usage">Its extended key usage; <c>null</c>: none.</param>
    /// <param name="names">DNS names, addresses and URIs.</param>
    /// <param name="notBefore">When it begins.</param>
    /// <param name="notAfter">When it ends.</param>
    /// <param name="key">Its key; <c>null</c>: a new one on P-256. Stays the caller's.</param>
    /// <returns>The certificate with its key.</returns>
    public X509Certificate2 Issue(
        string commonName, string? usage, IEnumerable<string> names, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null, AsymmetricAlgorithm? key = null)
    {
        ArgumentNullException.ThrowIfNull(names);
        using AsymmetricAlgorithm? made = key is null ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : null;
        AsymmetricAlgorithm own = key ?? made!;
        CertificateRequest request = LeafRequest(commonName, usage, names, own);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        using X509Certificate2 bare = request.Create(_certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), notBefore ?? Begin, notAfter ?? End, NextSerial());
        return own is RSA rsa ? bare.CopyWithPrivateKey(rsa) : bare.CopyWithPrivateKey((ECDsa)own);
    }

    /// <summary>Makes a certificate that signed itself.</summary>
    /// <param name="usage">Its extended key usage.</param>
    /// <param name="names">DNS names, addresses and URIs.</param>
    /// <returns>The certificate with its key.</returns>
    public static X509Certificate2 SelfSigned(string usage, params string[] names)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return LeafRequest("alone", usage, names, key).CreateSelfSigned(Begin, End);
    }

    /// <summary>Makes a revocation list.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="thisUpdate">When it was made.</param>
    /// <param name="nextUpdate">When the next one is due.</param>
    /// <param name="revoked">What it holds.</param>
    /// <returns>The list, DER.</returns>
    public byte[] CreateList(int number, DateTimeOffset thisUpdate, DateTimeOffset nextUpdate, params X509Certificate2[] revoked)
    {
        ArgumentNullException.ThrowIfNull(revoked);
        var builder = new CertificateRevocationListBuilder();
        foreach (X509Certificate2 certificate in revoked)
        {
            builder.AddEntry(certificate, thisUpdate, X509RevocationReason.KeyCompromise);
        }

        return builder.Build(_certificate, new BigInteger(number), nextUpdate, HashAlgorithmName.SHA256, rsaSignaturePadding: null, thisUpdate);
    }

    /// <summary>A list in PEM form.</summary>
    /// <param name="list">The list, DER.</param>
    /// <returns>The text.</returns>
    public static string ListPem(byte[] list) => PemEncoding.WriteString("X509 CRL", list) + "\n";

    private static CertificateRequest AuthorityRequest(string name, ECDsa key)
    {
        var request = new CertificateRequest(new X500DistinguishedName($"CN={name}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request;
    }

    private static CertificateRequest LeafRequest(string commonName, string? usage, IEnumerable<string> names, AsymmetricAlgorithm key)
    {
        var subject = new X500DistinguishedName($"CN={commonName}");
        var request = key is RSA rsa ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        if (usage is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        }

        var alternative = new SubjectAlternativeNameBuilder();
        bool isAny = false;
        foreach (string name in names)
        {
            isAny = true;
            if (IPAddress.TryParse(name, out IPAddress? address))
            {
                alternative.AddIpAddress(address);
            }
            else if (name.Contains("://", StringComparison.Ordinal))
            {
                alternative.AddUri(new Uri(name));
            }
            else
            {
                alternative.AddDnsName(name);
            }
        }

        if (isAny)
        {
            request.CertificateExtensions.Add(alternative.Build());
        }

        return request;
    }

    // NameConstraints ::= SEQUENCE { [0] permittedSubtrees }, GeneralSubtree ::= SEQUENCE { base GeneralName }, GeneralName dNSName is [2] (RFC 5280, section 4.2.1.10).
    private static byte[] PermittedDns(string suffix)
    {
        var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence(new System.Formats.Asn1.Asn1Tag(System.Formats.Asn1.TagClass.ContextSpecific, 0)))
        using (writer.PushSequence())
        {
            writer.WriteCharacterString(
                System.Formats.Asn1.UniversalTagNumber.IA5String, suffix, new System.Formats.Asn1.Asn1Tag(System.Formats.Asn1.TagClass.ContextSpecific, 2));
        }

        return writer.Encode();
    }

    private static byte[] NextSerial()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = 0x40;
        return serial;
    }
}
