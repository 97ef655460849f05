using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security.Internal;

/// <summary>An identity in a store of the system.</summary>
internal sealed class StoreInput(StoreName name, StoreLocation location, string find) : IdentityInput
{
    internal override IdentityReader CreateReader(CertificateSourceOptions options) => new Reader(name, location, find, options);

    private sealed class Reader(StoreName name, StoreLocation location, string find, CertificateSourceOptions options) : IdentityReader
    {
        private ObjectContent? _known;
        private long _readAt;

        internal override string Description => $"the certificate '{find}' of the store {location}/{name}";

        internal override ValueTask<IdentityContent> ReadAsync(bool isAsked, CancellationToken cancellationToken)
        {
            if (isAsked || _known is null || options.TimeProvider.GetElapsedTime(_readAt) >= options.SlowInterval)
            {
                _known = Read();
                _readAt = options.TimeProvider.GetTimestamp();
            }

            return ValueTask.FromResult<IdentityContent>(_known);
        }

        private ObjectContent Read()
        {
            try
            {
                using var store = new X509Store(name, location);
                store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
                DateTimeOffset now = options.TimeProvider.GetUtcNow();
                X509Certificate2[] found = [.. store.Certificates.Where(certificate => certificate.HasPrivateKey && Matches(certificate))];
                X509Certificate2 newest = found.Where(c => c.NotBefore.ToUniversalTime() <= now && now < c.NotAfter.ToUniversalTime()).MaxBy(static c => c.NotBefore)
                    ?? throw new CertificateSourceException(
                        CertificateFault.Unreadable,
                        $"The store {location}/{name} holds {found.Length} certificates with a key that match '{find}', and none is valid now; import a valid one with its key.");
                return new ObjectContent(newest, FindIssuers(newest));
            }
            catch (CryptographicException exception)
            {
                throw new CertificateSourceException(CertificateFault.Unreadable, $"The store {location}/{name} cannot be read: {exception.Message}", exception);
            }
        }

        private bool Matches(X509Certificate2 certificate) =>
            string.Equals(certificate.Thumbprint, find, StringComparison.OrdinalIgnoreCase)
            || string.Equals(certificate.GetCertHashString(HashAlgorithmName.SHA256), find, StringComparison.OrdinalIgnoreCase)
            || string.Equals(certificate.Subject, find, StringComparison.OrdinalIgnoreCase)
            || CertificateNames.Read(certificate).DnsNames.Contains(find, StringComparer.OrdinalIgnoreCase);

        private X509Certificate2[] FindIssuers(X509Certificate2 leaf)
        {
            using var authorities = new X509Store(StoreName.CertificateAuthority, location);
            try
            {
                authorities.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
            }
            catch (CryptographicException)
            {
                // There is no such store, so that there are no intermediates in it.
                return [];
            }

            return IdentityCheck.Order(leaf, authorities.Certificates);
        }
    }
}
