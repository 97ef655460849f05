using Microsoft.Win32.SafeHandles;

namespace Net.Ngtcp2.Interop;

/// <summary>Owns a guard against replayed early data (RFC 8446 section 8). Servers with one ticket key share one guard.</summary>
internal sealed unsafe class GnuTlsAntiReplayHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    internal GnuTlsAntiReplayHandle()
        : base(ownsHandle: true)
    {
    }

    /// <summary>The native object, valid while this handle is open.</summary>
    internal gnutls_anti_replay_st* Pointer => (gnutls_anti_replay_st*)handle;

    /// <summary>Makes a guard.</summary>
    /// <param name="windowMilliseconds">How far a ClientHello's age may differ from what its ticket says.</param>
    /// <param name="add">
    /// Adds a key to the database: 0 when it is new, GNUTLS_E_DB_ENTRY_EXISTS when it was seen. No exception may leave it.
    /// </param>
    /// <param name="state">
    /// First argument of <paramref name="add"/>; it must stay valid until this handle and every session with it are freed.
    /// </param>
    /// <exception cref="GnuTlsException">There is no memory.</exception>
    internal static GnuTlsAntiReplayHandle Create(
        uint windowMilliseconds, delegate* unmanaged[Cdecl]<void*, long, gnutls_datum_t*, gnutls_datum_t*, int> add, void* state)
    {
        var created = new GnuTlsAntiReplayHandle();
        gnutls_anti_replay_st* antiReplay;
        GnuTlsException.ThrowIfError(GnuTlsNative.gnutls_anti_replay_init(&antiReplay), nameof(GnuTlsNative.gnutls_anti_replay_init));
        created.SetHandle((nint)antiReplay);
        GnuTlsNative.gnutls_anti_replay_set_window(antiReplay, windowMilliseconds);
        GnuTlsNative.gnutls_anti_replay_set_add_function(antiReplay, add);
        GnuTlsNative.gnutls_anti_replay_set_ptr(antiReplay, state);
        return created;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        GnuTlsNative.gnutls_anti_replay_deinit(Pointer);
        return true;
    }
}
