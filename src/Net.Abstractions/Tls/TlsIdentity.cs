using System.Security.Cryptography.X509Certificates;

namespace Net;

/// <summary>A certificate with its private key and the intermediates that lead to a root: what this side shows in a handshake.</summary>
/// <remarks>Immutable. Rotation makes a new identity; engines cache what they derive from one by reference, so keep and reuse the same instance while it is in use.</remarks>
public sealed class TlsIdentity
{
    /// <summary>Makes an identity.</summary>
    /// <param name="certificate">The leaf certificate with its private key. The identity keeps it; do not dispose it while an engine may use it.</param>
    /// <param name="intermediates">Certificates between the leaf and the root, leaf side first; the root is not needed.</param>
    /// <param name="generation">Number of the snapshot this identity belongs to; grows with each rotation. Default 0.</param>
    /// <exception cref="ArgumentException"><paramref name="certificate"/> has no private key.</exception>
    public TlsIdentity(X509Certificate2 certificate, IEnumerable<X509Certificate2>? intermediates = null, long generation = 0)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if (!certificate.HasPrivateKey)
        {
            throw new ArgumentException($"The certificate '{certificate.Subject}' has no private key; load it together with its key.", nameof(certificate));
        }

        Certificate = certificate;
        Intermediates = intermediates?.ToArray() ?? [];
        Generation = generation;
    }

    /// <summary>The leaf certificate with its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Certificates between the leaf and the root, leaf side first.</summary>
    public IReadOnlyList<X509Certificate2> Intermediates { get; }

    /// <summary>Number of the snapshot this identity belongs to; grows with each rotation.</summary>
    public long Generation { get; }

    /// <summary>Loads an identity from PEM files.</summary>
    /// <param name="certificatePath">File with the leaf first and any intermediates after it.</param>
    /// <param name="keyPath">File with the private key, unencrypted PKCS#8, PKCS#1 or SEC1.</param>
    /// <param name="generation">Number of the snapshot. Default 0.</param>
    /// <returns>The identity.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file does not hold what it should, or the key does not belong to the certificate.</exception>
    public static TlsIdentity FromPemFiles(string certificatePath, string keyPath, long generation = 0)
    {
        X509Certificate2 leaf = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(certificatePath);
        return new TlsIdentity(leaf, all.Skip(1), generation);
    }
}
