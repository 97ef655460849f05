using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.UnitTests.Abstractions.Tls;

/// <summary>What a test certificate shall hold; the defaults are those of a good server certificate.</summary>
internal sealed record CertificateShape
{
    public string Subject { get; init; } = "CN=leaf";
    public string[] DnsNames { get; init; } = [];
    public string[] Addresses { get; init; } = [];
    public string[] ExtendedKeyUsages { get; init; } = [TestAuthority.ServerAuthentication, TestAuthority.ClientAuthentication];
    public X509KeyUsageFlags? KeyUsage { get; init; } = X509KeyUsageFlags.DigitalSignature;
    public bool IsAuthority { get; init; }
    public DateTimeOffset NotBefore { get; init; } = TestAuthority.Start;
    public DateTimeOffset NotAfter { get; init; } = TestAuthority.End;
    public byte[]? NameConstraints { get; init; }
    public HashAlgorithmName Hash { get; init; } = HashAlgorithmName.SHA256;
    public int? RsaBits { get; init; }
    public bool HasKeyIdentifiers { get; init; } = true;
}

/// <summary>An authority in memory that signs whatever a test asks for, also what no honest one would.</summary>
internal sealed class TestAuthority
{
    public const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset End = Start.AddDays(90);

    private static long s_serial;

    private readonly AsymmetricAlgorithm _key;

    private TestAuthority(X509Certificate2 certificate, AsymmetricAlgorithm key)
    {
        Certificate = certificate;
        _key = key;
    }

    public X509Certificate2 Certificate { get; }

    public ReadOnlyMemory<byte> Der => Certificate.RawDataMemory;

    public static TestAuthority CreateRoot(string subject = "CN=root", CertificateShape? shape = null)
    {
        shape = (shape ?? Authority(subject)) with { Subject = subject };
        AsymmetricAlgorithm key = NewKey(shape);
        return new TestAuthority(Sign(shape, key, null, key, null), key);
    }

    public static CertificateShape Authority(string subject) => new()
    {
        Subject = subject,
        IsAuthority = true,
        KeyUsage = X509KeyUsageFlags.KeyCertSign,
        ExtendedKeyUsages = [],
        NotAfter = End.AddDays(365),
    };

    public TestAuthority Issue(CertificateShape shape)
    {
        AsymmetricAlgorithm key = NewKey(shape);
        return new TestAuthority(Sign(shape, key, Certificate, _key, shape.HasKeyIdentifiers ? Certificate : null), key);
    }

    public X509Certificate2 WithKey() => _key is ECDsa ec ? Certificate.CopyWithPrivateKey(ec) : Certificate.CopyWithPrivateKey((RSA)_key);

    private static AsymmetricAlgorithm NewKey(CertificateShape shape) =>
        shape.RsaBits is int bits ? RSA.Create(bits) : ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static X509Certificate2 Sign(
        CertificateShape shape, AsymmetricAlgorithm key, X509Certificate2? issuer, AsymmetricAlgorithm issuerKey, X509Certificate2? keyIdentifierOf)
    {
        var request = key is ECDsa ec
            ? new CertificateRequest(new X500DistinguishedName(shape.Subject), ec, shape.Hash)
            : new CertificateRequest(new X500DistinguishedName(shape.Subject), (RSA)key, shape.Hash, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(shape.IsAuthority, false, 0, true));
        if (shape.KeyUsage is X509KeyUsageFlags usage)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        }

        if (shape.ExtendedKeyUsages.Length > 0)
        {
            var oids = new OidCollection();
            Array.ForEach(shape.ExtendedKeyUsages, oid => oids.Add(new Oid(oid)));
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(oids, false));
        }

        if (shape.DnsNames.Length + shape.Addresses.Length > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            Array.ForEach(shape.DnsNames, names.AddDnsName);
            Array.ForEach(shape.Addresses, address => names.AddIpAddress(IPAddress.Parse(address)));
            request.CertificateExtensions.Add(names.Build());
        }

        if (shape.NameConstraints is byte[] constraints)
        {
            request.CertificateExtensions.Add(new X509Extension("2.5.29.30", constraints, true));
        }

        if (shape.HasKeyIdentifiers)
        {
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        }

        if (keyIdentifierOf?.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is X509SubjectKeyIdentifierExtension identifier)
        {
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        }

        X509SignatureGenerator generator = issuerKey is ECDsa issuerEc
            ? shape.Hash == HashAlgorithmName.SHA1 ? new Sha1Generator(issuerEc) : X509SignatureGenerator.CreateForECDsa(issuerEc)
            : X509SignatureGenerator.CreateForRSA((RSA)issuerKey, RSASignaturePadding.Pkcs1);
        byte[] serial = BitConverter.GetBytes(Interlocked.Increment(ref s_serial) | (1L << 32));
        return request.Create(issuer?.SubjectName ?? request.SubjectName, generator, shape.NotBefore, shape.NotAfter, serial);
    }

    /// <summary>Signs with SHA-1, which the built-in generators refuse to.</summary>
    private sealed class Sha1Generator(ECDsa key) : X509SignatureGenerator
    {
        // AlgorithmIdentifier ecdsa-with-SHA1, 1.2.840.10045.4.1.
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) =>
            [0x30, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];

#pragma warning disable CA5350 // The weak hash is what the test is about.
        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) =>
            key.SignData(data, HashAlgorithmName.SHA1, DSASignatureFormat.Rfc3279DerSequence);
#pragma warning restore CA5350

        protected override PublicKey BuildPublicKey() => new(key);
    }
}
