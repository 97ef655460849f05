using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security.Internal;

/// <summary>A complete certificate revocation list (RFC 5280, section 5), parsed. Immutable.</summary>
internal sealed class RevocationList
{
    private const string NumberExtension = "2.5.29.20";
    private const string AuthorityKeyExtension = "2.5.29.35";
    private const string ReasonExtension = "2.5.29.21";
    private const string InvalidityExtension = "2.5.29.24";

    private readonly HashSet<BigInteger> _revoked;
    private readonly byte[] _signedPart;
    private readonly byte[] _signature;
    private readonly string _algorithm;

    private RevocationList(byte[] issuer, DateTimeOffset thisUpdate, DateTimeOffset? nextUpdate, BigInteger? number, HashSet<BigInteger> revoked, byte[] signedPart, byte[] signature, string algorithm)
    {
        Issuer = new X500DistinguishedName(issuer);
        ThisUpdate = thisUpdate;
        NextUpdate = nextUpdate;
        Number = number;
        _revoked = revoked;
        _signedPart = signedPart;
        _signature = signature;
        _algorithm = algorithm;
    }

    internal X500DistinguishedName Issuer { get; }

    internal DateTimeOffset ThisUpdate { get; }

    internal DateTimeOffset? NextUpdate { get; }

    /// <summary>Grows with each list of an issuer; <c>null</c> when the list has none.</summary>
    internal BigInteger? Number { get; }

    internal int Count => _revoked.Count;

    /// <summary>Whether a certificate of the issuer is revoked.</summary>
    internal bool Holds(X509Certificate2 certificate) => _revoked.Contains(new BigInteger(certificate.SerialNumberBytes.Span, isUnsigned: false, isBigEndian: true));

    /// <summary>Parses one list in DER.</summary>
    /// <param name="der">The bytes.</param>
    /// <param name="path">Where they come from, for messages.</param>
    /// <returns>The list.</returns>
    /// <exception cref="CertificateSourceException">It is no list, or one that must not be used.</exception>
    internal static RevocationList Parse(ReadOnlyMemory<byte> der, string path)
    {
        try
        {
            // CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }
            var outer = new AsnReader(der, AsnEncodingRules.DER);
            AsnReader list = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            byte[] signedPart = list.PeekEncodedValue().ToArray();
            AsnReader content = list.ReadSequence();
            string algorithm = list.ReadSequence().ReadObjectIdentifier();
            byte[] signature = list.ReadBitString(out _);
            list.ThrowIfNotEmpty();
            return ReadContent(content, path, signedPart, signature, algorithm);
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException)
        {
            throw new CertificateSourceException(
                CertificateFault.Malformed, $"The file '{path}' holds no revocation list that can be read: {exception.Message} Write a complete list (RFC 5280) in PEM (X509 CRL) or DER form.", exception);
        }
    }

    /// <summary>Whether an authority signed the list.</summary>
    internal bool IsSignedBy(X509Certificate2 authority)
    {
        (HashAlgorithmName Hash, bool IsRsa)? known = _algorithm switch
        {
            "1.2.840.113549.1.1.11" => (HashAlgorithmName.SHA256, true),
            "1.2.840.113549.1.1.12" => (HashAlgorithmName.SHA384, true),
            "1.2.840.113549.1.1.13" => (HashAlgorithmName.SHA512, true),
            "1.2.840.10045.4.3.2" => (HashAlgorithmName.SHA256, false),
            "1.2.840.10045.4.3.3" => (HashAlgorithmName.SHA384, false),
            "1.2.840.10045.4.3.4" => (HashAlgorithmName.SHA512, false),
            _ => null,
        };
        if (known is not { } algorithm)
        {
            return false;
        }

        if (algorithm.IsRsa)
        {
            using RSA? rsa = authority.GetRSAPublicKey();
            return rsa is not null && rsa.VerifyData(_signedPart, _signature, algorithm.Hash, RSASignaturePadding.Pkcs1);
        }

        using ECDsa? ecdsa = authority.GetECDsaPublicKey();
        return ecdsa is not null && ecdsa.VerifyData(_signedPart, _signature, algorithm.Hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static RevocationList ReadContent(AsnReader content, string path, byte[] signedPart, byte[] signature, string algorithm)
    {
        // TBSCertList ::= SEQUENCE { version?, signature, issuer, thisUpdate, nextUpdate?, revokedCertificates?, [0] crlExtensions? }
        if (content.PeekTag() == Asn1Tag.Integer)
        {
            content.ReadInteger();
        }

        if (content.ReadSequence().ReadObjectIdentifier() != algorithm)
        {
            throw new AsnContentException("The algorithm inside the signature is another than the one beside it.");
        }

        byte[] issuer = content.ReadEncodedValue().ToArray();
        DateTimeOffset thisUpdate = ReadTime(content);
        DateTimeOffset? nextUpdate = content.HasData && IsTime(content.PeekTag()) ? ReadTime(content) : null;
        var revoked = new HashSet<BigInteger>();
        if (content.HasData && content.PeekTag() == Asn1Tag.Sequence)
        {
            ReadEntries(content.ReadSequence(), revoked, path);
        }

        BigInteger? number = null;
        var extensionsTag = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        if (content.HasData && content.PeekTag() == extensionsTag)
        {
            AsnReader extensions = content.ReadSequence(extensionsTag).ReadSequence();
            while (extensions.HasData)
            {
                (string id, bool isCritical, byte[] value) = ReadExtension(extensions);
                if (id == NumberExtension)
                {
                    number = new AsnReader(value, AsnEncodingRules.DER).ReadInteger();
                }
                else if (isCritical && id != AuthorityKeyExtension)
                {
                    // A partial, indirect or delta list says so in a critical extension, and must not be taken for a complete one (RFC 5280, section 5.2).
                    throw new CertificateSourceException(
                        CertificateFault.RevocationList, $"The revocation list '{path}' has the critical extension {id}, which is not known here: it may be partial, indirect or a delta. Use the complete list of the issuer.");
                }
            }
        }

        content.ThrowIfNotEmpty();
        return new RevocationList(issuer, thisUpdate, nextUpdate, number, revoked, signedPart, signature, algorithm);
    }

    private static void ReadEntries(AsnReader entries, HashSet<BigInteger> revoked, string path)
    {
        while (entries.HasData)
        {
            AsnReader entry = entries.ReadSequence();
            revoked.Add(entry.ReadInteger());
            ReadTime(entry);
            AsnReader? extensions = entry.HasData ? entry.ReadSequence() : null;
            while (extensions is { HasData: true })
            {
                (string id, bool isCritical, _) = ReadExtension(extensions);
                if (isCritical && id is not (ReasonExtension or InvalidityExtension))
                {
                    throw new CertificateSourceException(
                        CertificateFault.RevocationList, $"The revocation list '{path}' has an entry with the critical extension {id}, which is not known here. Use a list that the issuer of the certificates signed itself.");
                }
            }
        }
    }

    private static (string Id, bool IsCritical, byte[] Value) ReadExtension(AsnReader extensions)
    {
        AsnReader extension = extensions.ReadSequence();
        string id = extension.ReadObjectIdentifier();
        bool isCritical = extension.PeekTag() == Asn1Tag.Boolean && extension.ReadBoolean();
        return (id, isCritical, extension.ReadOctetString());
    }

    private static bool IsTime(Asn1Tag tag) => tag == Asn1Tag.UtcTime || tag == Asn1Tag.GeneralizedTime;

    private static DateTimeOffset ReadTime(AsnReader reader) => reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}
