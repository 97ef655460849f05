using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;

namespace Net;

/// <summary>Streams of <c>net/1</c> over one TLS connection on TCP. This part: what it is, and its end.</summary>
/// <remarks>
/// <code>
///   open --CloseAsync, violation--> CLOSE written --peer's end or 1 s--> freed
///        --peer's CLOSE----------> over --rest written------------------> freed
///        --TCP lost, idle--------> over --------------------------------> freed
/// </code>
/// One loop reads, one writes. A stream that has something to send stands in a queue once, and sends one frame each time it is its turn, so that streams share the connection evenly and what is
/// queued is bounded by the number of streams. Streams have credit of their own: one that is not read holds up no other.
/// </remarks>
internal sealed partial class TcpConnection : TransportConnection
{
    internal const string EngineName = "tcp";

    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(1);

    private readonly TcpLink _link;
    private readonly TcpConnectionOptions _options;
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<ConnectionClose> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ended = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventHandler? _draining;
    private EventHandler<StreamCreditEventArgs>? _streamCreditChanged;
    private ConnectionClose? _close;
    private (long Code, string Reason)? _closeFrame;
    private ITimer? _timer;

    private TcpConnection(TcpLink link, TcpConnectionOptions options, bool isServer)
    {
        _link = link;
        _options = options;
        IsServer = isServer;
        Id = CreateId();
        _openCredit = new SemaphoreSlim(isServer ? 0 : TcpFrame.InitialStreams);
        _peerStreamLimit = isServer ? Math.Max(TcpFrame.InitialStreams, options.Limits.MaxInboundBidirectionalStreams) : 0;
        _grantsStreams = _peerStreamLimit > TcpFrame.InitialStreams;
        _lastReceived = options.TimeProvider.GetTimestamp();
    }

    public override long Id { get; }

    public override bool IsServer { get; }

    public override EngineCapabilities Capabilities => TcpEngine.ConnectionCapabilities;

    public override IPEndPoint LocalEndPoint => _link.LocalEndPoint;

    public override IPEndPoint RemoteEndPoint => _link.RemoteEndPoint;

    public override string ApplicationProtocol => _options.ApplicationProtocol;

    // An address is judged, and never sent (RFC 6066, section 3).
    public override string? ServerName => IPAddress.TryParse(_link.ServerName, out _) ? null : _link.ServerName;

    public override string? CertificateName => _link.ServerName ?? base.CertificateName;

    public override QuicVersion Version => QuicVersion.Unknown;

    public override string NetworkTransport => "tcp";

    public override string? CipherSuite => _link.CipherSuite;

    public override X509Certificate2? PeerCertificate => _link.PeerCertificate;

    public override IReadOnlyList<ReadOnlyMemory<byte>> PeerCertificateChain => _link.PeerCertificateChain;

    public override long IdentityGeneration => _link.IdentityGeneration;

    // TLS on TCP resumes by itself at times and does not tell.
    public override bool IsResumed => false;

    public override EarlyDataStatus EarlyData => EarlyDataStatus.None;

    public override Task HandshakeCompletion => Task.CompletedTask;

    public override Task<ConnectionClose> Closed => _closed.Task;

    public override int MaxDatagramSize => 0;

    public override event EventHandler<PathChangedEventArgs>? PathChanged
    {
        // A TCP connection never changes its path.
        add { }
        remove { }
    }

    public override event EventHandler<StreamCreditEventArgs>? StreamCreditChanged
    {
        add
        {
            lock (_lock)
            {
                _streamCreditChanged += value;
            }
        }

        remove
        {
            lock (_lock)
            {
                _streamCreditChanged -= value;
            }
        }
    }

    public override event EventHandler? Draining
    {
        add
        {
            lock (_lock)
            {
                _draining += value;
            }
        }

        remove
        {
            lock (_lock)
            {
                _draining -= value;
            }
        }
    }

    public override bool IsDraining => Volatile.Read(ref _close) is not null;

    /// <summary>Completes when nothing of the connection is left: both loops have ended and the socket is free.</summary>
    internal Task Finished { get; private set; } = Task.CompletedTask;

    internal TcpConnectionOptions Options => _options;

    /// <summary>Begins to carry streams over a link.</summary>
    /// <param name="link">The link; the connection owns it.</param>
    /// <param name="options">Limits and times.</param>
    /// <param name="isServer">Which side this is.</param>
    /// <param name="handshake">How long the handshake took, for the diagnostics.</param>
    internal static TcpConnection Start(TcpLink link, TcpConnectionOptions options, bool isServer, TimeSpan handshake)
    {
        var connection = new TcpConnection(link, options, isServer);
        TransportDiagnostics.HandshakeCompleted(EngineName, connection, handshake);
        _ = connection.ReadAsync();
        _ = connection.WriteAsync();
        connection.Finished = connection.FinishAsync();
        connection.StartTimer();
        return connection;
    }

    public override ValueTask<ReadOnlyMemory<byte>> ReceiveDatagramAsync(CancellationToken cancellationToken = default) => throw NoDatagrams();

    public override bool TrySendDatagram(ReadOnlySpan<byte> payload) => throw NoDatagrams();

    public override ValueTask MigrateAsync(IPEndPoint? localEndPoint = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("A TCP connection cannot move to another path; open a new one.");

    public override ValueTask UpdateKeysAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("TLS on TCP updates its keys by itself.");

    public override ValueTask CloseAsync(long errorCode, string reason = "", CancellationToken cancellationToken = default)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        ArgumentNullException.ThrowIfNull(reason);
        End(new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionClosed, errorCode, null, reason), (errorCode, reason));
        return new ValueTask(_written.Task.WaitAsync(cancellationToken));
    }

    public override async ValueTask DisposeAsync()
    {
        long code = _options.DefaultCloseErrorCode;
        End(new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionClosed, code, null, ""), (code, ""));
        await _written.Task.ConfigureAwait(false);
    }

    private static NotSupportedException NoDatagrams() => new("There are no datagrams over TCP.");

    /// <summary>Ends the connection; the first reason stands.</summary>
    /// <param name="close">How it ends.</param>
    /// <param name="frame">What the peer is to be told, or <c>null</c> when there is nobody to tell.</param>
    private void End(ConnectionClose close, (long Code, string Reason)? frame)
    {
        TcpStream[] streams;
        EventHandler? handlers;
        lock (_lock)
        {
            if (_close is not null)
            {
                return;
            }

            _closeFrame = frame;
            Volatile.Write(ref _close, close);
            streams = [.. _streams.Values];
            _streams.Clear();
            handlers = _draining;
        }

        foreach (TcpStream stream in streams)
        {
            stream.Fail(close);
        }

        FailPings(close);
        _accepted.Writer.TryComplete(close.ToException());
        _signal.Writer.TryWrite(true);
        if (handlers is not null)
        {
            ThreadPool.QueueUserWorkItem(static state => TransportEvents.Raise(EngineName, state.Handlers, state.Connection, EventArgs.Empty), (Handlers: handlers, Connection: this), preferLocal: false);
        }

        // Asynchronously, as those who wait must not go on inside this call.
        _ = _ended.CancelAsync();
        _closed.TrySetResult(close);
        TransportDiagnostics.ConnectionEnded(EngineName, IsServer);
    }

    // The socket is kept until the peer has closed too: freed with bytes unread it would be reset, and the peer might lose the CLOSE that is on its way.
    private async Task FinishAsync()
    {
        ConnectionClose close = await _closed.Task.ConfigureAwait(false);
        if (_timer is not null)
        {
            await _timer.DisposeAsync().ConfigureAwait(false);
        }

        if (close.Initiator == CloseInitiator.None)
        {
            _link.Abort();
        }

        await WaitAsync(_written.Task).ConfigureAwait(false);
        if (close.Initiator == CloseInitiator.Local)
        {
            await WaitAsync(_read.Task).ConfigureAwait(false);
        }

        _link.Abort();
        await _written.Task.ConfigureAwait(false);
        await _read.Task.ConfigureAwait(false);

        // Neither the semaphore nor the token source holds a handle, and late callers may still look at them.
        await _link.DisposeAsync().ConfigureAwait(false);
    }

    private async Task WaitAsync(Task task)
    {
        try
        {
            await task.WaitAsync(ClosingTime, _options.TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The peer reads or closes no more; the abort that follows ends the wait.
        }
    }

    [DoesNotReturn]
    private void ThrowEnded(bool isSafeToRetry) => throw Volatile.Read(ref _close)!.ToException(isSafeToRetry);
}
