using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Streams;
using Net.Ngtcp2.Udp;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

// What callbacks recorded, acted on once the native call has returned.
internal sealed unsafe partial class ConnectionDriver
{
    private const int MaxTransportParameters = 256;
    private bool _offersEarlyData;
    private bool _earlyDataSettled;
    private bool _isConfirmed;
    private bool _isReported;
    private PendingPing? _ping;
    private readonly List<TaskCompletionSource<int>> _keyUpdates = [];

    // A server's handshake is confirmed when it is complete (RFC 9001, section 4.1.2).
    internal bool IsConfirmed => IsServer ? IsHandshakeCompleted : _isConfirmed;
    private bool _isPingArmed;
    private bool _isPingDue;

    private void HandleRecordedEvents()
    {
        if (_earlyKeyEvent)
        {
            HandleEarlyKey();
        }

        if (_earlyDataRejectedEvent)
        {
            HandleEarlyDataRejected();
        }

        if (_handshakeCompletedEvent)
        {
            _handshakeCompletedEvent = false;
            HandleHandshakeCompleted();
        }

        if (_handshakeConfirmedEvent && !IsEnded)
        {
            _handshakeConfirmedEvent = false;
            _isConfirmed = true;
            ReportWhenAccepted();
        }

        if (IsEnded)
        {
            return;
        }

        HandleNewPeerStreams();
        HandleTickets();
        if (_creditEvent)
        {
            _creditEvent = false;
            UpdateStreamCredit();
        }

        UnblockConnection();
        HandlePathEvents();
        if (_ping is { } ping && ping.HandleReceived(_host.Now, _bytesReceived))
        {
            _ping = null;
        }
    }

    private void HandleHandshakeCompleted()
    {
        CheckResumedPeer();
        if (IsEnded)
        {
            return;
        }

        IsHandshakeCompleted = true;
        CarryOutPostponed();
        TolerateIdCountedTwice();
        if (_offersEarlyData && !_earlyDataSettled)
        {
            _earlyDataSettled = true;
            _connection.SetEarlyData(ngtcp2_conn_get_tls_early_data_rejected(_native) != 0 ? EarlyDataStatus.Rejected : EarlyDataStatus.Accepted);
        }

        PublishStatistics();
        _connection.SetHandshakeFacts(Tls, (QuicVersion)ngtcp2_conn_get_negotiated_version(_native), LocalAddress, RemoteAddress);
        _told = (LocalAddress, RemoteAddress);
        UpdateStreamCredit();
        if (IsServer)
        {
            SendNewToken();
            _endpoint.HandleHandshakeEnded(this);
        }

        ReportWhenAccepted();
    }

    // Certificate checks are not repeated by TLS on resumption, on either side; the trust may have changed since the ticket was made.
    private void CheckResumedPeer()
    {
        if (Tls.IsResumed && !Tls.ReverifyResumedPeer())
        {
            EndWithTlsAlert();
        }
    }

    // A client whose certificate was asked for is only through when the server has judged it, which its confirmation tells (RFC 9001, section 4.1.2).
    private void ReportWhenAccepted()
    {
        if (_isReported || !IsHandshakeCompleted || (!IsServer && Tls.ServerAskedForCertificate && !_isConfirmed))
        {
            return;
        }

        _isReported = true;
        _connection.HandleHandshakeCompleted(_host.Now - _started);
        if (IsServer)
        {
            _endpoint.Deliver(this);
        }
    }

    private void HandleEarlyKey()
    {
        _earlyKeyEvent = false;
        if (IsServer)
        {
            // The bytes that come under this key may be read before the handshake is over: whoever sent them is judged now.
            CheckResumedPeer();
            if (!IsEnded)
            {
                _connection.SetEarlyData(EarlyDataStatus.Accepted);
                _connection.SetHandshakeFacts(Tls, (QuicVersion)ngtcp2_conn_get_negotiated_version(_native), LocalAddress, RemoteAddress);
            }
        }
        else if (_offersEarlyData)
        {
            _connection.SetEarlyData(EarlyDataStatus.Pending);
            UpdateStreamCredit();
            _connection.HandleEarlyDataPossible(Tls.ApplicationProtocol);
        }
    }

    // The server discarded what came early, and the library has forgotten those streams (RFC 9001, section 4.6.2).
    private void HandleEarlyDataRejected()
    {
        _earlyDataRejectedEvent = false;
        _earlyDataSettled = true;
        _sent.Forget();
        _connection.SetEarlyData(EarlyDataStatus.Rejected);
        var failure = new TransportException(TransportError.EarlyDataRejected, "The server refused 0-RTT data and discarded it unprocessed; send it again on a new stream.");
        var streams = new List<Ngtcp2Stream>(_streams.Values);
        _streams.Clear();
        foreach (Ngtcp2Stream stream in streams)
        {
            stream.Close(failure);
        }

        _connection.RestartStreamIds(failure);
    }

    private void HandleNewPeerStreams()
    {
        if (_newPeerStreams.Count == 0)
        {
            return;
        }

        if (IsServer && !_isReported)
        {
            // Early data: the connection is given to the application before its handshake is over.
            _endpoint.Deliver(this);
        }

        foreach (Ngtcp2Stream stream in _newPeerStreams)
        {
            _connection.AddPeerStream(stream);
        }

        _newPeerStreams.Clear();
    }

    private void HandleTickets()
    {
        if (_ticketSessions.Count > 0)
        {
            // Without the server's leave for early data its parameters are of no use, and their absence marks the ticket.
            byte[] parameters = new byte[MaxTransportParameters];
            nint length = 0;
            fixed (byte* bytes = parameters)
            {
                if (Tls.TicketAllowsEarlyData)
                {
                    length = ngtcp2_conn_encode_0rtt_transport_params(_native, bytes, (nuint)parameters.Length);
                }
            }

            foreach (byte[] session in _ticketSessions)
            {
                _connection.AddTicket(session, length > 0 ? parameters[..(int)length] : []);
            }

            _ticketSessions.Clear();
        }

        if (_newTokens.Count > 0)
        {
            foreach (byte[] token in _newTokens)
            {
                _connection.AddToken(token);
            }

            _newTokens.Clear();
        }
    }

    private void SendNewToken()
    {
        Span<byte> token = stackalloc byte[NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN];
        int length = _endpoint.MakeToken(token, RemoteAddress);
        fixed (byte* bytes = token)
        {
            if (length > 0)
            {
                _ = ngtcp2_conn_submit_new_token(_native, bytes, (nuint)length);
            }
        }
    }

    private void UpdateStreamCredit() =>
        _connection.SetStreamCredit((long)ngtcp2_conn_get_streams_bidi_left(_native), (long)ngtcp2_conn_get_streams_uni_left(_native));

    /// <summary>Asks for new keys, once the handshake is confirmed (RFC 9001, section 6.1). Completes with 0 or the library's error.</summary>
    internal void UpdateKeys(TaskCompletionSource<int> completion)
    {
        // The next write begins it, as the library derives the next keys when it writes. Before the handshake is confirmed its own time limit ends this wait.
        _keyUpdates.Add(completion);
        MarkDirty();
    }

    private void BeginKeyUpdate(ulong now)
    {
        int result = ngtcp2_conn_initiate_key_update(_native, now);
        foreach (TaskCompletionSource<int> waiter in _keyUpdates)
        {
            waiter.TrySetResult(result);
        }

        _keyUpdates.Clear();
        MarkDirty();
    }

    /// <summary>Sends a PING as soon as it can and completes when something came after it.</summary>
    internal void Ping(TaskCompletionSource<TimeSpan> completion)
    {
        _ping ??= new PendingPing(_host.Now, _bytesReceived);
        _ping.Waiters.Add(completion);

        ArmPing();
        UpdateTimer();
    }

    // The library sends a PING when the connection was quiet for the keep-alive time; the shortest one makes it do so at once.
    private void ArmPing()
    {
        _isPingArmed = true;
        ngtcp2_conn_set_keep_alive_timeout(_native, 1);
    }

    private void BreakSilence(ulong now)
    {
        if (now < _silence.Due)
        {
            return;
        }

        bool isWaiting = BytesInFlight() > 0 || _escape != Escape.None;
        foreach (Ngtcp2Stream stream in _streams.Values)
        {
            isWaiting |= stream.CanRead && !stream.IsReceiveEnded;
        }

        if (_silence.TryPing(now, isWaiting && IsConfirmed, _lastReceived)
            && !(_silence.WantsNewPath && (_escape != Escape.None || ngtcp2_conn_get_cwnd_left(_native) == 0) && TryLeavePath()))
        {
            ArmPing();
        }
    }

    /// <summary>Ends what waits for the connection, which is over.</summary>
    internal void FailPending(TransportException failure)
    {
        FailMigration(failure);
        foreach (TaskCompletionSource<int> waiter in _keyUpdates)
        {
            waiter.TrySetException(failure);
        }

        _keyUpdates.Clear();
        _ping?.Fail(failure);
        _ping = null;
    }

    private sealed class PendingPing(ulong started, long bytesReceived)
    {
        internal List<TaskCompletionSource<TimeSpan>> Waiters { get; } = [];

        internal bool HandleReceived(ulong now, long received)
        {
            if (received == bytesReceived)
            {
                return false;
            }

            foreach (TaskCompletionSource<TimeSpan> waiter in Waiters)
            {
                waiter.TrySetResult(TimeSpan.FromTicks((long)((now - started) / 100)));
            }

            return true;
        }

        internal void Fail(TransportException failure)
        {
            foreach (TaskCompletionSource<TimeSpan> waiter in Waiters)
            {
                waiter.TrySetException(failure);
            }
        }
    }
}
