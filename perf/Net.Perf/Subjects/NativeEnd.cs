using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Net.Ngtcp2.Interop;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Perf.Subjects;

/// <summary>One end of a QUIC connection over the native library alone: no engine, no socket, no thread. Its datagrams are carried from memory to memory.</summary>
internal sealed unsafe class NativeEnd : IDisposable
{
    /// <summary>The largest datagram that either end writes.</summary>
    internal const int MaxDatagram = NGTCP2_MAX_UDP_PAYLOAD_SIZE;

    private const string Priorities = "%DISABLE_TLS13_COMPAT_MODE:NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM";
    private readonly State* _state;
    private readonly GnuTlsSessionHandle _session;
    private readonly NgConnectionHandle _connection;

    private NativeEnd(bool isServer, GnuTlsCredentialsHandle credentials, ngtcp2_pkt_hd* first)
    {
        _state = (State*)NativeMemory.AllocZeroed((nuint)sizeof(State));
        _state->Reference.get_conn = &GetConnection;
        _state->Reference.user_data = _state;
        _state->Local = Address(isServer ? (ushort)443 : (ushort)50_000);
        _state->Remote = Address(isServer ? (ushort)50_000 : (ushort)443);
        _state->Path.local = new ngtcp2_addr { addr = &_state->Local, addrlen = (uint)sizeof(ngtcp2_sockaddr_in) };
        _state->Path.remote = new ngtcp2_addr { addr = &_state->Remote, addrlen = (uint)sizeof(ngtcp2_sockaddr_in) };
        _session = CreateSession(isServer, credentials, &_state->Reference);
        _connection = new NgConnectionHandle(_state->Connection = CreateConnection(isServer, first, _state), _session);
    }

    /// <summary>Bytes of streams that came.</summary>
    internal long Received => _state->Received;

    /// <summary>Whether the handshake is over on both sides, as far as this one knows.</summary>
    internal bool IsConfirmed => _state->IsConfirmed != 0;

    /// <summary>The one clock of all ends, nanoseconds.</summary>
    internal static ulong Now => (ulong)(Stopwatch.GetTimestamp() * (1_000_000_000.0 / Stopwatch.Frequency));

    internal static NativeEnd Connect(GnuTlsCredentialsHandle credentials) => new(isServer: false, credentials, null);

    internal static NativeEnd Accept(GnuTlsCredentialsHandle credentials, ReadOnlySpan<byte> datagram)
    {
        fixed (byte* pointer = datagram)
        {
            ngtcp2_pkt_hd first;
            Ngtcp2Exception.ThrowIfError(ngtcp2_accept(&first, pointer, (nuint)datagram.Length), nameof(ngtcp2_accept));
            return new NativeEnd(isServer: true, credentials, &first);
        }
    }

    internal long OpenStream()
    {
        long stream;
        Ngtcp2Exception.ThrowIfError(ngtcp2_conn_open_bidi_stream(_state->Connection, &stream, null), nameof(ngtcp2_conn_open_bidi_stream));
        return stream;
    }

    /// <summary>Takes a datagram.</summary>
    internal void Read(ReadOnlySpan<byte> datagram)
    {
        fixed (byte* pointer = datagram)
        {
            var info = default(ngtcp2_pkt_info);
            Ngtcp2Exception.ThrowIfError(
                ngtcp2_conn_read_pkt(_state->Connection, &_state->Path, &info, pointer, (nuint)datagram.Length, Now), nameof(ngtcp2_conn_read_pkt));
        }
    }

    /// <summary>Writes a datagram of whatever is due, and of a stream.</summary>
    /// <param name="datagram">Room for it.</param>
    /// <param name="stream">The stream; -1: none.</param>
    /// <param name="data">Its bytes, which stay where they are until this is disposed.</param>
    /// <param name="length">How many there are; fewer are left when not all went into the datagram.</param>
    /// <returns>The datagram's bytes; 0 when nothing is due.</returns>
    internal int Write(Span<byte> datagram, long stream, byte* data, ref int length)
    {
        ngtcp2_path_storage path;
        ngtcp2_path_storage_zero(&path);
        var info = default(ngtcp2_pkt_info);
        var vector = new ngtcp2_vec { @base = data, len = (nuint)length };
        nint accepted = -1;
        ulong now = Now;
        nint written;
        fixed (byte* pointer = datagram)
        {
            written = ngtcp2_conn_writev_stream(
                _state->Connection, &path.path, &info, pointer, (nuint)datagram.Length, &accepted, NGTCP2_WRITE_STREAM_FLAG_NONE, stream, &vector, stream < 0 ? 0u : 1u, now);
        }

        Ngtcp2Exception.ThrowIfError(written, nameof(ngtcp2_conn_writev_stream));
        ngtcp2_conn_update_pkt_tx_time(_state->Connection, now);
        length -= (int)Math.Max(0, accepted);
        return (int)written;
    }

    /// <summary>Does what a timer would have done that is due.</summary>
    /// <returns>Whether one was.</returns>
    internal bool HandleExpiry()
    {
        ulong now = Now;
        if (ngtcp2_conn_get_expiry(_state->Connection) > now)
        {
            return false;
        }

        Ngtcp2Exception.ThrowIfError(ngtcp2_conn_handle_expiry(_state->Connection, now), nameof(ngtcp2_conn_handle_expiry));
        return true;
    }

    public void Dispose()
    {
        _connection.Dispose();
        _session.Dispose();
        NativeMemory.Free(_state);
    }

    private static ngtcp2_sockaddr_in Address(ushort port) => new()
    {
        sin_family = 2,
        sin_port = (ushort)System.Net.IPAddress.HostToNetworkOrder((short)port),
        sin_addr = 0x0100007f,
    };

    private static GnuTlsSessionHandle CreateSession(bool isServer, GnuTlsCredentialsHandle credentials, ngtcp2_crypto_conn_ref* reference)
    {
        var session = GnuTlsSessionHandle.Create((isServer ? gnutls_init_flags_t.GNUTLS_SERVER : gnutls_init_flags_t.GNUTLS_CLIENT) | gnutls_init_flags_t.GNUTLS_NO_SIGNAL);
        using var priority = GnuTlsPriorityHandle.Parse(Priorities);
        session.SetPriority(priority);
        session.SetCredentials(credentials);
        int configured = isServer ? ngtcp2_crypto_gnutls_configure_server_session(session.Pointer) : ngtcp2_crypto_gnutls_configure_client_session(session.Pointer);
        GnuTlsException.ThrowIfError(configured, nameof(ngtcp2_crypto_gnutls_configure_client_session));
        GnuTlsNative.gnutls_session_set_ptr(session.Pointer, reference);
        fixed (byte* name = "net/1"u8)
        {
            var protocol = new gnutls_datum_t { data = name, size = 5 };
            GnuTlsException.ThrowIfError(
                GnuTlsNative.gnutls_alpn_set_protocols(session.Pointer, &protocol, 1, (uint)gnutls_alpn_flags_t.GNUTLS_ALPN_MANDATORY), nameof(GnuTlsNative.gnutls_alpn_set_protocols));
        }

        return session;
    }

    private static ngtcp2_conn* CreateConnection(bool isServer, ngtcp2_pkt_hd* first, State* state)
    {
        ngtcp2_settings settings;
        ngtcp2_settings_default(&settings);
        settings.initial_ts = Now;
        ngtcp2_transport_params parameters;
        ngtcp2_transport_params_default(&parameters);
        parameters.initial_max_data = 1 << 20;
        parameters.initial_max_stream_data_bidi_local = parameters.initial_max_stream_data_bidi_remote = 64 << 10;
        parameters.initial_max_streams_bidi = 1;
        var callbacks = default(ngtcp2_callbacks);
        CryptoCallbacks.Fill(&callbacks);
        callbacks.rand = &FillRandom;
        callbacks.get_new_connection_id = &GetNewConnectionId;
        callbacks.handshake_confirmed = &OnHandshakeConfirmed;
        callbacks.recv_stream_data = &OnStreamData;
        var own = new ngtcp2_cid(RandomNumberGenerator.GetBytes(16));
        ngtcp2_conn* connection;
        int result;
        if (isServer)
        {
            parameters.original_dcid = first->dcid;
            parameters.original_dcid_present = 1;
            result = ngtcp2_conn_server_new(&connection, &first->scid, &own, &state->Path, first->version, &callbacks, &settings, &parameters, null, state);
        }
        else
        {
            var other = new ngtcp2_cid(RandomNumberGenerator.GetBytes(18));
            result = ngtcp2_conn_client_new(&connection, &other, &own, &state->Path, NGTCP2_PROTO_VER_V1, &callbacks, &settings, &parameters, null, state);
        }

        Ngtcp2Exception.ThrowIfError(result, "ngtcp2_conn_new");
        return connection;
    }

    // The callbacks have nothing in them that throws, but for an operating system that has no random numbers, which ends the program in any case.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static ngtcp2_conn* GetConnection(ngtcp2_crypto_conn_ref* reference) => ((State*)reference->user_data)->Connection;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void FillRandom(byte* dest, nuint destlen, ngtcp2_rand_ctx* context) => RandomNumberGenerator.Fill(new Span<byte>(dest, (int)destlen));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetNewConnectionId(ngtcp2_conn* conn, ngtcp2_cid* cid, byte* token, nuint cidlen, void* user)
    {
        Span<byte> id = stackalloc byte[(int)cidlen];
        RandomNumberGenerator.Fill(id);
        *cid = new ngtcp2_cid(id);
        RandomNumberGenerator.Fill(new Span<byte>(token, NGTCP2_STATELESS_RESET_TOKENLEN));
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnHandshakeConfirmed(ngtcp2_conn* conn, void* user)
    {
        ((State*)user)->IsConfirmed = 1;
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnStreamData(ngtcp2_conn* conn, uint flags, long stream, ulong offset, byte* data, nuint datalen, void* user, void* streamUser)
    {
        ((State*)user)->Received += (long)datalen;
        ngtcp2_conn_extend_max_offset(conn, datalen);
        return ngtcp2_conn_extend_max_stream_offset(conn, stream, datalen) == 0 ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
    }

    /// <summary>What native code keeps pointers to.</summary>
    private struct State
    {
        public ngtcp2_crypto_conn_ref Reference;
        public ngtcp2_sockaddr_in Local;
        public ngtcp2_sockaddr_in Remote;
        public ngtcp2_path Path;
        public ngtcp2_conn* Connection;
        public long Received;
        public int IsConfirmed;
    }
}
