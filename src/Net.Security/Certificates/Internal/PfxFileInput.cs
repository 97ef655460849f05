using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security.Internal;

/// <summary>An identity in a PKCS#12 file.</summary>
internal sealed class PfxFileInput(string path, CertificatePassword? password) : IdentityInput
{
    internal override IdentityReader CreateReader(CertificateSourceOptions options) => new Reader(
        new SourceFile(path, options.BaseDirectory, options.MaxFileSize),
        password,
        password?.Path is string file ? new SourceFile(file, options.BaseDirectory, options.MaxFileSize) : null,
        options.TimeProvider);

    private sealed class Reader(SourceFile file, CertificatePassword? password, SourceFile? passwordFile, TimeProvider timeProvider) : IdentityReader
    {
        internal override string Description => $"the PKCS#12 file '{file.Path}'";

        internal override ValueTask<IdentityContent> ReadAsync(bool isAsked, CancellationToken cancellationToken)
        {
            byte[][] files = [file.Read(timeProvider), passwordFile?.Read(timeProvider) ?? []];
            return ValueTask.FromResult<IdentityContent>(new FileContent(files, Parse));
        }

        private (X509Certificate2 Leaf, IReadOnlyList<X509Certificate2> Others) Parse(byte[][] files)
        {
            // Engines hand the key to their TLS library, so that it must be exportable. It need not touch the disk, where the system allows that.
            X509KeyStorageFlags storage = X509KeyStorageFlags.Exportable | (OperatingSystem.IsMacOS() ? 0 : X509KeyStorageFlags.EphemeralKeySet);
            X509Certificate2Collection all;
            try
            {
                all = X509CertificateLoader.LoadPkcs12Collection(files[0], password?.Get(files[1]), storage);
            }
            catch (Pkcs12LoadLimitExceededException exception)
            {
                throw new CertificateSourceException(CertificateFault.Malformed, $"The file '{file.Path}' asks for more work than is done for one file: {exception.Message}", exception);
            }
            catch (CryptographicException exception)
            {
                throw new CertificateSourceException(
                    CertificateFault.Password, $"The file '{file.Path}' cannot be opened: it is no PKCS#12 file, is damaged, or its password is {(password is null ? "missing" : "wrong")}.", exception);
            }

            X509Certificate2[] withKey = [.. all.Where(static certificate => certificate.HasPrivateKey)];
            return withKey.Length == 1
                ? (withKey[0], [.. IdentityCheck.Order(withKey[0], all.Where(certificate => !ReferenceEquals(certificate, withKey[0])))])
                : throw new CertificateSourceException(CertificateFault.Malformed, $"The file '{file.Path}' holds {withKey.Length} certificates with a key; it must hold exactly one.");
        }
    }
}
