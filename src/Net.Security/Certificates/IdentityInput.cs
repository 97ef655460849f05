using System.Security.Cryptography.X509Certificates;
using Net.Security.Internal;

namespace Net.Security;

/// <summary>Where one identity (certificate, key, intermediates) comes from. Immutable; a source makes its own reader of it.</summary>
public abstract class IdentityInput
{
    private protected IdentityInput()
    {
    }

    /// <summary>PEM files: the leaf first and any intermediates after it, and the private key as PKCS#8, PKCS#1 or SEC1, or as encrypted PKCS#8 with a password.</summary>
    /// <param name="certificatePath">The certificate file. Both may be the same file.</param>
    /// <param name="keyPath">The key file.</param>
    /// <param name="password">The password of an encrypted key, or <c>null</c> when it is not encrypted.</param>
    /// <returns>The input.</returns>
    /// <exception cref="ArgumentException">A path is empty or holds a NUL character.</exception>
    public static IdentityInput FromPemFiles(string certificatePath, string keyPath, CertificatePassword? password = null)
    {
        CheckPath(certificatePath, nameof(certificatePath));
        CheckPath(keyPath, nameof(keyPath));
        return new PemFileInput(certificatePath, keyPath, password);
    }

    /// <summary>A PKCS#12 file (.pfx, .p12) with one certificate that has a key, and any intermediates.</summary>
    /// <param name="path">The file.</param>
    /// <param name="password">Its password, or <c>null</c> when it has none.</param>
    /// <returns>The input.</returns>
    /// <exception cref="ArgumentException">The path is empty or holds a NUL character.</exception>
    public static IdentityInput FromPfxFile(string path, CertificatePassword? password = null)
    {
        CheckPath(path, nameof(path));
        return new PfxFileInput(path, password);
    }

    /// <summary>
    /// A store of the system. It is looked at every <see cref="CertificateSourceOptions.SlowInterval"/>; of several certificates that match and are valid, the one that was issued last counts,
    /// so that a renewed one is put beside the old one.
    /// </summary>
    /// <param name="name">The store.</param>
    /// <param name="location">Whose store.</param>
    /// <param name="find">A SHA-1 or SHA-256 fingerprint in hexadecimal, or a DNS name that the certificate holds, or its whole subject.</param>
    /// <returns>The input.</returns>
    /// <exception cref="ArgumentException"><paramref name="find"/> is empty.</exception>
    public static IdentityInput FromStore(StoreName name, StoreLocation location, string find)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(find);
        return new StoreInput(name, location, find);
    }

    /// <summary>A callback, such as to a key vault. It is asked every <see cref="CertificateSourceOptions.SlowInterval"/> and on each reload; a failure keeps what was there.</summary>
    /// <param name="load">Gives the identity; its generation is not used, and it stays valid for as long as connections use it.</param>
    /// <returns>The input. A source with it is opened by <see cref="CertificateSource.OpenAsync"/>.</returns>
    public static IdentityInput FromCallback(Func<CancellationToken, ValueTask<TlsIdentity>> load)
    {
        ArgumentNullException.ThrowIfNull(load);
        return new CallbackInput(load);
    }

    /// <summary>Makes a reader for one source.</summary>
    internal abstract IdentityReader CreateReader(CertificateSourceOptions options);

    internal static void CheckPath(string path, string parameter)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path, parameter);
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("The path holds a NUL character; it would end there.", parameter);
        }
    }
}
