using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Net.Ngtcp2.Interop;

namespace Net.Ngtcp2.Tls;

/// <summary>Gives GnuTLS the identities of this side. What is derived from an identity is kept as long as the identity and the sessions that use it.</summary>
internal static class TlsCredentials
{
    private const string KeyLabel = "PRIVATE KEY";

    private static readonly ConditionalWeakTable<TlsIdentity, GnuTlsCredentialsHandle> Cache = [];
    private static readonly ConditionalWeakTable<TlsIdentity, object> Fingerprints = [];
    private static readonly Lazy<GnuTlsCredentialsHandle> NoIdentity = new(GnuTlsCredentialsHandle.Create);

    /// <summary>Credentials without a certificate, for clients that show none.</summary>
    public static GnuTlsCredentialsHandle None => NoIdentity.Value;

    /// <summary>The credentials of an identity, made at the first call for this instance. Thread-safe.</summary>
    /// <param name="identity">Certificate, key and intermediates.</param>
    /// <returns>A shared handle, which the caller must not dispose.</returns>
    /// <exception cref="ArgumentException">The key cannot be exported, or GnuTLS refuses certificate or key; the message names the subject and why.</exception>
    public static GnuTlsCredentialsHandle Get(TlsIdentity identity) => Cache.GetValue(identity, Create);

    /// <summary>What tells one identity from another, also after a restart: 16 bytes of the SHA-256 of its certificate.</summary>
    /// <param name="identity">The identity, or <c>null</c> for a client that shows none.</param>
    /// <returns>The fingerprint; 0 for none.</returns>
    public static UInt128 Fingerprint(TlsIdentity? identity) => identity is null
        ? UInt128.Zero
        : (UInt128)Fingerprints.GetValue(
            identity, static i => BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(i.Certificate.RawDataMemory.Span)));

    private static GnuTlsCredentialsHandle Create(TlsIdentity identity)
    {
        string subject = identity.Certificate.Subject;
        byte[] key = ExportKey(identity.Certificate, subject);
        GnuTlsCredentialsHandle credentials = GnuTlsCredentialsHandle.Create();
        try
        {
            credentials.AddKeyPair(ExportChain(identity), key, gnutls_x509_crt_fmt_t.GNUTLS_X509_FMT_PEM);
            return credentials;
        }
        catch (GnuTlsException exception)
        {
            credentials.Dispose();
            throw new ArgumentException(
                $"GnuTLS refuses the identity '{subject}': {exception.Message} Use an ECDSA (P-256, P-384) or RSA certificate with its own key and intermediates that follow the leaf in order.",
                nameof(identity), exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static byte[] ExportChain(TlsIdentity identity)
    {
        var text = new StringBuilder(identity.Certificate.ExportCertificatePem());
        foreach (X509Certificate2 intermediate in identity.Intermediates)
        {
            text.Append('\n').Append(intermediate.ExportCertificatePem());
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static byte[] ExportKey(X509Certificate2 certificate, string subject)
    {
        byte[]? pkcs8 = null;
        try
        {
            using AsymmetricAlgorithm? key = (AsymmetricAlgorithm?)certificate.GetECDsaPrivateKey() ?? certificate.GetRSAPrivateKey();
            if (key is null)
            {
                throw new ArgumentException(
                    $"The identity '{subject}' has a key of algorithm {certificate.GetKeyAlgorithm()}; the ngtcp2 engine takes ECDSA and RSA keys.",
                    nameof(certificate));
            }

            pkcs8 = key.ExportPkcs8PrivateKey();
            return ToPem(pkcs8);
        }
        catch (CryptographicException exception)
        {
            throw new ArgumentException(
                $"The private key of the identity '{subject}' cannot be exported, and GnuTLS needs it: {exception.Message} Load certificate and key from files, or mark the key exportable.",
                nameof(certificate), exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    /// <summary>Writes PEM into memory that the collector does not move, so that erasing it leaves no copy behind.</summary>
    private static byte[] ToPem(byte[] pkcs8)
    {
        int length = PemEncoding.GetEncodedSize(KeyLabel.Length, pkcs8.Length);
        char[] characters = GC.AllocateUninitializedArray<char>(length, pinned: true);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        try
        {
            PemEncoding.TryWrite(KeyLabel, pkcs8, characters, out _);
            Encoding.ASCII.GetBytes(characters, bytes);
            return bytes;
        }
        finally
        {
            Array.Clear(characters);
        }
    }
}
