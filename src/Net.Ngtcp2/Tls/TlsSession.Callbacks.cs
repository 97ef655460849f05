using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Net.Ngtcp2.Interop;

namespace Net.Ngtcp2.Tls;

// What GnuTLS calls. No exception may leave these functions: it would end the process.
internal sealed unsafe partial class TlsSession
{
    /// <summary>Longest server name in the extension, a length that GnuTLS wants room for one more byte behind.</summary>
    private const int MaxServerNameLength = 255;

    /// <summary>
    /// The <c>recv_crypto_data</c> callback of server connections: that of the crypto library, and then the judging of a resumed client. A first flight may hold early data behind
    /// the ClientHello, and GnuTLS tells whose session is resumed only when it has answered the hello, so this is the one moment between both.
    /// </summary>
    /// <remarks>A refusal is NGTCP2_ERR_CRYPTO with <see cref="Refusal"/> set; the alert of the connection is 0 then.</remarks>
    public static delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_encryption_level, ulong, byte*, nuint, void*, int> ReceiveServerCryptoData => &CryptoDataCallback;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CryptoDataCallback(ngtcp2_conn* connection, ngtcp2_encryption_level level, ulong offset, byte* data, nuint length, void* user)
    {
        TlsSession? tls = null;
        try
        {
            int result = Ngtcp2Native.ngtcp2_crypto_recv_crypto_data_cb(connection, level, offset, data, length, user);
            if (result != 0)
            {
                return result;
            }

            tls = From((gnutls_session_int*)Ngtcp2Native.ngtcp2_conn_get_tls_native_handle(connection));
            return tls.ReverifyResumedPeer() ? 0 : Ngtcp2Native.NGTCP2_ERR_CRYPTO;
        }
        catch (Exception exception)
        {
            _ = Fail(tls, exception);
            return Ngtcp2Native.NGTCP2_ERR_CALLBACK_FAILURE;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int VerifyCallback(gnutls_session_int* session)
    {
        TlsSession? tls = null;
        try
        {
            tls = From(session);
            return tls.Verify();
        }
        catch (Exception exception)
        {
            return Fail(tls, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ClientHelloCallback(gnutls_session_int* session)
    {
        TlsSession? tls = null;
        try
        {
            tls = From(session);
            return tls.HandleClientHello();
        }
        catch (Exception exception)
        {
            return Fail(tls, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int MessageCallback(gnutls_session_int* session, uint type, uint when, uint incoming, gnutls_datum_t* message)
    {
        TlsSession? tls = null;
        try
        {
            bool isBefore = when == GnuTlsNative.GNUTLS_HOOK_PRE;
            switch ((gnutls_handshake_description_t)type)
            {
                case gnutls_handshake_description_t.GNUTLS_HANDSHAKE_CLIENT_HELLO when isBefore && incoming != 0:
                    tls = From(session);
                    tls._needsNoRetry = ClientHelloMessage.HasShareOfChosenGroup(new ReadOnlySpan<byte>(message->data, (int)message->size));
                    return GnuTlsNative.GNUTLS_E_SUCCESS;

                case gnutls_handshake_description_t.GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST when isBefore:
                    tls = From(session);
                    return tls.HandleRetryRequest();

                case gnutls_handshake_description_t.GNUTLS_HANDSHAKE_SERVER_HELLO when isBefore && incoming == 0:
                    tls = From(session);
                    return tls.CheckTransportParameters();

                case gnutls_handshake_description_t.GNUTLS_HANDSHAKE_CERTIFICATE_PKT when isBefore && incoming != 0:
                    tls = From(session);
                    return tls.HandleCertificate(new ReadOnlySpan<byte>(message->data, (int)message->size));

                case gnutls_handshake_description_t.GNUTLS_HANDSHAKE_FINISHED when isBefore && incoming != 0:
                    tls = From(session);
                    return tls._isServer ? tls.ToResult(tls.ReverifyResumedPeer()) : tls.HandleServerFinished();

                case gnutls_handshake_description_t.GNUTLS_HANDSHAKE_KEY_UPDATE when incoming != 0:
                    // QUIC changes keys by itself and forbids this message (RFC 9001, section 6). GnuTLS would obey it and install keys in ngtcp2 a second time,
                    // which that answers with an assertion that ends the process.
                    tls = From(session);
                    tls.FailureDetail = "The peer sent a TLS KeyUpdate message, which QUIC forbids.";
                    return GnuTlsNative.GNUTLS_E_UNEXPECTED_PACKET;

                case gnutls_handshake_description_t.GNUTLS_HANDSHAKE_NEW_SESSION_TICKET:
                    tls = From(session);
                    return tls.HandleTicket(isBefore, incoming != 0, new Span<byte>(message->data, (int)message->size));

                default:
                    return GnuTlsNative.GNUTLS_E_SUCCESS;
            }
        }
        catch (Exception exception)
        {
            return Fail(tls, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int KeyLogCallback(gnutls_session_int* session, byte* label, gnutls_datum_t* secret)
    {
        try
        {
            gnutls_datum_t client;
            gnutls_datum_t server;
            GnuTlsNative.gnutls_session_get_random(session, &client, &server);
            From(session)._keyLog?.Write(
                MemoryMarshal.CreateReadOnlySpanFromNullTerminated(label),
                new ReadOnlySpan<byte>(client.data, (int)client.size),
                new ReadOnlySpan<byte>(secret->data, (int)secret->size));
        }
        catch
        {
            // The log is a help for analysis; the connection goes on without it.
        }

        return GnuTlsNative.GNUTLS_E_SUCCESS;
    }

    private static TlsSession From(gnutls_session_int* session)
    {
        var connRef = (ngtcp2_crypto_conn_ref*)GnuTlsNative.gnutls_session_get_ptr(session);
        return ((ITlsOwner)GCHandle.FromIntPtr((nint)connRef->user_data).Target!).Tls;
    }

    private ngtcp2_conn* Connection
    {
        get
        {
            var connRef = (ngtcp2_crypto_conn_ref*)GnuTlsNative.gnutls_session_get_ptr(_session.Pointer);
            return connRef->get_conn(connRef);
        }
    }

    private static int Fail(TlsSession? tls, Exception exception)
    {
        try
        {
            if (tls is not null)
            {
                tls.CallbackFailure ??= exception;
                tls.FailureDetail ??= $"{exception.GetType().Name}: {exception.Message}";
            }
        }
        catch
        {
            // The application's own exception, which throws when it is asked what it is: the result alone ends the handshake.
        }

        return GnuTlsNative.GNUTLS_E_INTERNAL_ERROR;
    }

    private int HandleClientHello()
    {
        if (ReadApplicationProtocol() is not string protocol)
        {
            // GnuTLS refuses a client that offers other protocols by itself, but not one that offers none (RFC 9001, section 8.1).
            FailureDetail = "The client offered no application protocol (ALPN); it must offer one of those of ListenOptions.ApplicationProtocols.";
            return GnuTlsNative.GNUTLS_E_NO_APPLICATION_PROTOCOL;
        }

        string? serverName = ReadServerName();
        if (ServerOptions is not null)
        {
            // The second hello after a HelloRetryRequest must ask for the same (RFC 8446, section 4.1.2).
            return serverName == _serverName ? GnuTlsNative.GNUTLS_E_SUCCESS : GnuTlsNative.GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
        }

        _serverName = serverName;
        if (!_serverContext!.TryChoose(new ClientHello(serverName, _remoteEndPoint!), out ServerTlsOptions options, out ServerTlsState state))
        {
            FailureDetail = $"There are no TLS options for the name '{serverName}' that the client asked for.";
            return GnuTlsNative.GNUTLS_E_UNRECOGNIZED_NAME;
        }

        ServerOptions = options;
        IdentityGeneration = options.Identity.Generation;
        _session.SetCredentials(state.Credentials);
        GnuTlsNative.gnutls_certificate_server_set_request(_session.Pointer, options.ClientCertificateMode switch
        {
            ClientCertificateMode.Required => gnutls_certificate_request_t.GNUTLS_CERT_REQUIRE,
            ClientCertificateMode.Optional => gnutls_certificate_request_t.GNUTLS_CERT_REQUEST,
            _ => gnutls_certificate_request_t.GNUTLS_CERT_IGNORE,
        });
        if (state.TicketKey(options, protocol) is GnuTlsTicketKey key)
        {
            _session.EnableTickets(key);
        }

        if (state.AntiReplay is AntiReplayWindow antiReplay && _needsNoRetry)
        {
            _session.EnableAntiReplay(antiReplay.Current());
        }

        return GnuTlsNative.GNUTLS_E_SUCCESS;
    }

    /// <summary>Ends a handshake in which early data and a HelloRetryRequest meet, where ngtcp2 would end the process by an assertion.</summary>
    private int HandleRetryRequest()
    {
        if (_isServer)
        {
            // The net below ClientHelloMessage, should another version of GnuTLS choose groups otherwise.
            if (!IsEarlyDataAccepted)
            {
                return GnuTlsNative.GNUTLS_E_SUCCESS;
            }

            FailureDetail = "A HelloRetryRequest is needed after early data was accepted, which cannot be.";
            return GnuTlsNative.GNUTLS_E_NO_COMMON_KEY_SHARE;
        }

        if (!WasEarlyDataOffered)
        {
            return GnuTlsNative.GNUTLS_E_SUCCESS;
        }

        // GnuTLS would offer early data in the second hello too, which RFC 8446, section 4.1.2 forbids, and would make its key a second time.
        FailureDetail = "The server asks for another key share, which rules out early data that was offered. Connect again: the ticket is used up, so that none is offered.";
        return GnuTlsNative.GNUTLS_E_NO_COMMON_KEY_SHARE;
    }

    private int HandleCertificate(ReadOnlySpan<byte> message)
    {
        // An empty list behind an empty context (RFC 8446, section 4.4.2). GnuTLS refuses a client that must show a certificate by itself and does not ask the policy;
        // the refusal is noted here, so that this side can say why.
        if (_isServer && message.SequenceEqual((ReadOnlySpan<byte>)[0, 0, 0, 0]))
        {
            Refusal = Judge([], isResumption: false);
        }

        return ToResult(Refusal.IsAccepted);
    }

    /// <summary>
    /// Demands the peer's transport parameters (RFC 9001, section 8.2). Neither GnuTLS nor ngtcp2 misses them before ngtcp2 relies on them, by an assertion that ends the process.
    /// </summary>
    private int CheckTransportParameters()
    {
        if (Ngtcp2Native.ngtcp2_conn_get_remote_transport_params(Connection) is not null)
        {
            return GnuTlsNative.GNUTLS_E_SUCCESS;
        }

        FailureDetail = "The peer sent no QUIC transport parameters.";
        return GnuTlsNative.GNUTLS_E_MISSING_EXTENSION;
    }

    private int HandleServerFinished()
    {
        if (CheckTransportParameters() is < 0 and int error)
        {
            return error;
        }

        if (ReadApplicationProtocol() is not string protocol)
        {
            FailureDetail = "The server chose no application protocol (ALPN); it must support one of those of ConnectOptions.ApplicationProtocols.";
            return GnuTlsNative.GNUTLS_E_NO_APPLICATION_PROTOCOL;
        }

        if (WasEarlyDataOffered && !IsEarlyDataAccepted)
        {
            // Other crypto libraries of ngtcp2 tell the connection by themselves; that of GnuTLS leaves it to its user. Without it early streams would be sent again
            // as if nothing had happened, though the server's limits and identity may be others now (RFC 9001, section 4.6.2).
            if (Ngtcp2Native.ngtcp2_conn_tls_early_data_rejected(Connection) != 0)
            {
                FailureDetail = "The early data that the server refused could not be withdrawn.";
                return GnuTlsNative.GNUTLS_E_INTERNAL_ERROR;
            }
        }
        else if (WasEarlyDataOffered && protocol != _resumption!.ApplicationProtocol)
        {
            FailureDetail = $"The server took early data of protocol '{_resumption.ApplicationProtocol}' for '{protocol}'.";
            return GnuTlsNative.GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
        }

        return ToResult(ReverifyResumedPeer());
    }

    private int HandleTicket(bool isBefore, bool isIncoming, Span<byte> message)
    {
        if (_isServer)
        {
            bool isForbidden = isBefore && !isIncoming && ServerOptions is not { AllowEarlyData: true };
            return !isForbidden || NewSessionTicketMessage.TryForbidEarlyData(message) ? GnuTlsNative.GNUTLS_E_SUCCESS : GnuTlsNative.GNUTLS_E_INTERNAL_ERROR;
        }

        if (!isIncoming)
        {
            return GnuTlsNative.GNUTLS_E_SUCCESS;
        }

        // GnuTLS shows the whole message before it reads it; only afterwards the ticket is part of the session.
        return isBefore ? CheckTicket(message) : TakeTicket();
    }

    private int CheckTicket(ReadOnlySpan<byte> message)
    {
        EarlyDataPermission permission = NewSessionTicketMessage.FindEarlyData(message, out _);
        TicketAllowsEarlyData = permission == EarlyDataPermission.Allowed;
        if (permission is EarlyDataPermission.Allowed or EarlyDataPermission.Absent)
        {
            return GnuTlsNative.GNUTLS_E_SUCCESS;
        }

        FailureDetail = "The server sent a session ticket that QUIC does not allow (RFC 9001, section 4.6.1).";
        return GnuTlsNative.GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
    }

    private int TakeTicket()
    {
        gnutls_datum_t data;
        if (TicketReceived is not Action<byte[]> received || GnuTlsNative.gnutls_session_get_data2(_session.Pointer, &data) < 0)
        {
            return GnuTlsNative.GNUTLS_E_SUCCESS;
        }

        byte[] packed;
        try
        {
            byte[] session = new ReadOnlySpan<byte>(data.data, (int)data.size).ToArray();
            packed = new ResumptionData(
                ApplicationProtocol ?? "", TicketAllowsEarlyData, TlsCredentials.Fingerprint(_connectOptions!.Tls.Identity), _peerChain, session).ToArray();
        }
        finally
        {
            GnuTlsNative.gnutls_memset(data.data, 0, data.size);
            GnuTlsNative.gnutls_free(data.data);
        }

        received(packed);
        return GnuTlsNative.GNUTLS_E_SUCCESS;
    }

    private string? ReadServerName()
    {
        byte* name = stackalloc byte[MaxServerNameLength + 1];
        nuint length = MaxServerNameLength + 1;
        uint type;
        return GnuTlsNative.gnutls_server_name_get(_session.Pointer, name, &length, &type, 0) < 0
            ? null
            : Encoding.ASCII.GetString(name, (int)length);
    }
}
