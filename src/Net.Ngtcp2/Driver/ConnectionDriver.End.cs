using System.Text;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Udp;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

// The end of a connection, whatever brings it about: one way out that tells the peer, the application and the endpoint.
internal sealed unsafe partial class ConnectionDriver
{
    private const int MaxReasonBytes = 512;
    private const int ClosePacketBytes = 1400;

    /// <summary>Closes for the application.</summary>
    internal void Close(long code, string reason)
    {
        if (!IsEnded)
        {
            EndWithApplicationError(TransportError.ConnectionClosed, code, reason);
        }
    }

    /// <summary>Ends because the caller gave up before the handshake was over, or the engine is disposed.</summary>
    internal void Abandon(string reason)
    {
        if (!IsEnded)
        {
            ngtcp2_ccerr error;
            ngtcp2_ccerr_set_transport_error(&error, NGTCP2_NO_ERROR, null, 0);
            End(new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionLost, null, null, reason), &error);
        }
    }

    /// <summary>Ends because what the connection belongs to is disposed. A server's clients are told as the application would have told them: they were closed, not lost.</summary>
    internal void Dismiss(string reason)
    {
        if (IsServer && IsHandshakeCompleted)
        {
            Close(_options.DefaultCloseErrorCode, "");
        }
        else
        {
            Abandon(reason);
        }
    }

    /// <summary>Ends an attempt whose destination said that nobody listens there. ICMP can be forged, so it only counts before the peer has answered.</summary>
    internal void HandleUnreachable(string reason)
    {
        if (!IsEnded && !IsServer && !IsHandshakeCompleted && _bytesReceived == 0)
        {
            End(new ConnectionClose(CloseInitiator.None, TransportError.ConnectFailed, null, null, reason), null);
        }
    }

    internal void EndWithTransportError(ulong code, string reason)
    {
        if (IsEnded)
        {
            return;
        }

        byte[] text = CutReason(reason);
        ngtcp2_ccerr error;
        fixed (byte* bytes = text)
        {
            ngtcp2_ccerr_set_transport_error(&error, code, bytes, (nuint)text.Length);
            End(new ConnectionClose(CloseInitiator.Local, TransportError.ProtocolViolation, null, (long)code, reason), &error);
        }
    }

    /// <summary>Ends because the peer asks for more work than a limit allows: with the code of its application where there is one for that.</summary>
    private void EndForExcess(string reason)
    {
        if (IsEnded)
        {
            return;
        }

        if (!IsHandshakeCompleted || _options is not ListenOptions server || !server.ExcessiveLoadErrorCodes.TryGetValue(_connection.ApplicationProtocol, out long code))
        {
            EndWithTransportError(NGTCP2_PROTOCOL_VIOLATION, reason);
            return;
        }

        EndWithApplicationError(TransportError.ProtocolViolation, code, reason);
    }

    private void EndWithApplicationError(TransportError kind, long code, string reason)
    {
        byte[] text = CutReason(reason);
        ngtcp2_ccerr error;
        fixed (byte* bytes = text)
        {
            ngtcp2_ccerr_set_application_error(&error, (ulong)code, bytes, (nuint)text.Length);
            End(new ConnectionClose(CloseInitiator.Local, kind, code, null, reason), &error);
        }
    }

    /// <summary>Ends this connection alone after a failure of our own code, so that the others of the loop go on.</summary>
    internal void EndAfterFailure(Exception failure)
    {
        if (IsEnded)
        {
            return;
        }

        _host.Logger.DriverFailed(_connection.Id, failure);
        ngtcp2_ccerr error;
        ngtcp2_ccerr_set_transport_error(&error, NGTCP2_INTERNAL_ERROR, null, 0);
        End(
            new ConnectionClose(
                CloseInitiator.Local, IsHandshakeCompleted ? TransportError.ConnectionLost : TransportError.ConnectFailed, null, (long)NGTCP2_INTERNAL_ERROR,
                $"{failure.GetType().Name}: {failure.Message}"),
            &error);
    }

    private void EndAfterReadError(int result)
    {
        switch (result)
        {
            case NGTCP2_ERR_DRAINING:
                End(_statelessResetEvent
                    ? new ConnectionClose(CloseInitiator.None, TransportError.ConnectionLost, null, null, "stateless reset: the peer no longer knows the connection")
                    : DescribePeerClose(), null);
                break;
            case NGTCP2_ERR_CLOSING:
            case NGTCP2_ERR_DROP_CONN:
            case NGTCP2_ERR_RETRY:
                // A server's handshake that was not worth an answer: the first packet could not be read. It is not worth remembering either, as anybody can send such packets.
                End(new ConnectionClose(CloseInitiator.None, TransportError.ConnectFailed, null, null, "the first packet could not be used"), null, lingers: false);
                break;
            case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
                End(new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectFailed, null, null, "the server speaks none of the offered QUIC versions"), null);
                break;
            case NGTCP2_ERR_CRYPTO:
                EndWithTlsAlert();
                break;
            default:
                EndWithLibraryError(result);
                break;
        }
    }

    private void EndAfterExpiryError(int result)
    {
        switch (result)
        {
            case NGTCP2_ERR_IDLE_CLOSE:
                End(new ConnectionClose(CloseInitiator.None, TransportError.ConnectionLost, null, null, "idle timeout: nothing came from the peer in time"), null);
                break;
            case NGTCP2_ERR_DRAINING:
                EndAfterReadError(result);
                break;
            case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
                End(new ConnectionClose(
                    CloseInitiator.None, TransportError.ConnectFailed, null, null, $"the handshake took longer than HandshakeTimeout ({_options.HandshakeTimeout})"), null);
                break;
            default:
                EndWithLibraryError(result);
                break;
        }
    }

    private void EndAfterWriteError(int result)
    {
        switch (result)
        {
            case NGTCP2_ERR_CRYPTO:
                EndWithTlsAlert();
                break;
            case NGTCP2_ERR_DRAINING:
                // The peer's close came in a Handshake packet after the handshake, as when a server refuses a certificate: reading such a packet does not tell.
                EndAfterReadError(result);
                break;
            default:
                EndWithLibraryError(result);
                break;
        }
    }

    private void EndWithLibraryError(int result)
    {
        if (_callbackFailure is { } failure)
        {
            EndAfterFailure(failure);
            return;
        }

        string detail = DescribeError(result);
        ngtcp2_ccerr error;
        ngtcp2_ccerr_set_liberr(&error, result, null, 0);
        TransportError kind = result is NGTCP2_ERR_NOMEM or NGTCP2_ERR_INTERNAL ? TransportError.ConnectionLost
            : IsHandshakeCompleted ? TransportError.ProtocolViolation : TransportError.ConnectFailed;
        End(new ConnectionClose(CloseInitiator.Local, kind, null, (long)error.error_code, detail), &error);
    }

    // Our own policy's verdict names the alert; otherwise TLS has chosen it.
    private void EndWithTlsAlert()
    {
        PeerCertificateVerdict verdict = _tls!.Refusal;
        byte alert = verdict.IsAccepted ? ngtcp2_conn_get_tls_alert(_native) : verdict.Alert;
        ngtcp2_ccerr error;
        ngtcp2_ccerr_set_tls_alert(&error, alert, null, 0);
        string name = TlsAlerts.Describe(alert);
        string reason = verdict.Detail ?? ((_tls.FailureDetail ?? DescribeOwnAlert(alert)) is { } detail ? $"{name}: {detail}" : name);
        TransportError kind = verdict.IsAccepted ? TlsAlerts.ToError(alert) : TransportError.CertificateRejected;
        End(new ConnectionClose(CloseInitiator.Local, kind, null, (long)error.error_code, reason), &error);
    }

    // GnuTLS raises these by itself, without asking the policy or the options.
    private string? DescribeOwnAlert(byte alert) => !IsServer ? null : alert switch
    {
        TlsAlerts.CertificateRequired => "the client sent no certificate, and ServerTlsOptions.ClientCertificateMode is Required",
        TlsAlerts.NoApplicationProtocol => "the client offered none of the protocols of ListenOptions.ApplicationProtocols",
        _ => null,
    };

    private ConnectionClose DescribePeerClose()
    {
        ngtcp2_ccerr* error = ngtcp2_conn_get_ccerr(_native);
        string reason = error->reason == null ? "" : Encoding.UTF8.GetString(new ReadOnlySpan<byte>(error->reason, (int)Math.Min(error->reasonlen, MaxReasonBytes)));
        ulong code = error->error_code;
        if (error->type == ngtcp2_ccerr_type.NGTCP2_CCERR_TYPE_APPLICATION)
        {
            return new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectionClosed, (long)code, null, reason);
        }

        if (code is >= NGTCP2_CRYPTO_ERROR and < NGTCP2_CRYPTO_ERROR + 256)
        {
            byte alert = (byte)code;
            return new ConnectionClose(
                CloseInitiator.Remote, TlsAlerts.ToError(alert), null, (long)code, reason.Length > 0 ? reason : $"the peer sent the TLS alert {TlsAlerts.Describe(alert)}");
        }

        string name = TransportErrorNames.Describe(code);
        TransportError kind = !IsHandshakeCompleted || code == NGTCP2_CONNECTION_REFUSED ? TransportError.ConnectFailed
            : code is NGTCP2_NO_ERROR or NGTCP2_INTERNAL_ERROR or NGTCP2_APPLICATION_ERROR or NGTCP2_NO_VIABLE_PATH ? TransportError.ConnectionLost : TransportError.ProtocolViolation;
        return new ConnectionClose(CloseInitiator.Remote, kind, null, (long)code, reason.Length > 0 ? $"{name}: {reason}" : name);
    }

    // The one way out. Sends the closing packet when there is one to send, tells everybody, and frees the native objects.
    private void End(ConnectionClose close, ngtcp2_ccerr* error, bool lingers = true)
    {
        if (IsEnded)
        {
            return;
        }

        if (_tls?.CallbackFailure is { } thrown)
        {
            _host.Logger.HandshakeCallbackFailed(_connection.Id, _connection.RemoteEndPoint, thrown);
        }

        // What came before the end still reaches the application.
        FlushReceived();
        IsEnded = true;
        IReadOnlyList<byte[]> closing = error == null ? [] : WriteClose(error);
        PublishStatistics();
        ulong linger = _native == null || !lingers ? 0 : 3 * ngtcp2_conn_get_pto(_native);
        var record = new ClosingRecord([.. _ids], closing, Socket, LocalAddress, RemoteAddress, _host.Now + linger)
        {
            OwnSocket = OwnSocket,
            Allowance = IsServer && RemoteAddress != _told.Remote ? (3 * _unprovedReceived) - _unprovedSent : ClosingRecord.Unlimited,
        };
        FailPending(close.ToException());
        _endpoint.Remove(this, record);
        _connection.HandleEnded(close, _host.Now - _started, _streams.Values);
        _streams.Clear();
    }

    // A server that does not know which keys the client has left puts the close into a packet for each (RFC 9000, section 10.2.3). Each packet travels in a datagram of its own:
    // there are clients that drop the rest of a datagram behind a packet whose keys they have discarded, as quiche does, and would never learn why they were refused.
    // A client's datagrams stay whole, as their Initial packets need the padding (RFC 9000, section 14.1).
    private List<byte[]> WriteClose(ngtcp2_ccerr* error)
    {
        ngtcp2_path_storage storage;
        ngtcp2_path_storage_zero(&storage);
        ngtcp2_pkt_info info;
        Span<byte> buffer = _endpoint.SendBuffer;
        nint length;
        fixed (byte* destination = buffer)
        {
            length = ngtcp2_conn_write_connection_close(_native, &storage.path, &info, destination, ClosePacketBytes, error, Advance());
        }

        if (length <= 0)
        {
            return [];
        }

        ReadOnlySpan<byte> written = buffer[..(int)length];
        List<byte[]> datagrams = IsServer ? CoalescedPackets.Split(written) : [written.ToArray()];
        foreach (byte[] datagram in datagrams)
        {
            SocketAddressBuffer remote = SocketAddresses.Read(storage.path.remote);
            NoteSent(remote, datagram.Length, 1);
            _packetsSent += CoalescedPackets.Count(datagram);
            _host.Send(SocketAddresses.SocketOf(storage.path), SocketAddresses.Read(storage.path.local), remote, info.ecn, datagram, datagram.Length);
        }

        return datagrams;
    }

    private static byte[] CutReason(string reason)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(reason);
        if (bytes.Length <= MaxReasonBytes)
        {
            return bytes;
        }

        int length = MaxReasonBytes;
        while (length > 0 && (bytes[length] & 0xC0) == 0x80)
        {
            length--;
        }

        return bytes[..length];
    }
}
