using System.Net;
using System.Text;
using Net.Ngtcp2.Interop;

namespace Net.Ngtcp2.Tls;

// How sessions come about.
internal sealed unsafe partial class TlsSession
{
    /// <summary>GnuTLS keeps eight names of 31 bytes.</summary>
    private const int MaxApplicationProtocols = 8;

    private const int MaxApplicationProtocolLength = 31;

    private ConnectOptions? _connectOptions;
    private ServerTlsContext? _serverContext;
    private IPEndPoint? _remoteEndPoint;
    private ResumptionData? _resumption;

    // Server: whether the hello that is being read can be answered by a ServerHello; set before GnuTLS looks into it.
    private bool _needsNoRetry;

    /// <summary>Makes the session of a client.</summary>
    /// <param name="connRef">Leads to the connection and to an <see cref="ITlsOwner"/>; it must outlive the session.</param>
    /// <param name="options">Where the client connects, and its TLS snapshot.</param>
    /// <param name="ticket">
    /// A ticket for resumption, or <c>null</c>. It is left aside when it is of another kind or was got under another identity, when none of the offered protocols is its own,
    /// or when the policy no longer accepts the server of that session.
    /// </param>
    /// <param name="context">What the engine provides.</param>
    /// <returns>The session.</returns>
    /// <exception cref="ArgumentException">GnuTLS cannot take the identity or the application protocols.</exception>
    /// <exception cref="IOException">The key log file cannot be opened.</exception>
    /// <exception cref="GnuTlsException">There is no memory.</exception>
    public static TlsSession CreateClient(ngtcp2_crypto_conn_ref* connRef, ConnectOptions options, SessionTicket? ticket, TlsSessionContext context)
    {
        if (ticket is not null
            && ResumptionData.TryParse(ticket.Session, out ResumptionData? resumption)
            && resumption.Owner == TlsCredentials.Fingerprint(options.Tls.Identity)
            && options.ApplicationProtocols.Contains(resumption.ApplicationProtocol))
        {
            bool isEarly = options.AllowEarlyData && resumption.AllowsEarlyData && !ticket.TransportParameters.IsEmpty;
            TlsSession resumed = NewClient(connRef, options, context, isEarly);
            try
            {
                if (resumed.TryResume(resumption))
                {
                    resumed.WasEarlyDataOffered = isEarly;
                    return resumed;
                }
            }
            catch
            {
                resumed.Dispose();
                throw;
            }

            resumed.Dispose();
        }

        return NewClient(connRef, options, context, isEarly: false);
    }

    /// <summary>Makes the session of a server. Its TLS options are chosen when the client's hello has come.</summary>
    /// <param name="connRef">Leads to the connection and to an <see cref="ITlsOwner"/>; it must outlive the session.</param>
    /// <param name="options">The listener's options.</param>
    /// <param name="serverContext">What is shared by the sessions of the listener.</param>
    /// <param name="remote">Where the client's first datagram came from.</param>
    /// <param name="context">What the engine provides.</param>
    /// <returns>The session.</returns>
    /// <exception cref="ArgumentException">GnuTLS cannot take the application protocols.</exception>
    /// <exception cref="IOException">The key log file cannot be opened.</exception>
    /// <exception cref="GnuTlsException">There is no memory.</exception>
    public static TlsSession CreateServer(
        ngtcp2_crypto_conn_ref* connRef, ListenOptions options, ServerTlsContext serverContext, IPEndPoint remote, TlsSessionContext context)
    {
        // Whether early data is allowed is known only with the client's name, and this flag cannot be set then. Without an anti-replay guard GnuTLS refuses
        // all early data, and the hook for outgoing tickets takes the permission out of them.
        const gnutls_init_flags_t Flags = gnutls_init_flags_t.GNUTLS_SERVER | gnutls_init_flags_t.GNUTLS_ENABLE_EARLY_DATA
            | gnutls_init_flags_t.GNUTLS_NO_AUTO_SEND_TICKET | gnutls_init_flags_t.GNUTLS_NO_END_OF_EARLY_DATA | gnutls_init_flags_t.GNUTLS_NO_TICKETS;
        var session = new TlsSession(Flags, connRef, options, context)
        {
            _serverContext = serverContext,
            _remoteEndPoint = remote,
        };
        try
        {
            gnutls_session_int* native = session._session.Pointer;
            GnuTlsNative.gnutls_handshake_set_post_client_hello_function(native, &ClientHelloCallback);
            GnuTlsNative.gnutls_db_set_cache_expiration(native, ServerTlsState.TicketLifetimeSeconds);
            GnuTlsException.ThrowIfError(
                GnuTlsNative.gnutls_record_set_max_early_data_size(native, uint.MaxValue), nameof(GnuTlsNative.gnutls_record_set_max_early_data_size));
            ThrowIfNotConfigured(Ngtcp2Native.ngtcp2_crypto_gnutls_configure_server_session(native));
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Checks that GnuTLS can take the application protocols, which it limits more than the options do.</summary>
    /// <param name="names">The names.</param>
    /// <exception cref="ArgumentException">There are too many, or one is too long.</exception>
    public static void ThrowIfUnsupported(IReadOnlyList<string> names)
    {
        if (names.Count > MaxApplicationProtocols)
        {
            throw new ArgumentException($"There are {names.Count} application protocols; the ngtcp2 engine takes at most {MaxApplicationProtocols}, as GnuTLS does.", nameof(names));
        }

        if (names.FirstOrDefault(static name => name.Length > MaxApplicationProtocolLength) is string tooLong)
        {
            throw new ArgumentException($"The application protocol '{tooLong}' has {tooLong.Length} bytes; the ngtcp2 engine takes at most {MaxApplicationProtocolLength}, as GnuTLS does.", nameof(names));
        }
    }

    private static TlsSession NewClient(ngtcp2_crypto_conn_ref* connRef, ConnectOptions options, TlsSessionContext context, bool isEarly)
    {
        // GnuTLS would make a key for a second group, too, which hardly a server ever chooses, and which costs as much as a signature. One that knows the second alone asks for it with a
        // HelloRetryRequest, a round trip more; that would end early data, so that a hello with early data holds both.
        gnutls_init_flags_t flags = gnutls_init_flags_t.GNUTLS_CLIENT | gnutls_init_flags_t.GNUTLS_NO_END_OF_EARLY_DATA
            | gnutls_init_flags_t.GNUTLS_FORCE_CLIENT_CERT | (isEarly ? gnutls_init_flags_t.GNUTLS_ENABLE_EARLY_DATA : gnutls_init_flags_t.GNUTLS_KEY_SHARE_TOP);
        var session = new TlsSession(flags, connRef, options, context)
        {
            _connectOptions = options,
            _serverName = TlsServerName.ForExtension(options.EffectiveServerName),
            IdentityGeneration = options.Tls.Identity?.Generation ?? 0,
        };
        try
        {
            session._session.SetCredentials(options.Tls.Identity is TlsIdentity identity ? TlsCredentials.Get(identity) : TlsCredentials.None);
            session.SetServerName();
            ThrowIfNotConfigured(Ngtcp2Native.ngtcp2_crypto_gnutls_configure_client_session(session._session.Pointer));
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static void ThrowIfNotConfigured(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException("The TLS session could not be joined to QUIC: libngtcp2_crypto_gnutls refused it, which happens when memory is short.");
        }
    }

    private void SetServerName()
    {
        if (_serverName is null)
        {
            return;
        }

        byte[] name = Encoding.ASCII.GetBytes(_serverName);
        fixed (byte* pointer = name)
        {
            GnuTlsException.ThrowIfError(
                GnuTlsNative.gnutls_server_name_set(_session.Pointer, gnutls_server_name_type_t.GNUTLS_NAME_DNS, pointer, (nuint)name.Length),
                nameof(GnuTlsNative.gnutls_server_name_set));
        }
    }

    private void SetApplicationProtocols(IReadOnlyList<string> names)
    {
        ThrowIfUnsupported(names);
        byte* bytes = stackalloc byte[MaxApplicationProtocols * MaxApplicationProtocolLength];
        gnutls_datum_t* datums = stackalloc gnutls_datum_t[MaxApplicationProtocols];
        for (int i = 0; i < names.Count; i++)
        {
            datums[i].data = bytes;
            datums[i].size = (uint)Encoding.ASCII.GetBytes(names[i], new Span<byte>(bytes, MaxApplicationProtocolLength));
            bytes += datums[i].size;
        }

        const gnutls_alpn_flags_t Flags = gnutls_alpn_flags_t.GNUTLS_ALPN_MANDATORY | gnutls_alpn_flags_t.GNUTLS_ALPN_SERVER_PRECEDENCE;
        GnuTlsException.ThrowIfError(
            GnuTlsNative.gnutls_alpn_set_protocols(_session.Pointer, datums, (uint)names.Count, (uint)Flags), nameof(GnuTlsNative.gnutls_alpn_set_protocols));
    }

    /// <summary>Gives a client session what it needs to resume, unless the server of that session would be refused today.</summary>
    private bool TryResume(ResumptionData resumption)
    {
        fixed (byte* data = resumption.Session.Span)
        {
            if (GnuTlsNative.gnutls_session_set_data(_session.Pointer, data, (nuint)resumption.Session.Length) < 0)
            {
                return false;
            }
        }

        _resumption = resumption;

        // The chain becomes that of the peer only when the server has agreed to resume.
        return Judge(resumption.PeerChain, isResumption: true).IsAccepted;
    }
}
