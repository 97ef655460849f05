using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Net.Ngtcp2.Interop;

/// <summary>Owns a key that encrypts session tickets, in native memory that is erased when it is freed.</summary>
internal sealed unsafe class GnuTlsTicketKey : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Length of a key in bytes; GnuTLS takes no other.</summary>
    internal const int Size = 64;

    internal GnuTlsTicketKey()
        : base(ownsHandle: true) => SetHandle((nint)NativeMemory.AllocZeroed(Size));

    /// <summary>Makes a random key.</summary>
    /// <exception cref="GnuTlsException">There is no randomness.</exception>
    internal static GnuTlsTicketKey Generate()
    {
        gnutls_datum_t generated;
        GnuTlsException.ThrowIfError(
            GnuTlsNative.gnutls_session_ticket_key_generate(&generated), nameof(GnuTlsNative.gnutls_session_ticket_key_generate));
        try
        {
            return FromBytes(new ReadOnlySpan<byte>(generated.data, (int)generated.size));
        }
        finally
        {
            GnuTlsNative.gnutls_memset(generated.data, 0, generated.size);
            GnuTlsNative.gnutls_free(generated.data);
        }
    }

    /// <summary>Copies a key that servers share.</summary>
    /// <exception cref="ArgumentException">The key does not have 64 bytes.</exception>
    internal static GnuTlsTicketKey FromBytes(ReadOnlySpan<byte> key)
    {
        if (key.Length != Size)
        {
            throw new ArgumentException($"A session ticket key has {Size} bytes, not {key.Length}.", nameof(key));
        }

        var created = new GnuTlsTicketKey();
        key.CopyTo(new Span<byte>((void*)created.handle, Size));
        return created;
    }

    /// <summary>The key as GnuTLS takes it, valid while this handle is open.</summary>
    internal gnutls_datum_t ToDatum() => new() { data = (byte*)handle, size = Size };

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        CryptographicOperations.ZeroMemory(new Span<byte>((void*)handle, Size));
        NativeMemory.Free((void*)handle);
        return true;
    }
}
