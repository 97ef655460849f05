using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Net.Ngtcp2.Interop;

namespace Net.Ngtcp2.Tls;

/// <summary>The TLS side of one connection. Used by the loop that owns the connection, and by nobody else.</summary>
/// <remarks>
/// <para>A server's options are chosen when the ClientHello has been read as far as name and application protocol, and before tickets and early data in it are looked at:
/// GnuTLS calls its post-client-hello function just there. So certificate, client certificate mode, ticket key and anti-replay guard all follow the name the client asked for.</para>
/// <para>GnuTLS does not judge the peer of a resumed session. This class does it: on a server when the ClientHello has been answered, for which the connection
/// takes <see cref="ReceiveServerCryptoData"/> as its callback or calls <see cref="ReverifyResumedPeer"/> itself before it gives early data away; on a client when the session is set,
/// and again before its Finished is written.</para>
/// <para>Dispose it after the connection and before the <c>conn_ref</c> and its GCHandle are freed.</para>
/// </remarks>
internal sealed unsafe partial class TlsSession : IDisposable
{
    private readonly GnuTlsSessionHandle _session;
    private readonly TlsSessionContext _context;
    private readonly bool _isServer;
    private readonly KeyLogWriter? _keyLog;
    private ReadOnlyMemory<byte>[] _peerChain = [];
    private X509Certificate2? _peerCertificate;
    private string? _cipherSuite;
    private string? _applicationProtocol;
    private string? _serverName;
    private bool _isResumed;
    private bool _isEarlyDataAccepted;
    private bool _wasCertificateRequested;
    private bool _isDisposed;

    private TlsSession(gnutls_init_flags_t flags, ngtcp2_crypto_conn_ref* connRef, TransportOptions options, TlsSessionContext context)
    {
        _context = context;
        _isServer = flags.HasFlag(gnutls_init_flags_t.GNUTLS_SERVER);
        _session = GnuTlsSessionHandle.Create(flags);
        try
        {
            _session.SetPriority(TlsPriorities.Default);
            GnuTlsNative.gnutls_session_set_ptr(_session.Pointer, connRef);
            GnuTlsNative.gnutls_session_set_verify_function(_session.Pointer, &VerifyCallback);
            GnuTlsNative.gnutls_handshake_set_hook_function(
                _session.Pointer, GnuTlsNative.GNUTLS_HANDSHAKE_ANY, GnuTlsNative.GNUTLS_HOOK_BOTH, &MessageCallback);
            SetApplicationProtocols(options.ApplicationProtocols);
            if (options.KeyLogFile is string path)
            {
                _keyLog = KeyLogWriter.Open(path);
                GnuTlsNative.gnutls_session_set_keylog_function(_session.Pointer, &KeyLogCallback);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Takes the session of each ticket that arrives on a client, for <see cref="SessionTicket.Session"/>. Called on the loop, in the middle of reading.</summary>
    public Action<byte[]>? TicketReceived { get; set; }

    /// <summary>Client: whether the ticket given to <see cref="TicketReceived"/> last allows early data, so that transport parameters belong beside it.</summary>
    public bool TicketAllowsEarlyData { get; private set; }

    /// <summary>The native handle, owned by this object, for a connection that keeps it alive.</summary>
    public GnuTlsSessionHandle Session => _session;

    /// <summary>The native session, for <c>ngtcp2_conn_set_tls_native_handle</c>; valid until disposed.</summary>
    public void* Handle => _session.Pointer;

    /// <summary>Whether the session is resumed; known when the ServerHello was read or written.</summary>
    public bool IsResumed => _isDisposed ? _isResumed : GnuTlsNative.gnutls_session_is_resumed(_session.Pointer) != 0;

    /// <summary>The registered name of the cipher suite; <c>null</c> before it is agreed on.</summary>
    public string? CipherSuite => _isDisposed ? _cipherSuite : ReadCipherSuite();

    /// <summary>On a client the name that was sent as SNI, on a server the one that was received; <c>null</c> when there is none.</summary>
    public string? ServerName => _serverName;

    /// <summary>The agreed application protocol. While a client's early data waits for the server: that of the ticket. <c>null</c> before.</summary>
    public string? ApplicationProtocol => _applicationProtocol ?? ReadApplicationProtocol() ?? (WasEarlyDataOffered ? _resumption?.ApplicationProtocol : null);

    /// <summary>The chain as the peer sent it, or as the resumed session remembers it; DER, leaf first; empty when there is none.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> PeerChain => _peerChain;

    /// <summary>The peer's leaf certificate, parsed at the first call; <c>null</c> when there is none. It outlives this object.</summary>
    public X509Certificate2? PeerCertificate =>
        _peerCertificate ??= _peerChain.Length == 0 ? null : X509CertificateLoader.LoadCertificate(_peerChain[0].Span);

    /// <summary>The policy's refusal of the peer, with the alert to close with; accepted while there is none.</summary>
    public PeerCertificateVerdict Refusal { get; private set; }

    /// <summary>Why the handshake failed on this side, in words, when it was not for the peer's certificate: unknown name, no common protocol, a callback that threw.</summary>
    public string? FailureDetail { get; private set; }

    /// <summary>What code threw that the handshake called, the application's selector above all; <c>null</c> while nothing did.</summary>
    public Exception? CallbackFailure { get; private set; }

    /// <summary>Client: whether the server asked for a certificate.</summary>
    public bool ServerAskedForCertificate =>
        _isDisposed ? _wasCertificateRequested : !_isServer && GnuTlsNative.gnutls_certificate_client_get_request_status(_session.Pointer) != 0;

    /// <summary>Generation of the identity that this side shows; 0 without one, and on a server before it is chosen.</summary>
    public long IdentityGeneration { get; private set; }

    /// <summary>Client: whether early data is offered, so that the transport parameters of the ticket are to be set.</summary>
    public bool WasEarlyDataOffered { get; private set; }

    /// <summary>Whether the server accepts the early data. Known on a server when the ClientHello is answered, on a client at the end of the handshake.</summary>
    public bool IsEarlyDataAccepted => _isDisposed
        ? _isEarlyDataAccepted
        : ((gnutls_session_flags_t)GnuTlsNative.gnutls_session_get_flags(_session.Pointer)).HasFlag(gnutls_session_flags_t.GNUTLS_SFLAGS_EARLY_DATA);

    /// <summary>Server: the options that were chosen for this handshake; <c>null</c> before.</summary>
    public ServerTlsOptions? ServerOptions { get; private set; }

    /// <summary>Frees the session. What its properties told stays readable. May be called twice.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isResumed = IsResumed;
        _isEarlyDataAccepted = IsEarlyDataAccepted;
        _wasCertificateRequested = ServerAskedForCertificate;
        _cipherSuite = ReadCipherSuite();
        _applicationProtocol ??= ReadApplicationProtocol();
        _isDisposed = true;
        TicketReceived = null;
        _session.Dispose();
        _keyLog?.Dispose();
    }

    // Not by gnutls_ciphersuite_get, which reads through a null pointer before the handshake has begun.
    private string? ReadCipherSuite() => Marshal.PtrToStringUTF8((nint)GnuTlsNative.gnutls_cipher_get_name(GnuTlsNative.gnutls_cipher_get(_session.Pointer))) switch
    {
        "AES-128-GCM" => "TLS_AES_128_GCM_SHA256",
        "AES-256-GCM" => "TLS_AES_256_GCM_SHA384",
        "CHACHA20-POLY1305" => "TLS_CHACHA20_POLY1305_SHA256",
        _ => null,
    };

    private string? ReadApplicationProtocol()
    {
        gnutls_datum_t protocol;
        if (_isDisposed || GnuTlsNative.gnutls_alpn_get_selected_protocol(_session.Pointer, &protocol) < 0)
        {
            return null;
        }

        string selected = Encoding.ASCII.GetString(protocol.data, (int)protocol.size);
        _applicationProtocol = selected;
        return selected;
    }
}
