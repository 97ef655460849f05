using Microsoft.Win32.SafeHandles;

namespace Net.Ngtcp2.Interop;

/// <summary>Owns a set of certificate, key and trusted authorities. Sessions of any thread may share it once it is filled.</summary>
internal sealed unsafe class GnuTlsCredentialsHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    internal GnuTlsCredentialsHandle()
        : base(ownsHandle: true)
    {
    }

    /// <summary>The native object, valid while this handle is open.</summary>
    internal gnutls_certificate_credentials_st* Pointer => (gnutls_certificate_credentials_st*)handle;

    /// <summary>Makes an empty set.</summary>
    /// <exception cref="GnuTlsException">There is no memory.</exception>
    internal static GnuTlsCredentialsHandle Create()
    {
        var created = new GnuTlsCredentialsHandle();
        gnutls_certificate_credentials_st* credentials;
        GnuTlsException.ThrowIfError(
            GnuTlsNative.gnutls_certificate_allocate_credentials(&credentials), nameof(GnuTlsNative.gnutls_certificate_allocate_credentials));
        created.SetHandle((nint)credentials);
        return created;
    }

    /// <summary>Adds a certificate chain and its key. Both are copied; erase the key afterwards.</summary>
    /// <param name="chain">The chain, leaf first; in DER the leaf alone.</param>
    /// <param name="key">The private key, not encrypted.</param>
    /// <param name="format">Encoding of both.</param>
    /// <exception cref="GnuTlsException">They cannot be read, or do not belong together (GNUTLS_E_CERTIFICATE_KEY_MISMATCH).</exception>
    internal void AddKeyPair(ReadOnlySpan<byte> chain, ReadOnlySpan<byte> key, gnutls_x509_crt_fmt_t format)
    {
        fixed (byte* chainPointer = chain)
        fixed (byte* keyPointer = key)
        {
            var chainDatum = new gnutls_datum_t { data = chainPointer, size = (uint)chain.Length };
            var keyDatum = new gnutls_datum_t { data = keyPointer, size = (uint)key.Length };
            GnuTlsException.ThrowIfError(
                GnuTlsNative.gnutls_certificate_set_x509_key_mem2(Pointer, &chainDatum, &keyDatum, format, null, 0),
                nameof(GnuTlsNative.gnutls_certificate_set_x509_key_mem2));
        }
    }

    /// <summary>Adds authorities whose names a server offers to clients and whose certificates GnuTLS itself can judge by.</summary>
    /// <returns>How many were added.</returns>
    /// <exception cref="GnuTlsException">They cannot be read.</exception>
    internal int AddTrust(ReadOnlySpan<byte> authorities, gnutls_x509_crt_fmt_t format)
    {
        fixed (byte* pointer = authorities)
        {
            var datum = new gnutls_datum_t { data = pointer, size = (uint)authorities.Length };
            return GnuTlsException.ThrowIfError(
                GnuTlsNative.gnutls_certificate_set_x509_trust_mem(Pointer, &datum, format),
                nameof(GnuTlsNative.gnutls_certificate_set_x509_trust_mem));
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        GnuTlsNative.gnutls_certificate_free_credentials(Pointer);
        return true;
    }
}
