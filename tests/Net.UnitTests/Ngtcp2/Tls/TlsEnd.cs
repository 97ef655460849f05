using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Tls;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.UnitTests.Ngtcp2.Tls;

/// <summary>One end of a QUIC connection whose TLS side is the one under test. Datagrams are carried by hand and none is lost, so no timer is needed.</summary>
internal sealed unsafe partial class TlsEnd : ITlsOwner, IDisposable
{
    private const int MaxDatagram = 1452;

    private readonly bool _isServer;
    private readonly Block* _block;
    private GCHandle _self;
    private ngtcp2_conn* _connection;
    private long _stream = -1;
    private byte[] _toSend = [];
    private readonly List<GCHandle> _submitted = [];
    private GCHandle _pinned;

    private TlsEnd(bool isServer)
    {
        _isServer = isServer;
        _self = GCHandle.Alloc(this);
        _block = (Block*)NativeMemory.AllocZeroed((nuint)sizeof(Block));
        _block->Reference.get_conn = &GetConnection;
        _block->Reference.user_data = (void*)GCHandle.ToIntPtr(_self);
        _block->Local = Address(isServer ? (ushort)443 : (ushort)50_000);
        _block->Remote = Address(isServer ? (ushort)50_000 : (ushort)443);
        _block->Path.local = new ngtcp2_addr { addr = &_block->Local, addrlen = (uint)sizeof(ngtcp2_sockaddr_in) };
        _block->Path.remote = new ngtcp2_addr { addr = &_block->Remote, addrlen = (uint)sizeof(ngtcp2_sockaddr_in) };
    }

    public TlsSession Tls { get; private set; } = null!;

    public bool IsHandshakeOver { get; private set; }

    public bool IsConfirmed { get; private set; }

    public StringBuilder Early { get; } = new();

    public StringBuilder Received { get; } = new();

    /// <summary>The alert with which this end closed.</summary>
    public int? SentAlert { get; private set; }

    /// <summary>The error other than of TLS with which reading failed; 0 for none.</summary>
    public int Error { get; private set; }

    /// <summary>The transport error code with which the peer closed.</summary>
    public ulong? ReceivedCode { get; private set; }

    public byte[] TransportParameters { get; private set; } = [];

    public List<byte[]> Tickets { get; } = [];

    public bool IsEarlyDataRefused { get; private set; }

    public static TlsEnd Connect(ConnectOptions options, SessionTicket? ticket, TlsSessionContext context, string? earlyText = null)
    {
        var end = new TlsEnd(isServer: false);
        try
        {
            end.Tls = TlsSession.CreateClient(&end._block->Reference, options, ticket, context);
            end.Tls.TicketReceived = end.Tickets.Add;
            end.MakeConnection(null);
            if (end.Tls.WasEarlyDataOffered)
            {
                fixed (byte* parameters = ticket!.TransportParameters.Span)
                {
                    Assert.AreEqual(0, ngtcp2_conn_decode_and_set_0rtt_transport_params(end._connection, parameters, (nuint)ticket.TransportParameters.Length));
                }

                if (earlyText is not null)
                {
                    end.Send(earlyText);
                }
            }

            return end;
        }
        catch
        {
            end.Dispose();
            throw;
        }
    }

    public static TlsEnd Accept(byte[] datagram, ListenOptions options, ServerTlsContext serverContext, TlsSessionContext context)
    {
        var end = new TlsEnd(isServer: true);
        fixed (byte* pointer = datagram)
        {
            ngtcp2_pkt_hd first;
            Assert.AreEqual(0, ngtcp2_accept(&first, pointer, (nuint)datagram.Length));
            end.Tls = TlsSession.CreateServer(&end._block->Reference, options, serverContext, new IPEndPoint(IPAddress.Loopback, 50_000), context);
            end.MakeConnection(&first);
            return end;
        }
    }

    /// <summary>Opens a stream and puts a text into it.</summary>
    public void Send(string text)
    {
        long stream;
        Assert.AreEqual(0, ngtcp2_conn_open_bidi_stream(_connection, &stream, null));
        _stream = stream;
        _toSend = Encoding.ASCII.GetBytes(text);
        _pinned = GCHandle.Alloc(_toSend, GCHandleType.Pinned);
    }

    /// <summary>Puts handshake bytes into the stream of CRYPTO frames, as no TLS library would.</summary>
    public void SubmitHandshake(byte[] message)
    {
        fixed (byte* pointer = message)
        {
            Assert.AreEqual(0, SubmitCryptoData(_connection, ngtcp2_encryption_level.NGTCP2_ENCRYPTION_LEVEL_1RTT, pointer, (nuint)message.Length));
        }

        // The library points to the bytes until they are acknowledged.
        _submitted.Add(GCHandle.Alloc(message, GCHandleType.Pinned));
    }

    public void Read(byte[] datagram, ulong now, Queue<byte[]> replies)
    {
        if (SentAlert is not null || ReceivedCode is not null || Error != 0)
        {
            return;
        }

        int result;
        fixed (byte* pointer = datagram)
        {
            var info = default(ngtcp2_pkt_info);
            result = ngtcp2_conn_read_pkt(_connection, &_block->Path, &info, pointer, (nuint)datagram.Length, now);
        }

        if (result == NGTCP2_ERR_DRAINING)
        {
            ReceivedCode = ngtcp2_conn_get_ccerr(_connection)->error_code;
        }
        else if (result == NGTCP2_ERR_CRYPTO)
        {
            SentAlert = Tls.Refusal.IsAccepted ? ngtcp2_conn_get_tls_alert(_connection) : Tls.Refusal.Alert;
            byte[]? close = Close((byte)SentAlert, now);
            if (close is not null)
            {
                replies.Enqueue(close);
            }
        }
        else
        {
            Error = result;
        }
    }

    public void Write(ulong now, Queue<byte[]> datagrams)
    {
        if (SentAlert is not null || ReceivedCode is not null || Error != 0)
        {
            return;
        }

        byte* buffer = stackalloc byte[MaxDatagram];
        while (true)
        {
            var info = default(ngtcp2_pkt_info);
            ngtcp2_path_storage path;
            ngtcp2_path_storage_zero(&path);
            nint accepted = -1;
            nint length;
            if (_toSend.Length > 0)
            {
                var vector = new ngtcp2_vec { @base = (byte*)_pinned.AddrOfPinnedObject(), len = (nuint)_toSend.Length };
                length = ngtcp2_conn_writev_stream(
                    _connection, &path.path, &info, buffer, MaxDatagram, &accepted, NGTCP2_WRITE_STREAM_FLAG_FIN, _stream, &vector, 1, now);
                if (accepted >= 0)
                {
                    _toSend = [];
                }
                else if (length is NGTCP2_ERR_STREAM_NOT_FOUND)
                {
                    _toSend = [];
                    continue;
                }
            }
            else
            {
                length = ngtcp2_conn_write_pkt(_connection, &path.path, &info, buffer, MaxDatagram, now);
            }

            Assert.IsGreaterThanOrEqualTo(0, length, Ngtcp2Errors.Describe((int)length));
            if (length == 0)
            {
                return;
            }

            datagrams.Enqueue(new ReadOnlySpan<byte>(buffer, (int)length).ToArray());
        }
    }

    public SessionTicket Ticket(int index) => new(Tickets[index], TransportParameters, DateTimeOffset.UnixEpoch);

    public void Dispose()
    {
        ngtcp2_conn_del(_connection);
        _connection = null;
        Tls?.Dispose();
        if (_self.IsAllocated)
        {
            _self.Free();
            NativeMemory.Free(_block);
        }

        if (_pinned.IsAllocated)
        {
            _pinned.Free();
        }

        _submitted.ForEach(static handle => handle.Free());
        _submitted.Clear();
    }

    private static ngtcp2_sockaddr_in Address(ushort port) => new()
    {
        sin_family = 2,
        sin_port = (ushort)IPAddress.HostToNetworkOrder((short)port),
        sin_addr = 0x0100007f,
    };

    private byte[]? Close(byte alert, ulong now)
    {
        byte* buffer = stackalloc byte[MaxDatagram];
        ngtcp2_path_storage path;
        ngtcp2_path_storage_zero(&path);
        var info = default(ngtcp2_pkt_info);
        ngtcp2_ccerr error;
        ngtcp2_ccerr_set_tls_alert(&error, alert, null, 0);
        nint length = ngtcp2_conn_write_connection_close(_connection, &path.path, &info, buffer, MaxDatagram, &error, now);
        return length > 0 ? new ReadOnlySpan<byte>(buffer, (int)length).ToArray() : null;
    }

    private void MakeConnection(ngtcp2_pkt_hd* first)
    {
        ngtcp2_settings settings;
        ngtcp2_settings_default(&settings);
        settings.initial_ts = 1;
        ngtcp2_transport_params parameters;
        ngtcp2_transport_params_default(&parameters);
        parameters.initial_max_data = 1 << 20;
        parameters.initial_max_stream_data_bidi_remote = 64 << 10;
        parameters.initial_max_stream_data_bidi_local = 64 << 10;
        parameters.initial_max_streams_bidi = 8;
        var callbacks = default(ngtcp2_callbacks);
        CryptoCallbacks.Fill(&callbacks);
        callbacks.rand = &FillRandom;
        callbacks.get_new_connection_id = &GetNewConnectionId;
        callbacks.handshake_completed = &OnHandshakeCompleted;
        callbacks.handshake_confirmed = &OnHandshakeConfirmed;
        callbacks.recv_stream_data = &OnStreamData;
        callbacks.tls_early_data_rejected = &OnEarlyDataRejected;
        var own = new ngtcp2_cid(RandomNumberGenerator.GetBytes(16));
        void* user = _block->Reference.user_data;
        ngtcp2_conn* connection;
        int result;
        if (_isServer)
        {
            callbacks.recv_crypto_data = TlsSession.ReceiveServerCryptoData;
            parameters.original_dcid = first->dcid;
            parameters.original_dcid_present = 1;
            result = ngtcp2_conn_server_new(
                &connection, &first->scid, &own, &_block->Path, first->version, &callbacks, &settings, &parameters, null, user);
        }
        else
        {
            var other = new ngtcp2_cid(RandomNumberGenerator.GetBytes(18));
            result = ngtcp2_conn_client_new(
                &connection, &other, &own, &_block->Path, NGTCP2_PROTO_VER_V1, &callbacks, &settings, &parameters, null, user);
        }

        Assert.AreEqual(0, result);
        _connection = connection;
        ngtcp2_conn_set_tls_native_handle(connection, Tls.Handle);
    }

    private int HandleHandshakeCompleted()
    {
        IsHandshakeOver = true;
        if (_isServer)
        {
            Tls.SendTicket();
            return 0;
        }

        byte* buffer = stackalloc byte[512];
        nint length = ngtcp2_conn_encode_0rtt_transport_params(_connection, buffer, 512);
        TransportParameters = new ReadOnlySpan<byte>(buffer, (int)length).ToArray();
        return 0;
    }

    [LibraryImport(NativeLibraryNames.Ngtcp2, EntryPoint = "ngtcp2_conn_submit_crypto_data")]
    private static partial int SubmitCryptoData(ngtcp2_conn* connection, ngtcp2_encryption_level level, byte* data, nuint length);

    private static TlsEnd From(void* user) => (TlsEnd)GCHandle.FromIntPtr((nint)user).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static ngtcp2_conn* GetConnection(ngtcp2_crypto_conn_ref* reference) => From(reference->user_data)._connection;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void FillRandom(byte* destination, nuint length, ngtcp2_rand_ctx* context) =>
        RandomNumberGenerator.Fill(new Span<byte>(destination, (int)length));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetNewConnectionId(ngtcp2_conn* connection, ngtcp2_cid* id, byte* token, nuint length, void* user)
    {
        *id = new ngtcp2_cid(RandomNumberGenerator.GetBytes((int)length));
        RandomNumberGenerator.Fill(new Span<byte>(token, NGTCP2_STATELESS_RESET_TOKENLEN));
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnHandshakeCompleted(ngtcp2_conn* connection, void* user)
    {
        try
        {
            return From(user).HandleHandshakeCompleted();
        }
        catch
        {
            return NGTCP2_ERR_CALLBACK_FAILURE;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnHandshakeConfirmed(ngtcp2_conn* connection, void* user)
    {
        From(user).IsConfirmed = true;
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnStreamData(
        ngtcp2_conn* connection, uint flags, long stream, ulong offset, byte* data, nuint length, void* user, void* streamUser)
    {
        TlsEnd end = From(user);
        StringBuilder target = (flags & NGTCP2_STREAM_DATA_FLAG_0RTT) != 0 ? end.Early : end.Received;
        target.Append(Encoding.ASCII.GetString(data, (int)length));
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnEarlyDataRejected(ngtcp2_conn* connection, void* user)
    {
        From(user).IsEarlyDataRefused = true;
        return 0;
    }

    /// <summary>What native code keeps pointers to.</summary>
    private struct Block
    {
        public ngtcp2_crypto_conn_ref Reference;
        public ngtcp2_sockaddr_in Local;
        public ngtcp2_sockaddr_in Remote;
        public ngtcp2_path Path;
    }
}
