using Microsoft.Win32.SafeHandles;

namespace Net.Ngtcp2.Interop;

/// <summary>Owns a QUIC connection and keeps its TLS session until the connection is freed.</summary>
/// <remarks>
/// Not for use by two threads at once, and not to be disposed inside a callback of the connection. What the connection's user data and the
/// session's pointer lead to must outlive both.
/// </remarks>
internal sealed unsafe class NgConnectionHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly GnuTlsSessionHandle _session;

    /// <summary>Takes a connection over and gives it its TLS session.</summary>
    /// <param name="connection">What ngtcp2_conn_client_new or ngtcp2_conn_server_new made; owned from here on.</param>
    /// <param name="session">The TLS session. The caller still disposes its handle; the session ends after the connection in any case.</param>
    /// <exception cref="ObjectDisposedException">The session is closed; the connection is then freed.</exception>
    internal NgConnectionHandle(ngtcp2_conn* connection, GnuTlsSessionHandle session)
        : base(ownsHandle: true)
    {
        var added = false;
        try
        {
            session.DangerousAddRef(ref added);
        }
        finally
        {
            if (!added)
            {
                Ngtcp2Native.ngtcp2_conn_del(connection);
            }
        }

        _session = session;
        SetHandle((nint)connection);
        Ngtcp2Native.ngtcp2_conn_set_tls_native_handle(connection, session.Pointer);
    }

    /// <summary>The native object, valid while this handle is open.</summary>
    internal ngtcp2_conn* Pointer => (ngtcp2_conn*)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Ngtcp2Native.ngtcp2_conn_del(Pointer);
        _session.DangerousRelease();
        return true;
    }
}
