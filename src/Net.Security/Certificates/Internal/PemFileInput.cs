using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security.Internal;

/// <summary>An identity in PEM files.</summary>
internal sealed class PemFileInput(string certificatePath, string keyPath, CertificatePassword? password) : IdentityInput
{
    internal override IdentityReader CreateReader(CertificateSourceOptions options) => new Reader(
        new SourceFile(certificatePath, options.BaseDirectory, options.MaxFileSize),
        new SourceFile(keyPath, options.BaseDirectory, options.MaxFileSize),
        password,
        password?.Path is string path ? new SourceFile(path, options.BaseDirectory, options.MaxFileSize) : null,
        options.TimeProvider);

    private sealed class Reader(SourceFile certificate, SourceFile key, CertificatePassword? password, SourceFile? passwordFile, TimeProvider timeProvider) : IdentityReader
    {
        private const string EncryptedKey = "ENCRYPTED PRIVATE KEY";

        internal override string Description => $"the certificate '{certificate.Path}' with the key '{key.Path}'";

        internal override ValueTask<IdentityContent> ReadAsync(bool isAsked, CancellationToken cancellationToken)
        {
            byte[][] files = [certificate.Read(timeProvider), key.Read(timeProvider), passwordFile?.Read(timeProvider) ?? []];
            return ValueTask.FromResult<IdentityContent>(new FileContent(files, Parse));
        }

        private (X509Certificate2 Leaf, IReadOnlyList<X509Certificate2> Others) Parse(byte[][] files)
        {
            List<X509Certificate2> certificates = PemText.Certificates(certificate.Path, PemText.Decode(certificate.Path, files[0]));
            string keyText = PemText.Decode(key.Path, files[1]);
            using AsymmetricAlgorithm privateKey = LoadKey(certificates[0], keyText, files[2]);
            try
            {
                return (privateKey is RSA rsa ? certificates[0].CopyWithPrivateKey(rsa) : certificates[0].CopyWithPrivateKey((ECDsa)privateKey), certificates[1..]);
            }
            catch (Exception exception) when (exception is ArgumentException or CryptographicException)
            {
                throw new CertificateSourceException(
                    CertificateFault.KeyMismatch,
                    $"The key '{key.Path}' does not belong to the first certificate of '{certificate.Path}' ('{PeerText.Clean(certificates[0].Subject)}', serial {certificates[0].SerialNumber}). Write both files of the same pair, the leaf first.",
                    exception);
            }
        }

        private AsymmetricAlgorithm LoadKey(X509Certificate2 leaf, string text, byte[] passwordContent)
        {
            AsymmetricAlgorithm privateKey = KeyKind.Create(leaf, certificate.Path);
            try
            {
                if (text.Contains($"-----BEGIN {EncryptedKey}-----", StringComparison.Ordinal))
                {
                    if (password is null)
                    {
                        throw new CertificateSourceException(CertificateFault.Password, $"The key '{key.Path}' is encrypted and no password is given; give one ({nameof(CertificatePassword)}), or a key that is not encrypted.");
                    }

                    privateKey.ImportFromEncryptedPem(text, password.Get(passwordContent));
                }
                else
                {
                    privateKey.ImportFromPem(text);
                }

                return privateKey;
            }
            catch (ArgumentException exception)
            {
                privateKey.Dispose();
                throw new CertificateSourceException(
                    CertificateFault.Malformed, $"The file '{key.Path}' holds no single private key of the certificate's kind ({KeyKind.Describe(leaf)}) in PEM form: PKCS#8, PKCS#1 or SEC1.", exception);
            }
            catch (CryptographicException exception)
            {
                privateKey.Dispose();
                throw password is null
                    ? new CertificateSourceException(CertificateFault.Malformed, $"The key '{key.Path}' cannot be read as one of the certificate's kind ({KeyKind.Describe(leaf)}): {exception.Message}", exception)
                    : new CertificateSourceException(CertificateFault.Password, $"The key '{key.Path}' cannot be decrypted: the password is wrong, or the file is damaged.", exception);
            }
            catch
            {
                privateKey.Dispose();
                throw;
            }
        }
    }
}
