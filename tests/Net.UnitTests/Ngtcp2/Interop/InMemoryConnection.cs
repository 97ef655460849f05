using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Net.Ngtcp2.Interop;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.UnitTests.Ngtcp2.Interop;

/// <summary>One end of a QUIC connection over nothing but the native declarations; its datagrams are carried by hand.</summary>
internal sealed unsafe class InMemoryConnection : IDisposable
{
    private const string Priorities =
        "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL:+GROUP-SECP256R1:%DISABLE_TLS13_COMPAT_MODE";

    private readonly Random _random;
    private GCHandle _self;
    private readonly Block* _block;
    private readonly GnuTlsSessionHandle _session;
    private readonly NgConnectionHandle _connection;

    private InMemoryConnection(bool isServer, Random random, GnuTlsCredentialsHandle credentials, ngtcp2_pkt_hd* first, ulong now)
    {
        _random = random;
        _self = GCHandle.Alloc(this);
        _block = (Block*)NativeMemory.AllocZeroed((nuint)sizeof(Block));
        _block->Reference.get_conn = &GetConnection;
        _block->Reference.user_data = (void*)GCHandle.ToIntPtr(_self);
        _block->Local = Address(isServer ? (ushort)443 : (ushort)50_000);
        _block->Remote = Address(isServer ? (ushort)50_000 : (ushort)443);
        _block->Path.local = new ngtcp2_addr { addr = &_block->Local, addrlen = (uint)sizeof(ngtcp2_sockaddr_in) };
        _block->Path.remote = new ngtcp2_addr { addr = &_block->Remote, addrlen = (uint)sizeof(ngtcp2_sockaddr_in) };
        _session = CreateSession(isServer, credentials, &_block->Reference);
        _connection = new NgConnectionHandle(CreateConnection(isServer, first, now), _session);
    }

    internal bool HandshakeCompleted { get; private set; }

    internal bool HandshakeConfirmed { get; private set; }

    internal List<byte> Received { get; } = [];

    internal bool FinReceived { get; private set; }

    internal ulong Acknowledged { get; private set; }

    internal Exception? Failure { get; private set; }

    internal ngtcp2_conn* Pointer => _connection.Pointer;

    internal gnutls_session_int* Session => _session.Pointer;

    internal static InMemoryConnection Connect(Random random, GnuTlsCredentialsHandle credentials, ulong now) =>
        new(isServer: false, random, credentials, null, now);

    internal static InMemoryConnection Accept(Random random, GnuTlsCredentialsHandle credentials, byte[] datagram, ulong now)
    {
        fixed (byte* pointer = datagram)
        {
            ngtcp2_pkt_hd first;
            Ngtcp2Exception.ThrowIfError(ngtcp2_accept(&first, pointer, (nuint)datagram.Length), nameof(ngtcp2_accept));
            return new InMemoryConnection(isServer: true, random, credentials, &first, now);
        }
    }

    internal int Read(byte[] datagram, ulong now)
    {
        fixed (byte* pointer = datagram)
        {
            var info = default(ngtcp2_pkt_info);
            return ngtcp2_conn_read_pkt(Pointer, &_block->Path, &info, pointer, (nuint)datagram.Length, now);
        }
    }

    /// <summary>Writes the next datagram, empty when there is none. What did not fit stays in <paramref name="data"/>.</summary>
    internal byte[] Write(long stream, ref ReadOnlyMemory<byte> data, bool fin, ulong now)
    {
        using var pinned = data.Pin();
        var vector = new ngtcp2_vec { @base = (byte*)pinned.Pointer, len = (nuint)data.Length };
        var buffer = stackalloc byte[NGTCP2_MAX_PMTUD_UDP_PAYLOAD_SIZE];
        ngtcp2_path_storage path;
        ngtcp2_path_storage_zero(&path);
        var info = default(ngtcp2_pkt_info);
        nint accepted = -1;
        var length = ngtcp2_conn_writev_stream(
            Pointer, &path.path, &info, buffer, NGTCP2_MAX_PMTUD_UDP_PAYLOAD_SIZE, &accepted,
            fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : NGTCP2_WRITE_STREAM_FLAG_NONE, stream, &vector, 1, now);
        if (length == NGTCP2_ERR_STREAM_DATA_BLOCKED)
        {
            // Without credit for the stream, acknowledgements and the like still go out.
            length = ngtcp2_conn_write_pkt(Pointer, &path.path, &info, buffer, NGTCP2_MAX_PMTUD_UDP_PAYLOAD_SIZE, now);
        }

        Ngtcp2Exception.ThrowIfError(length, nameof(ngtcp2_conn_writev_stream));
        ngtcp2_conn_update_pkt_tx_time(Pointer, now);
        data = data[(int)Math.Max(accepted, 0)..];
        return new ReadOnlySpan<byte>(buffer, (int)length).ToArray();
    }

    internal byte[] Close(ulong code, string reason, ulong now)
    {
        var text = Encoding.UTF8.GetBytes(reason);
        var buffer = stackalloc byte[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
        ngtcp2_path_storage path;
        ngtcp2_path_storage_zero(&path);
        var info = default(ngtcp2_pkt_info);
        ngtcp2_ccerr error;
        fixed (byte* pointer = text)
        {
            ngtcp2_ccerr_set_application_error(&error, code, pointer, (nuint)text.Length);
            var length = ngtcp2_conn_write_connection_close(Pointer, &path.path, &info, buffer, NGTCP2_MAX_UDP_PAYLOAD_SIZE, &error, now);
            Ngtcp2Exception.ThrowIfError(length, nameof(ngtcp2_conn_write_connection_close));
            return new ReadOnlySpan<byte>(buffer, (int)length).ToArray();
        }
    }

    /// <summary>Gives the session up before the connection, which is the wrong way round: the handles put it right.</summary>
    internal void DisposeSession() => _session.Dispose();

    public void Dispose()
    {
        _connection.Dispose();
        _session.Dispose();
        if (_self.IsAllocated)
        {
            _self.Free();
            NativeMemory.Free(_block);
        }
    }

    private static ngtcp2_sockaddr_in Address(ushort port) => new()
    {
        sin_family = 2,
        sin_port = (ushort)System.Net.IPAddress.HostToNetworkOrder((short)port),
        sin_addr = 0x0100007f,
    };

    private static GnuTlsSessionHandle CreateSession(bool isServer, GnuTlsCredentialsHandle credentials, ngtcp2_crypto_conn_ref* reference)
    {
        var session = GnuTlsSessionHandle.Create(
            (isServer ? gnutls_init_flags_t.GNUTLS_SERVER : gnutls_init_flags_t.GNUTLS_CLIENT) | gnutls_init_flags_t.GNUTLS_NO_SIGNAL);
        using var priority = GnuTlsPriorityHandle.Parse(Priorities);
        session.SetPriority(priority);
        session.SetCredentials(credentials);
        var configured = isServer
            ? ngtcp2_crypto_gnutls_configure_server_session(session.Pointer) : ngtcp2_crypto_gnutls_configure_client_session(session.Pointer);
        Assert.AreEqual(0, configured);
        GnuTlsNative.gnutls_session_set_ptr(session.Pointer, reference);
        fixed (byte* name = "net/1"u8)
        {
            var protocol = new gnutls_datum_t { data = name, size = 5 };
            GnuTlsException.ThrowIfError(
                GnuTlsNative.gnutls_alpn_set_protocols(session.Pointer, &protocol, 1, (uint)gnutls_alpn_flags_t.GNUTLS_ALPN_MANDATORY),
                nameof(GnuTlsNative.gnutls_alpn_set_protocols));
        }

        return session;
    }

    private ngtcp2_conn* CreateConnection(bool isServer, ngtcp2_pkt_hd* first, ulong now)
    {
        ngtcp2_settings settings;
        ngtcp2_settings_default(&settings);
        settings.initial_ts = now;
        ngtcp2_transport_params parameters;
        ngtcp2_transport_params_default(&parameters);
        parameters.initial_max_data = 1 << 20;
        parameters.initial_max_stream_data_bidi_remote = 64 << 10;
        parameters.initial_max_streams_bidi = 1;
        var callbacks = default(ngtcp2_callbacks);
        CryptoCallbacks.Fill(&callbacks);
        callbacks.rand = &FillRandom;
        callbacks.get_new_connection_id = &GetNewConnectionId;
        callbacks.handshake_completed = &OnHandshakeCompleted;
        callbacks.handshake_confirmed = &OnHandshakeConfirmed;
        callbacks.recv_stream_data = &OnStreamData;
        callbacks.acked_stream_data_offset = &OnAcknowledged;
        var own = new ngtcp2_cid(Bytes(16));
        var user = _block->Reference.user_data;
        settings.rand_ctx.native_handle = user;
        ngtcp2_conn* connection;
        int result;
        if (isServer)
        {
            parameters.original_dcid = first->dcid;
            parameters.original_dcid_present = 1;
            result = ngtcp2_conn_server_new(
                &connection, &first->scid, &own, &_block->Path, first->version, &callbacks, &settings, &parameters, null, user);
        }
        else
        {
            var other = new ngtcp2_cid(Bytes(18));
            result = ngtcp2_conn_client_new(
                &connection, &other, &own, &_block->Path, NGTCP2_PROTO_VER_V1, &callbacks, &settings, &parameters, null, user);
        }

        Ngtcp2Exception.ThrowIfError(result, "ngtcp2_conn_new");
        return connection;
    }

    private byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    private static InMemoryConnection From(void* user) => (InMemoryConnection)GCHandle.FromIntPtr((nint)user).Target!;

    private static int Run(void* user, Action<InMemoryConnection> action)
    {
        var connection = From(user);
        try
        {
            action(connection);
            return 0;
        }
        catch (Exception exception)
        {
            connection.Failure = exception;
            return NGTCP2_ERR_CALLBACK_FAILURE;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static ngtcp2_conn* GetConnection(ngtcp2_crypto_conn_ref* reference) => From(reference->user_data).Pointer;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void FillRandom(byte* dest, nuint destlen, ngtcp2_rand_ctx* context) =>
        From(context->native_handle)._random.NextBytes(new Span<byte>(dest, (int)destlen));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetNewConnectionId(ngtcp2_conn* conn, ngtcp2_cid* cid, byte* token, nuint cidlen, void* user) => Run(user, self =>
    {
        *cid = new ngtcp2_cid(self.Bytes((int)cidlen));
        self._random.NextBytes(new Span<byte>(token, NGTCP2_STATELESS_RESET_TOKENLEN));
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnHandshakeCompleted(ngtcp2_conn* conn, void* user) => Run(user, static self => self.HandshakeCompleted = true);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnHandshakeConfirmed(ngtcp2_conn* conn, void* user) => Run(user, static self => self.HandshakeConfirmed = true);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnStreamData(
        ngtcp2_conn* conn, uint flags, long stream, ulong offset, byte* data, nuint datalen, void* user, void* streamUser) => Run(user, self =>
    {
        Assert.AreEqual((ulong)self.Received.Count, offset);
        self.Received.AddRange(new ReadOnlySpan<byte>(data, (int)datalen));
        self.FinReceived |= (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
        Ngtcp2Exception.ThrowIfError(ngtcp2_conn_extend_max_stream_offset(conn, stream, datalen), "credit");
        ngtcp2_conn_extend_max_offset(conn, datalen);
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnAcknowledged(ngtcp2_conn* conn, long stream, ulong offset, ulong datalen, void* user, void* streamUser) =>
        Run(user, self => self.Acknowledged = offset + datalen);

    /// <summary>What native code keeps pointers to.</summary>
    private struct Block
    {
        public ngtcp2_crypto_conn_ref Reference;
        public ngtcp2_sockaddr_in Local;
        public ngtcp2_sockaddr_in Remote;
        public ngtcp2_path Path;
    }
}
