using System.Runtime.InteropServices;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Streams;
using Net.Ngtcp2.Tls;
using Net.Ngtcp2.Udp;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

/// <summary>Drives one native connection: takes datagrams and the time, gives datagrams and the next wake-up. No socket, no clock, no thread of its own.</summary>
/// <remarks>
/// All of it runs on the thread of its <see cref="EndpointDriver"/>. Native objects live from the constructor to <see cref="Free"/>, which frees the native
/// connection, then the TLS session, then the handle that callbacks find this object by, then the reference block, in that order.
/// Callbacks record; what they recorded is acted on after the native call has returned, as the library forbids its own functions in them.
/// <code>
/// Handshaking -> Open -> Ended   (close, error, idle timeout, stateless reset)
///      '------------------^
/// </code>
/// An ended connection is freed at once; a <see cref="ClosingRecord"/> answers what still arrives for it (RFC 9000, section 10.2).
/// </remarks>
internal sealed unsafe partial class ConnectionDriver : ITlsOwner
{
    // That of RFC 9002, section 6.1.2.
    private const ulong TimerGranularity = 1_000_000;

    // An acknowledgement that waits an eighth of this, and two steps of the timers more, is far from the 25 ms that the peer was told (RFC 9000, section 13.2.1).
    private const ulong ShortRtt = 8 * TimerGranularity;

    // As many probe timeouts in a row are an interruption and no stray loss.
    private const int SilentProbes = 2;
    private readonly EndpointDriver _endpoint;
    private readonly IDriverHost _host;
    private readonly TransportOptions _options;
    private readonly Ngtcp2Connection _connection;
    private readonly Dictionary<long, Ngtcp2Stream> _streams = [];
    private readonly List<ConnectionIdKey> _ids = [];
    private readonly List<ConnectionIdKey> _resetTokens = [];
    private readonly List<Ngtcp2Stream> _receiveFlushes = [];
    private readonly List<Ngtcp2Stream> _frees = [];
    private readonly List<Ngtcp2Stream> _finDoubts = [];
    private readonly List<Ngtcp2Stream> _readAborted = [];
    private readonly List<Ngtcp2Stream> _newPeerStreams = [];
    private readonly SendLine _line = new();
    private readonly ulong _started;
    private ulong _latest;
    private ulong _readAbortedCheck = ulong.MaxValue;
    private SilenceWatch _silence;
    private ngtcp2_conn* _native;
    private ngtcp2_crypto_conn_ref* _reference;
    private GCHandle _self;
    private TlsSession? _tls;
    private Exception? _callbackFailure;

    private ConnectionDriver(EndpointDriver endpoint, Ngtcp2Connection connection, bool isServer)
    {
        _endpoint = endpoint;
        _host = endpoint.Host;
        _connection = connection;
        _options = connection.Options;
        IsServer = isServer;
        _started = _host.Now;
        _bidirectionalPlaces = new PeerPlaces(_options.Limits.MaxInboundBidirectionalStreams);
        _unidirectionalPlaces = new PeerPlaces(_options.Limits.MaxInboundUnidirectionalStreams);
        _received = new ReceivedFrames(_sent);
        _resets = new RateWindow(_options.Limits.MaxResetsPerSecond);
        _controlFrames = new RateWindow(_options.Limits.MaxControlFramesPerSecond);
        _idleDatagrams = new RateWindow(_options.Limits.MaxIdleDatagramsPerSecond);
        _silence = new SilenceWatch(_options.IdleTimeout == Timeout.InfiniteTimeSpan ? ulong.MaxValue : ToNanoseconds(_options.IdleTimeout));
        _self = GCHandle.Alloc(this);
        _reference = (ngtcp2_crypto_conn_ref*)NativeMemory.AllocZeroed((nuint)sizeof(ngtcp2_crypto_conn_ref));
        _reference->get_conn = &GetNativeConnection;
        _reference->user_data = (void*)GCHandle.ToIntPtr(_self);
    }

    public TlsSession Tls => _tls ?? throw new InvalidOperationException("The TLS session is not made yet.");

    internal bool IsServer { get; }

    internal Ngtcp2Connection Connection => _connection;

    /// <summary>Place in the timer heap; -1 when not in it.</summary>
    internal int TimerIndex { get; set; } = -1;

    internal ulong TimerExpiry { get; set; } = ulong.MaxValue;

    /// <summary>Whether it stands in the list of those that may have something to send.</summary>
    internal bool IsDirty { get; set; }

    internal bool IsEnded { get; private set; }

    internal bool IsHandshakeCompleted { get; private set; }

    internal SocketAddressBuffer LocalAddress { get; private set; }

    internal SocketAddressBuffer RemoteAddress { get; private set; }

    internal int Socket { get; private set; }

    /// <summary>A socket that this connection alone uses, given back when it is over; -1 when it shares one.</summary>
    internal int OwnSocket { get; set; } = -1;

    internal IReadOnlyList<ConnectionIdKey> Ids => _ids;

    /// <summary>Begins a client's connection. The first datagram is written by the next flush.</summary>
    internal static ConnectionDriver Connect(
        EndpointDriver endpoint, Ngtcp2Connection connection, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket)
    {
        var driver = new ConnectionDriver(endpoint, connection, isServer: false);
        try
        {
            driver.InitializeClient((ConnectOptions)connection.Options, local, remote, socket);
            return driver;
        }
        catch
        {
            driver.ForgetIds();
            driver.Free();
            throw;
        }
    }

    /// <summary>Begins a server's connection for a client's first Initial packet.</summary>
    internal static ConnectionDriver Accept(
        EndpointDriver endpoint, Ngtcp2Connection connection, in InitialPacket initial, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket)
    {
        var driver = new ConnectionDriver(endpoint, connection, isServer: true);
        try
        {
            driver.InitializeServer((ListenOptions)connection.Options, initial, local, remote, socket);
            return driver;
        }
        catch
        {
            driver.ForgetIds();
            driver.Free();
            throw;
        }
    }

    /// <summary>Takes a datagram for this connection.</summary>
    internal void HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket, byte ecn)
    {
        if (IsEnded)
        {
            return;
        }

        try
        {
            Read(data, local, remote, socket, ecn);
        }
        catch (Exception exception)
        {
            EndAfterFailure(exception);
        }
    }

    private void Read(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket, byte ecn)
    {
        ulong now = Advance();
        _progress = false;
        _hasNewPacket = false;
        int silentProbes = _probeTimeouts;
        NoteReceived(data, ecn, now);
        bool isKnownPath = remote == RemoteAddress;
        if (isKnownPath)
        {
            NoteUnproved(remote, data.Length);
        }

        SocketAddressBuffer localCopy = local;
        SocketAddressBuffer remoteCopy = remote;
        ngtcp2_path path;
        SocketAddresses.Point(&path, &localCopy, &remoteCopy, socket);
        ngtcp2_pkt_info info = default;
        info.ecn = ecn;
        int result;
        _received.Clear();
        t_reader = this;
        fixed (byte* bytes = data)
        {
            result = ngtcp2_conn_read_pkt(_native, &path, &info, bytes, (nuint)data.Length, now);
        }

        t_reader = null;
        if (result != 0)
        {
            EndAfterReadError(result);
            return;
        }

        CheckControlFrames(now);
        HandleStops();

        // What nobody with the keys has sent, or not just now, is not the peer's doing: otherwise anybody who has seen an id could end the connection.
        if (_hasNewPacket && !_progress && IsHandshakeCompleted && !HasFlightShrunk() && !_idleDatagrams.TryCount(now))
        {
            EndForExcess("too many datagrams without progress");
            return;
        }

        if (silentProbes >= SilentProbes && _hasNewPacket && BytesInFlight() > 0)
        {
            // The path is back. The next probe, which alone could tell what was lost meanwhile, may be far off: its intervals have doubled. A PING is acknowledged at once.
            ArmPing();
        }

        if (_hasNewPacket)
        {
            NoteHeardAfterEscape();
        }

        AfterNativeCall();
        if (!isKnownPath && remote == RemoteAddress)
        {
            NoteUnproved(remote, data.Length);
        }
    }

    /// <summary>Does what time demands: retransmissions, probes, timeouts.</summary>
    internal void HandleExpiry(ulong now)
    {
        try
        {
            NoteExpiry(now);
            BreakSilence(now);
            int result = ngtcp2_conn_handle_expiry(_native, Advance(now));
            if (result != 0)
            {
                EndAfterExpiryError(result);
                return;
            }

            _isPingDue |= _isPingArmed;
            _isPingArmed = false;
            AfterNativeCall();
        }
        catch (Exception exception)
        {
            EndAfterFailure(exception);
        }
    }

    /// <summary>Wakes the application for what arrived in this turn. Its continuations may run inside.</summary>
    internal void FlushReceived()
    {
        for (int i = 0; i < _receiveFlushes.Count; i++)
        {
            Ngtcp2Stream stream = _receiveFlushes[i];
            stream.NeedsReceiveFlush = false;
            stream.FlushReceived();
        }

        _receiveFlushes.Clear();
        for (int i = 0; i < _frees.Count; i++)
        {
            _frees[i].FreeAcknowledged();
        }

        _frees.Clear();
    }

    /// <summary>Frees every native object. The connection must not be used afterwards.</summary>
    internal void Free()
    {
        if (_native != null)
        {
            ngtcp2_conn_del(_native);
            _native = null;
        }

        _tls?.Dispose();
        if (_self.IsAllocated)
        {
            _self.Free();
        }

        if (_reference != null)
        {
            NativeMemory.Free(_reference);
            _reference = null;
        }
    }

    private void AfterNativeCall()
    {
        if (_callbackFailure is { } failure)
        {
            // One that the library was not told of, as not every callback has a result.
            EndAfterFailure(failure);
            return;
        }

        if (_excess is { } excess)
        {
            if (_handshakeCompletedEvent)
            {
                // Both came in one datagram; the application's code for it is known once the handshake is over.
                HandleRecordedEvents();
            }

            EndForExcess(excess);
            return;
        }

        HandleRecordedEvents();
        if (!IsEnded)
        {
            MarkDirty();
        }
    }

    // The library ends the process when it is told an earlier time than before; and whoever has taken the time may do something else with the connection before it uses that.
    private ulong Advance() => Advance(_host.Now);

    private ulong Advance(ulong now) => _latest = Math.Max(_latest, now);

    private void MarkDirty() => _endpoint.MarkDirty(this);

    private void UpdateTimer()
    {
        ulong expiry = ngtcp2_conn_get_expiry(_native);

        // The library wants acknowledgements out after an eighth of the round-trip time, which on a short path is a packet and a wake-up for each packet that came.
        // A little later they ride on the answer. What is due in sending order, by pacing or on request, keeps its time, and so does everything on a path that is not short.
        bool isExact = !IsHandshakeCompleted || _smoothedRtt >= ShortRtt || _ping is not null || !_line.IsEmpty || _connection.HasDatagramsToSend;
        if (!isExact && expiry != ulong.MaxValue)
        {
            // Counted from when it was due, so that steady traffic cannot put it off again and again; and to the next full step, so that the connections of a loop share wake-ups.
            expiry = (((expiry + (TimerGranularity / 2)) / TimerGranularity) + 1) * TimerGranularity;
        }

        expiry = Math.Min(expiry, Math.Min(_readAbortedCheck, _silence.Due));
        _endpoint.Timers.Set(this, _migration is { HasBegun: false } migration ? Math.Min(expiry, migration.BeginDeadline) : expiry);
    }

    /// <summary>Takes the tokens with which the peer could reset this connection out of the endpoint's table.</summary>
    internal void ForgetResetTokens()
    {
        foreach (ConnectionIdKey token in _resetTokens)
        {
            _endpoint.RemoveResetToken(token, this);
        }

        _resetTokens.Clear();
    }

    // A token belongs to an id of the peer's, which comes into use and goes; a reset carries nothing else to find its connection by (RFC 9000, section 10.3).
    private void NoteResetToken(ReadOnlySpan<byte> token, bool isInUse)
    {
        var key = new ConnectionIdKey(token);
        if (isInUse)
        {
            _resetTokens.Add(key);
            _endpoint.AddResetToken(key, this);
        }
        else
        {
            _resetTokens.Remove(key);
            _endpoint.RemoveResetToken(key, this);
        }
    }

    private void ForgetIds()
    {
        ForgetResetTokens();
        foreach (ConnectionIdKey id in _ids)
        {
            _endpoint.RemoveId(id);
        }
    }

    private void AddId(ReadOnlySpan<byte> id)
    {
        var key = new ConnectionIdKey(id);
        _ids.Add(key);
        _endpoint.AddId(key, this);
    }
}
