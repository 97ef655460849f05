using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Net.Ngtcp2.Interop;

/// <summary>Owns a TLS session, and keeps credentials and anti-replay guard, to which GnuTLS only points, until the session is freed.</summary>
/// <remarks>Not for use by two threads at once. Functions of GnuTLS take <see cref="Pointer"/>.</remarks>
internal sealed unsafe class GnuTlsSessionHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly List<SafeHandle> _kept = new(capacity: 2);

    internal GnuTlsSessionHandle()
        : base(ownsHandle: true)
    {
    }

    /// <summary>The native object, valid while this handle is open.</summary>
    internal gnutls_session_int* Pointer => (gnutls_session_int*)handle;

    /// <summary>Makes a session.</summary>
    /// <exception cref="GnuTlsException">There is no memory.</exception>
    internal static GnuTlsSessionHandle Create(gnutls_init_flags_t flags)
    {
        var created = new GnuTlsSessionHandle();
        gnutls_session_int* session;
        GnuTlsException.ThrowIfError(GnuTlsNative.gnutls_init(&session, (uint)flags), nameof(GnuTlsNative.gnutls_init));
        created.SetHandle((nint)session);
        return created;
    }

    /// <summary>Chooses versions, ciphers and groups. GnuTLS counts the references of the priority string itself.</summary>
    /// <exception cref="GnuTlsException">The string cannot be used.</exception>
    internal void SetPriority(GnuTlsPriorityHandle priority) =>
        GnuTlsException.ThrowIfError(GnuTlsNative.gnutls_priority_set(Pointer, priority.Pointer), nameof(GnuTlsNative.gnutls_priority_set));

    /// <summary>Chooses certificate and trust.</summary>
    /// <remarks>May be called again while the ClientHello is looked at; the earlier ones are kept all the same.</remarks>
    /// <exception cref="GnuTlsException">There is no memory.</exception>
    /// <exception cref="ObjectDisposedException">The credentials are closed.</exception>
    internal void SetCredentials(GnuTlsCredentialsHandle credentials)
    {
        Keep(credentials);
        GnuTlsException.ThrowIfError(
            GnuTlsNative.gnutls_credentials_set(Pointer, gnutls_credentials_type_t.GNUTLS_CRD_CERTIFICATE, credentials.Pointer),
            nameof(GnuTlsNative.gnutls_credentials_set));
    }

    /// <summary>Guards the early data of a server session.</summary>
    /// <exception cref="ObjectDisposedException">The guard is closed.</exception>
    internal void EnableAntiReplay(GnuTlsAntiReplayHandle antiReplay)
    {
        Keep(antiReplay);
        GnuTlsNative.gnutls_anti_replay_enable(Pointer, antiReplay.Pointer);
    }

    /// <summary>Lets a server session issue and take tickets. The key is copied.</summary>
    /// <exception cref="GnuTlsException">The key cannot be used.</exception>
    internal void EnableTickets(GnuTlsTicketKey key)
    {
        var datum = key.ToDatum();
        GnuTlsException.ThrowIfError(
            GnuTlsNative.gnutls_session_ticket_enable_server(Pointer, &datum), nameof(GnuTlsNative.gnutls_session_ticket_enable_server));
        GC.KeepAlive(key);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        GnuTlsNative.gnutls_deinit(Pointer);
        foreach (var kept in _kept)
        {
            kept.DangerousRelease();
        }

        return true;
    }

    private void Keep(SafeHandle parent)
    {
        var added = false;
        parent.DangerousAddRef(ref added);
        _kept.Add(parent);
    }
}
