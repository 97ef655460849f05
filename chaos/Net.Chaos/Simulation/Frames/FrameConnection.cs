using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Net.Chaos.Simulation.Frames;

/// <summary>One side of a connection: what ngtcp2 promises to the pool, without packets. Goes on inside the simulation's steps only.</summary>
internal sealed partial class FrameConnection : TransportConnection
{
    internal const EngineCapabilities AllCapabilities =
        EngineCapabilities.Listen | EngineCapabilities.PathStatistics | EngineCapabilities.Ping | EngineCapabilities.InlineContinuations | EngineCapabilities.InjectedClock
        | EngineCapabilities.CloseReason | EngineCapabilities.ConfirmedConnect;

    private static readonly TimeSpan HostIdleTimeout = TimeSpan.FromSeconds(10);
    private readonly SimulationWorld _world;
    private readonly FrameLine _line;
    private readonly SimulatedSignal<bool> _handshake = new();
    private readonly SimulatedSignal<ConnectionClose> _closed = new();
    private readonly ITimer _handshakeTimer;
    private readonly ITimer _idleTimer;
    private readonly ITimer _keepAliveTimer;
    private readonly TimeSpan _idleTimeout;
    private readonly Queue<TaskCompletionSource<TimeSpan>> _pings = new();
    private ConnectionClose? _close;
    private TimeSpan _lastReceived;
    private bool _isOpen;
    private bool _isDraining;

    internal FrameConnection(SimulationWorld world, TransportOptions options, int host, bool isServer, FrameLine line, IPEndPoint local, IPEndPoint remote)
    {
        _world = world;
        _line = line;
        Options = options;
        Host = host;
        IsServer = isServer;
        LocalEndPoint = local;
        RemoteEndPoint = remote;
        Id = CreateId();
        _idleTimeout = isServer ? HostIdleTimeout : options.IdleTimeout;
        _lastReceived = world.Now;
        _handshakeTimer = world.Clock.CreateTimer(
            _ => End(new ConnectionClose(CloseInitiator.None, TransportError.ConnectFailed, null, null, "The handshake did not end in time.")), null,
            isServer ? Timeout.InfiniteTimeSpan : options.HandshakeTimeout, Timeout.InfiniteTimeSpan);
        _idleTimer = world.Clock.CreateTimer(_ => CheckIdle(), null, _idleTimeout, Timeout.InfiniteTimeSpan);
        TimeSpan keepAlive = isServer ? Timeout.InfiniteTimeSpan : options.KeepAliveInterval;
        _keepAliveTimer = world.Clock.CreateTimer(_ => SendPing(null), null, keepAlive, keepAlive);
    }

    public override long Id { get; }

    public override bool IsServer { get; }

    public override EngineCapabilities Capabilities => AllCapabilities;

    public override IPEndPoint LocalEndPoint { get; }

    public override IPEndPoint RemoteEndPoint { get; }

    public override string ApplicationProtocol => Options.ApplicationProtocols[0];

    public override string? ServerName => SimulatedCluster.ServerName;

    public override QuicVersion Version => QuicVersion.Unknown;

    public override string? CipherSuite => null;

    public override X509Certificate2? PeerCertificate => null;

    public override IReadOnlyList<ReadOnlyMemory<byte>> PeerCertificateChain => [];

    public override long IdentityGeneration => 0;

    public override bool IsResumed => false;

    public override EarlyDataStatus EarlyData => EarlyDataStatus.None;

    public override Task HandshakeCompletion => _handshake.Task;

    public override Task<ConnectionClose> Closed => _closed.Task;

    public override bool IsDraining => _isDraining;

    public override int MaxDatagramSize => 0;

    public override event EventHandler<PathChangedEventArgs>? PathChanged
    {
        add
        {
        }

        remove
        {
        }
    }

    public override event EventHandler? Draining;

    internal TransportOptions Options { get; }

    internal int Host { get; }

    /// <summary>The other side; <c>null</c> until it has answered.</summary>
    internal FrameConnection? Peer { get; set; }

    internal bool IsOver => _close is not null;

    /// <summary>Is told once when the connection is over.</summary>
    internal required Action<FrameConnection> Ended { get; init; }

    public override PathStatistics GetPathStatistics() => new() { ProbeTimeouts = _line.Probes };

    public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfOver();
        var ping = new TaskCompletionSource<TimeSpan>();
        SendPing(ping);
        return new ValueTask<TimeSpan>(ping.Task.WaitAsync(cancellationToken));
    }

    public override ValueTask CloseAsync(long errorCode, string reason = "", CancellationToken cancellationToken = default)
    {
        if (_close is null)
        {
            Send(peer => peer.End(new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectionClosed, errorCode, null, reason)));
            End(new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionClosed, errorCode, null, reason));
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync() => CloseAsync(Options.DefaultCloseErrorCode);

    public override ValueTask MigrateAsync(IPEndPoint? localEndPoint = null, CancellationToken cancellationToken = default) => throw new NotSupportedException("Frames have no addresses.");

    public override ValueTask UpdateKeysAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException("Frames are not encrypted.");

    public override bool TrySendDatagram(ReadOnlySpan<byte> payload) => throw new NotSupportedException("There are no datagrams here.");

    public override ValueTask<ReadOnlyMemory<byte>> ReceiveDatagramAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException("There are no datagrams here.");

    /// <summary>The handshake is over.</summary>
    internal void Open()
    {
        if (_close is not null)
        {
            return;
        }

        _isOpen = true;
        _lastReceived = _world.Now;
        _handshakeTimer.Dispose();
        _handshake.TrySetResult(true);
    }

    /// <summary>The caller no longer wants the connection that is being opened.</summary>
    internal void Abandon()
    {
        if (!_isOpen)
        {
            Send(static peer => peer.End(new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectionClosed, 0, null, "The caller gave up.")));
            End(new ConnectionClose(CloseInitiator.Local, TransportError.ConnectFailed, null, null, "The caller gave up."));
        }
    }

    /// <summary>The process is gone: the other side hears nothing.</summary>
    internal void Die()
    {
        _line.Drop();
        End(new ConnectionClose(CloseInitiator.None, TransportError.ConnectionLost, null, null, "The process has ended."));
    }

    /// <summary>Sends a frame.</summary>
    internal void Send(Action<FrameConnection> frame)
    {
        if (_close is null)
        {
            _line.Send(() => Deliver(frame));
        }
    }

    /// <summary>The connection is over.</summary>
    internal void End(ConnectionClose close)
    {
        if (_close is not null)
        {
            return;
        }

        _close = close;
        _handshakeTimer.Dispose();
        _idleTimer.Dispose();
        _keepAliveTimer.Dispose();
        Ended(this);
        TransportException failure = close.ToException();
        EndStreams(close, failure);
        while (_pings.TryDequeue(out TaskCompletionSource<TimeSpan>? ping))
        {
            ping.TrySetException(close.ToException());
            _ = ping.Task.Exception;
        }

        _handshake.TrySetException(failure);

        if (!_isDraining)
        {
            _isDraining = true;
            Draining?.Invoke(this, EventArgs.Empty);
        }

        _closed.TrySetResult(close);
    }

    private void Deliver(Action<FrameConnection> frame)
    {
        if (Peer is not { } peer)
        {
            return;
        }

        if (peer.IsOver)
        {
            // Nobody knows the connection there any more, and says so: a stateless reset (RFC 9000, section 10.3). One that closed has said so itself.
            if (peer._close!.Initiator == CloseInitiator.None)
            {
                _world.After(TimeSpan.FromMilliseconds(5), () => End(new ConnectionClose(CloseInitiator.None, TransportError.ConnectionLost, null, null, "The peer has reset the connection.")));
            }

            return;
        }

        peer._lastReceived = _world.Now;
        frame(peer);
    }

    private void SendPing(TaskCompletionSource<TimeSpan>? ping)
    {
        if (!_isOpen)
        {
            return;
        }

        if (ping is not null)
        {
            _pings.Enqueue(ping);
        }

        TimeSpan sent = _world.Now;
        Send(peer => peer.Send(self => self.EndPing(ping, sent)));
    }

    private void EndPing(TaskCompletionSource<TimeSpan>? ping, TimeSpan sent)
    {
        if (ping is not null && _pings.TryDequeue(out _))
        {
            ping.TrySetResult(_world.Now - sent);
        }
    }

    private void CheckIdle()
    {
        TimeSpan left = _lastReceived + _idleTimeout - _world.Now;
        if (left > TimeSpan.Zero)
        {
            _idleTimer.Change(left, Timeout.InfiniteTimeSpan);
            return;
        }

        _line.Drop();
        End(new ConnectionClose(CloseInitiator.None, TransportError.ConnectionLost, null, null, "Nothing came for too long."));
    }

    private void ThrowIfOver()
    {
        if (_close is { } close)
        {
            throw close.ToException(isSafeToRetry: true);
        }
    }
}
