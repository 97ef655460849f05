using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Interop;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

// What the native library calls. Each body is wrapped whole, down to finding the driver: an exception that reached C would end the process.
// The bodies only record and copy: the library forbids its read, write and delete functions in here.
internal sealed unsafe partial class ConnectionDriver
{
    private readonly List<byte[]> _ticketSessions = [];
    private readonly List<byte[]> _newTokens = [];
    private bool _handshakeCompletedEvent;
    private bool _handshakeConfirmedEvent;
    private bool _earlyDataRejectedEvent;
    private bool _statelessResetEvent;
    private bool _earlyKeyEvent;
    private bool _creditEvent;
    private bool _progress;
    private bool _hasNewPacket;
    private readonly PacketWindow _packets = new();
    private string? _excess;

    private static ngtcp2_callbacks MakeCallbacks()
    {
        ngtcp2_callbacks callbacks = default;
        CryptoCallbacks.Fill(&callbacks);
        callbacks.encrypt = &OnEncrypt;
        callbacks.decrypt = &OnDecrypt;
        callbacks.rand = &OnRandom;
        callbacks.get_new_connection_id = &OnNewConnectionId;
        callbacks.remove_connection_id = &OnRemoveConnectionId;
        callbacks.dcid_status = &OnDestinationIdStatus;
        callbacks.recv_version_negotiation = &OnVersionNegotiation;
        callbacks.handshake_completed = &OnHandshakeCompleted;
        callbacks.handshake_confirmed = &OnHandshakeConfirmed;
        callbacks.recv_stream_data = &OnStreamData;
        callbacks.acked_stream_data_offset = &OnStreamDataAcknowledged;
        callbacks.stream_open = &OnStreamOpen;
        callbacks.stream_close = &OnStreamClose;
        callbacks.stream_reset = &OnStreamReset;
        callbacks.extend_max_stream_data = &OnMoreStreamData;
        callbacks.extend_max_local_streams_bidi = &OnMoreStreams;
        callbacks.extend_max_local_streams_uni = &OnMoreStreams;
        callbacks.recv_stateless_reset = &OnStatelessReset;
        callbacks.path_validation = &OnPathValidation;
        callbacks.recv_new_token = &OnNewToken;
        callbacks.recv_datagram = &OnDatagram;
        callbacks.ack_datagram = &OnDatagramAcknowledged;
        callbacks.recv_rx_key = &OnReceiveKey;
        callbacks.recv_tx_key = &OnSendKey;
        callbacks.tls_early_data_rejected = &OnEarlyDataRejected;
        return callbacks;
    }

    private static ConnectionDriver From(void* user) => Unsafe.As<ConnectionDriver>(GCHandle.FromIntPtr((nint)user).Target!);

    // The library gives up what it was doing with this result, and the connection ends with an internal error; the others of the loop do not notice.
    private static int Fail(void* user, Exception exception)
    {
        try
        {
            From(user)._callbackFailure ??= exception;
        }
        catch
        {
            // Whose failure it is cannot be told; the result alone still ends the connection.
        }

        return NGTCP2_ERR_CALLBACK_FAILURE;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static ngtcp2_conn* GetNativeConnection(ngtcp2_crypto_conn_ref* reference)
    {
        try
        {
            return From(reference->user_data)._native;
        }
        catch (Exception exception)
        {
            // There is no result that the crypto library survives: it would write through the pointer. It is only called for connections that have a driver.
            Environment.FailFast("A TLS session was used after its connection.", exception);
            return null;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnRandom(byte* destination, nuint length, ngtcp2_rand_ctx* context)
    {
        try
        {
            From(context->native_handle)._host.FillRandom(new Span<byte>(destination, (int)length));
        }
        catch (Exception exception)
        {
            // The library asks for single bits that need not be secret and cannot be told of a failure: the driver ends the connection after the call.
            new Span<byte>(destination, (int)length).Clear();
            _ = Fail(context->native_handle, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnNewConnectionId(ngtcp2_conn* native, ngtcp2_cid* id, byte* token, nuint length, void* user)
    {
        try
        {
            ConnectionDriver driver = From(user);
            *id = driver._endpoint.MakeId();
            driver._endpoint.MakeResetToken(*id, token);
            driver.AddId(id->AsSpan());
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnRemoveConnectionId(ngtcp2_conn* native, ngtcp2_cid* id, void* user)
    {
        try
        {
            ConnectionDriver driver = From(user);
            var key = new ConnectionIdKey(id->AsSpan());
            driver._ids.Remove(key);
            driver._endpoint.RemoveId(key);
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnDestinationIdStatus(
        ngtcp2_conn* native, ngtcp2_connection_id_status_type status, ulong sequence, ngtcp2_cid* id, byte* token, void* user)
    {
        try
        {
            ConnectionDriver driver = From(user);
            bool isActive = status == ngtcp2_connection_id_status_type.NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE;
            if (isActive)
            {
                // The first one is the server's own, which the library takes into use when it has left the handshake behind.
                driver._isPastHandshake = true;
            }
            else
            {
                driver.NoteRetired(id);
            }

            if (token != null)
            {
                driver.NoteResetToken(new ReadOnlySpan<byte>(token, NGTCP2_STATELESS_RESET_TOKENLEN), isActive);
            }

            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnVersionNegotiation(ngtcp2_conn* native, ngtcp2_pkt_hd* header, uint* versions, nuint count, void* user)
    {
        try
        {
            ConnectionDriver driver = From(user);
            driver._connection.NoteVersionsOfServer(new ReadOnlySpan<uint>(versions, (int)count));
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnHandshakeCompleted(ngtcp2_conn* native, void* user)
    {
        try
        {
            ConnectionDriver driver = From(user);
            driver._handshakeCompletedEvent = true;
            driver._progress = true;
            if (driver.IsServer)
            {
                driver.Tls.SendTicket();
            }

            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnHandshakeConfirmed(ngtcp2_conn* native, void* user)
    {
        try
        {
            From(user)._handshakeConfirmedEvent = true;
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnStatelessReset(ngtcp2_conn* native, ngtcp2_pkt_stateless_reset* reset, void* user)
    {
        try
        {
            From(user)._statelessResetEvent = true;
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnPathValidation(
        ngtcp2_conn* native, uint flags, ngtcp2_path* path, ngtcp2_path* oldPath, ngtcp2_path_validation_result result, void* user)
    {
        try
        {
            // A validation that is given up for another one has neither succeeded nor failed.
            ConnectionDriver driver = From(user);
            driver._pathSucceeded |= result == ngtcp2_path_validation_result.NGTCP2_PATH_VALIDATION_RESULT_SUCCESS;
            driver._pathFailed |= result == ngtcp2_path_validation_result.NGTCP2_PATH_VALIDATION_RESULT_FAILURE;
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnNewToken(ngtcp2_conn* native, byte* token, nuint length, void* user)
    {
        try
        {
            ConnectionDriver driver = From(user);
            if (driver._newTokens.Count < 4)
            {
                driver._newTokens.Add(new ReadOnlySpan<byte>(token, (int)length).ToArray());
            }

            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnReceiveKey(ngtcp2_conn* native, ngtcp2_encryption_level level, void* user)
    {
        try
        {
            From(user)._earlyKeyEvent |= level == ngtcp2_encryption_level.NGTCP2_ENCRYPTION_LEVEL_0RTT;
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnSendKey(ngtcp2_conn* native, ngtcp2_encryption_level level, void* user)
    {
        try
        {
            From(user)._earlyKeyEvent |= level == ngtcp2_encryption_level.NGTCP2_ENCRYPTION_LEVEL_0RTT;
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnEarlyDataRejected(ngtcp2_conn* native, void* user)
    {
        try
        {
            From(user)._earlyDataRejectedEvent = true;
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }
}
