using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Tls;
using Net.Ngtcp2.Udp;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

// Making the native connection: settings, transport parameters, TLS.
internal sealed unsafe partial class ConnectionDriver
{
    // Ids that the peer may hold for us at once: enough for migration and for probing several paths.
    private const ulong ActiveConnectionIds = 7;
    private const int FirstDestinationIdLength = 18;

    // Type and length before the payload of a DATAGRAM frame (RFC 9221, section 4).
    private const int DatagramFrameOverhead = 9;

    // What every path of QUIC carries (RFC 9000, section 14).
    private const int SmallestUdpPayload = 1200;

    // UDP payloads of an IPv6 packet on links of 16 KiB, 9,000 (jumbo frames), 1,500 (Ethernet), 1,492 (PPPoE), 1,420 (WireGuard), 1,380 and 1,280 bytes (the least of IPv6).
    private static ReadOnlySpan<ushort> ProbeSizes => [16_336, 8_952, 1_452, 1_444, 1_372, 1_332, 1_232];

    private static ulong ToNanoseconds(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? 0 : (ulong)time.Ticks * 100;

    private void InitializeClient(ConnectOptions options, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket)
    {
        SetPath(local, remote, socket);
        Span<byte> destination = stackalloc byte[FirstDestinationIdLength];
        _host.FillRandom(destination);
        var dcid = new ngtcp2_cid(destination);
        var scid = _endpoint.MakeId();
        uint version = (uint)_connection.FirstVersion;
        SessionTicket? ticket = _connection.TakeTicket();
        ReadOnlyMemory<byte> token = _connection.TakeToken();
        ushort* probes = stackalloc ushort[ProbeSizes.Length + 1];
        ngtcp2_settings settings = MakeSettings(probes);
        ngtcp2_transport_params parameters = MakeParameters();
        ngtcp2_callbacks callbacks = MakeCallbacks();
        SocketAddressBuffer localCopy = local;
        SocketAddressBuffer remoteCopy = remote;
        ngtcp2_path path;
        SocketAddresses.Point(&path, &localCopy, &remoteCopy, socket);
        uint* versions = stackalloc uint[options.Versions.Count];
        SetVersions(&settings, versions);
        if (_connection.FirstVersion != options.Versions[0])
        {
            // An earlier attempt was answered with a list of versions: the server is asked in the handshake whether that list was its own (RFC 9368, section 4).
            settings.original_version = (uint)options.Versions[0];
        }

        fixed (byte* tokenBytes = token.Span)
        {
            if (!token.IsEmpty)
            {
                settings.token = tokenBytes;
                settings.tokenlen = (nuint)token.Length;
                settings.token_type = ngtcp2_token_type.NGTCP2_TOKEN_TYPE_NEW_TOKEN;
            }

            ngtcp2_conn* native;
            int result = ngtcp2_conn_client_new(&native, &dcid, &scid, &path, version, &callbacks, &settings, &parameters, null, _reference->user_data);
            ThrowIfFailed(result, "ngtcp2_conn_client_new");
            _native = native;
        }

        AddId(scid.AsSpan());
        _tls = TlsSession.CreateClient(_reference, options, ticket, _endpoint.TlsContext);
        _tls.TicketReceived = session => _ticketSessions.Add(session);
        ngtcp2_conn_set_tls_native_handle(_native, _tls.Handle);
        SetKeepAlive();
        if (_tls.WasEarlyDataOffered && ticket is { TransportParameters.IsEmpty: false })
        {
            OfferEarlyData(ticket);
        }
    }

    private void OfferEarlyData(SessionTicket ticket)
    {
        fixed (byte* bytes = ticket.TransportParameters.Span)
        {
            // A server that has forgotten how to read its own old parameters only costs the early data, not the connection.
            if (ngtcp2_conn_decode_and_set_0rtt_transport_params(_native, bytes, (nuint)ticket.TransportParameters.Length) == 0)
            {
                _offersEarlyData = true;
            }
        }
    }

    private void InitializeServer(ListenOptions options, in InitialPacket initial, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket)
    {
        SetPath(local, remote, socket);
        ngtcp2_cid scid = _endpoint.MakeId();
        ngtcp2_cid clientId = initial.Header.scid;
        ushort* probes = stackalloc ushort[ProbeSizes.Length + 1];
        ngtcp2_settings settings = MakeSettings(probes);
        ngtcp2_transport_params parameters = MakeParameters();
        parameters.original_dcid = initial.OriginalId;
        parameters.original_dcid_present = 1;
        if (initial.FollowsRetry)
        {
            parameters.retry_scid = initial.Header.dcid;
            parameters.retry_scid_present = 1;
        }

        parameters.stateless_reset_token_present = 1;
        _endpoint.MakeResetToken(scid, (byte*)Unsafe.AsPointer(ref parameters.stateless_reset_token));
        if (initial.TokenType != ngtcp2_token_type.NGTCP2_TOKEN_TYPE_UNKNOWN)
        {
            settings.token = initial.Header.token;
            settings.tokenlen = initial.Header.tokenlen;
            settings.token_type = initial.TokenType;
        }

        ngtcp2_callbacks callbacks = MakeCallbacks();

        // The peer of a resumed session is judged in there, before its early data can be read.
        callbacks.recv_crypto_data = TlsSession.ReceiveServerCryptoData;
        SocketAddressBuffer localCopy = local;
        SocketAddressBuffer remoteCopy = remote;
        ngtcp2_path path;
        SocketAddresses.Point(&path, &localCopy, &remoteCopy, socket);
        uint* versions = stackalloc uint[options.Versions.Count];
        SetVersions(&settings, versions);
        ngtcp2_conn* native;
        int result = ngtcp2_conn_server_new(
            &native, &clientId, &scid, &path, initial.Header.version, &callbacks, &settings, &parameters, null, _reference->user_data);
        ThrowIfFailed(result, "ngtcp2_conn_server_new");
        _native = native;
        AddId(scid.AsSpan());

        // Until the client learns our id, its packets carry the one it chose itself.
        AddId(initial.Header.dcid.AsSpan());
        _tls = TlsSession.CreateServer(_reference, options, _endpoint.ServerTls!, remote.ToIPEndPoint(), _endpoint.TlsContext);
        ngtcp2_conn_set_tls_native_handle(_native, _tls.Handle);
        SetKeepAlive();
    }

    private void SetPath(in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket)
    {
        LocalAddress = local;
        RemoteAddress = remote;
        Socket = socket;
        _blackHole.Reset(_started);
    }

    private void SetKeepAlive()
    {
        if (_options.KeepAliveInterval != Timeout.InfiniteTimeSpan)
        {
            ngtcp2_conn_set_keep_alive_timeout(_native, ToNanoseconds(_options.KeepAliveInterval));
        }
    }

    private void SetVersions(ngtcp2_settings* settings, uint* versions)
    {
        int count = _options.Versions.Count;
        for (int i = 0; i < count; i++)
        {
            versions[i] = (uint)_options.Versions[i];
        }

        // The library copies both lists.
        settings->available_versions = versions;
        settings->available_versionslen = (nuint)count;
        settings->preferred_versions = versions;
        settings->preferred_versionslen = (nuint)count;
    }

    private ngtcp2_settings MakeSettings(ushort* probes)
    {
        Ngtcp2EngineOptions engine = _endpoint.EngineOptions;
        ngtcp2_settings settings;
        ngtcp2_settings_default(&settings);
        settings.initial_ts = _started;
        settings.rand_ctx.native_handle = _reference->user_data;
        settings.cc_algo = _options.CongestionControl switch
        {
            CongestionControl.Reno => ngtcp2_cc_algo.NGTCP2_CC_ALGO_RENO,
            CongestionControl.Bbr => ngtcp2_cc_algo.NGTCP2_CC_ALGO_BBR,
            _ => ngtcp2_cc_algo.NGTCP2_CC_ALGO_CUBIC,
        };

        // Discovery is turned off by leaving it nothing to discover: with no_pmtud the library ends the process when a client comes back to its old path.
        int largest = engine.PathMtuDiscovery ? engine.MaxUdpPayload : SmallestUdpPayload;
        settings.max_tx_udp_payload_size = (nuint)largest;
        settings.pmtud_probes = probes;
        settings.pmtud_probeslen = (nuint)FillProbes(probes, largest);
        settings.handshake_timeout = ToNanoseconds(_options.HandshakeTimeout);
        settings.ack_thresh = 2;

        // Windows do not grow by themselves: what is configured is what a peer can make us hold.
        settings.max_window = (ulong)_options.Limits.ConnectionReceiveWindow;
        settings.max_stream_window = (ulong)_options.Limits.StreamReceiveWindow;
        return settings;
    }

    // The wanted size first, as most paths carry it; then what is common below it.
    private static int FillProbes(ushort* probes, int largest)
    {
        int count = 0;
        if (largest > SmallestUdpPayload)
        {
            probes[count++] = (ushort)largest;
            foreach (ushort size in ProbeSizes)
            {
                if (size < largest)
                {
                    probes[count++] = size;
                }
            }
        }

        return count;
    }

    private ngtcp2_transport_params MakeParameters()
    {
        TransportLimits limits = _options.Limits;
        ngtcp2_transport_params parameters;
        ngtcp2_transport_params_default(&parameters);
        parameters.initial_max_stream_data_bidi_local = (ulong)limits.StreamReceiveWindow;
        parameters.initial_max_stream_data_bidi_remote = (ulong)limits.StreamReceiveWindow;
        parameters.initial_max_stream_data_uni = (ulong)limits.StreamReceiveWindow;
        parameters.initial_max_data = (ulong)limits.ConnectionReceiveWindow;
        parameters.initial_max_streams_bidi = (ulong)limits.MaxInboundBidirectionalStreams;
        parameters.initial_max_streams_uni = (ulong)limits.MaxInboundUnidirectionalStreams;
        parameters.max_idle_timeout = ToNanoseconds(_options.IdleTimeout);
        parameters.active_connection_id_limit = ActiveConnectionIds;
        parameters.max_datagram_frame_size = limits.MaxDatagramSize == 0 ? 0 : (ulong)Math.Min(65535, limits.MaxDatagramSize + DatagramFrameOverhead);
        parameters.grease_quic_bit = 1;
        return parameters;
    }

    private static void ThrowIfFailed(int result, string function)
    {
        if (result != 0)
        {
            throw new TransportException(TransportError.ConnectFailed, $"{function} failed: {DescribeError(result)}.") { NativeError = result };
        }
    }

    internal static string DescribeError(int result) => $"{Marshal.PtrToStringUTF8((nint)ngtcp2_strerror(result))} ({result})";
}
