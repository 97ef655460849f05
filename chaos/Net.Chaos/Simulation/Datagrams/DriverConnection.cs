using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Net.Ngtcp2;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Udp;

namespace Net.Chaos.Simulation.Datagrams;

/// <summary>A connection of a driver's. What the engine tells on the thread pool is told here between two turns of the host, so that the simulation's thread does everything, in an order that repeats.</summary>
/// <param name="host">Whose driver it is.</param>
/// <param name="inner">The engine's connection.</param>
/// <param name="isAccepted">Whether the server was given it and has not taken it yet.</param>
internal sealed class DriverConnection(DatagramHost host, Ngtcp2Connection inner, bool isAccepted) : TransportConnection
{
    private readonly SimulatedSignal<bool> _usable = new();
    private readonly SimulatedSignal<bool> _handshake = new();
    private readonly SimulatedSignal<ConnectionClose> _closed = new();
    private readonly Queue<(TaskCompletionSource<TransportStream> Opener, Idempotency Idempotency)> _openers = new();
    private readonly Queue<(TaskCompletionSource<TransportStream> Opener, Idempotency Idempotency)> _unidirectionalOpeners = new();
    private readonly List<(TaskCompletionSource<TimeSpan> Inner, TaskCompletionSource<TimeSpan> Outer)> _pings = [];
    private readonly List<DriverStream> _streams = [];
    private int _lastCredit;
    private TaskCompletionSource? _move;
    private bool _isAccepted = isAccepted;
    private bool _isDraining;

    public override long Id => inner.Id;

    public override bool IsServer => inner.IsServer;

    public override EngineCapabilities Capabilities => inner.Capabilities;

    public override IPEndPoint LocalEndPoint => inner.LocalEndPoint;

    public override IPEndPoint RemoteEndPoint => inner.RemoteEndPoint;

    public override string ApplicationProtocol => inner.ApplicationProtocol;

    public override string? ServerName => inner.ServerName;

    public override QuicVersion Version => inner.Version;

    public override string? CipherSuite => inner.CipherSuite;

    public override X509Certificate2? PeerCertificate => inner.PeerCertificate;

    public override IReadOnlyList<ReadOnlyMemory<byte>> PeerCertificateChain => inner.PeerCertificateChain;

    public override long IdentityGeneration => inner.IdentityGeneration;

    public override bool IsResumed => inner.IsResumed;

    public override EarlyDataStatus EarlyData => inner.EarlyData;

    public override Task HandshakeCompletion => _handshake.Task;

    /// <summary>Completes when streams may be opened: the handshake is over, or early data may be sent.</summary>
    internal Task Usable => _usable.Task;

    /// <summary>How often the connection has moved by its own will.</summary>
    internal int Moves { get; private set; }

    public override Task<ConnectionClose> Closed => _closed.Task;

    public override int AvailableBidirectionalStreams => inner.AvailableBidirectionalStreams;

    public override int AvailableUnidirectionalStreams => inner.AvailableUnidirectionalStreams;

    public override int MaxDatagramSize => inner.MaxDatagramSize;

    public override bool IsDraining => _isDraining;

    // Nobody here listens to moves.
    public override event EventHandler<PathChangedEventArgs>? PathChanged
    {
        add
        {
        }

        remove
        {
        }
    }

    public override event EventHandler<StreamCreditEventArgs>? StreamCreditChanged;

    public override event EventHandler? Draining;

    public override bool TryOpenStream(StreamDirection direction, Idempotency idempotency, [NotNullWhen(true)] out TransportStream? stream)
    {
        stream = OpenersOf(direction).Count == 0 && inner.TryOpenStream(direction, idempotency, out TransportStream? opened) ? Wrap(opened) : null;
        return stream is not null;
    }

    public override async ValueTask<TransportStream> OpenStreamAsync(
        StreamDirection direction, Idempotency idempotency = Idempotency.NonIdempotent, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        inner.ThrowIfClosed();
        if (TryOpenStream(direction, idempotency, out TransportStream? stream))
        {
            return stream;
        }

        var opener = new TaskCompletionSource<TransportStream>();
        OpenersOf(direction).Enqueue((opener, idempotency));
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static (opener, token) => ((TaskCompletionSource<TransportStream>)opener!).TrySetCanceled(token), opener);
        return await opener.Task.ConfigureAwait(false);
    }

    public override async ValueTask<TransportStream> AcceptStreamAsync(CancellationToken cancellationToken = default) =>
        Wrap(await inner.AcceptStreamAsync(cancellationToken).ConfigureAwait(false));

    public override bool TrySendDatagram(ReadOnlySpan<byte> payload) => inner.TrySendDatagram(payload);

    public override ValueTask<ReadOnlyMemory<byte>> ReceiveDatagramAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException("Datagrams are not simulated.");

    public override PathStatistics GetPathStatistics() => inner.GetPathStatistics();

    public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        inner.ThrowIfClosed();
        var ping = (Inner: new TaskCompletionSource<TimeSpan>(), Outer: new TaskCompletionSource<TimeSpan>());
        _pings.Add(ping);
        host.Post(new DriverWork(() =>
        {
            if (!inner.Closed.IsCompleted)
            {
                inner.Driver.Ping(ping.Inner);
            }
        }));
        return new ValueTask<TimeSpan>(ping.Outer.Task.WaitAsync(cancellationToken));
    }

    public override ValueTask UpdateKeysAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException("Key updates are not simulated.");

    public override ValueTask MigrateAsync(IPEndPoint? localEndPoint = null, CancellationToken cancellationToken = default) => throw new NotSupportedException("A client moves with all its connections.");

    public override ValueTask CloseAsync(long errorCode, string reason = "", CancellationToken cancellationToken = default)
    {
        _ = inner.CloseAsync(errorCode, reason, CancellationToken.None).AsTask();
        return WaitForEndAsync(cancellationToken);
    }

    public override ValueTask DisposeAsync()
    {
        _ = inner.DisposeAsync().AsTask();
        return WaitForEndAsync(CancellationToken.None);
    }

    /// <summary>Whether a server is to be given the connection now.</summary>
    internal bool TryTakeAccepted()
    {
        bool takes = _isAccepted;
        _isAccepted = false;
        return takes;
    }

    /// <summary>Moves to another local address, unless a move is under way. What comes of it is counted; a move may fail when the network does.</summary>
    internal void Move()
    {
        if (_move is not null || !inner.Usable.IsCompletedSuccessfully)
        {
            return;
        }

        var move = new TaskCompletionSource();
        _move = move;
        host.Post(new DriverWork(() =>
        {
            if (inner.Closed.IsCompleted)
            {
                move.SetCanceled();
                return;
            }

            (int socket, SocketAddressBuffer local) = host.OpenSocketFor(new IPEndPoint(host.Address, 0), inner.Driver.RemoteAddress);
            inner.Driver.Migrate(socket, local, move);
        }));
    }

    /// <summary>Tells what has happened since the last time.</summary>
    /// <returns>Whether it is over, and there is nothing more to tell.</returns>
    internal bool Report()
    {
        _usable.Follow(inner.Usable);
        _handshake.Follow(inner.HandshakeCompletion);
        if (_move is { Task: { IsCompleted: true } move })
        {
            _move = null;
            Moves += move.IsCompletedSuccessfully ? 1 : 0;
            _ = move.Exception;
        }

        ReportPings();
        ReportCredit();
        if (inner.IsDraining && !_isDraining)
        {
            _isDraining = true;
            Draining?.Invoke(this, EventArgs.Empty);
        }

        for (int i = _streams.Count - 1; i >= 0; i--)
        {
            if (i < _streams.Count && _streams[i].Report())
            {
                _streams.RemoveAt(i);
            }
        }

        if (!inner.Closed.IsCompletedSuccessfully)
        {
            return false;
        }

        End(inner.Closed.Result);
        return true;
    }

    private void End(ConnectionClose close)
    {
        while (_openers.TryDequeue(out (TaskCompletionSource<TransportStream> Opener, Idempotency) waiting) || _unidirectionalOpeners.TryDequeue(out waiting))
        {
            waiting.Opener.TrySetException(close.ToException(isSafeToRetry: true));
        }

        foreach ((_, TaskCompletionSource<TimeSpan> ping) in _pings)
        {
            ping.TrySetException(close.ToException());
            _ = ping.Task.Exception;
        }

        // What has come of the last streams is known by now.
        foreach (DriverStream stream in _streams.ToArray())
        {
            stream.Report();
        }

        _closed.TrySetResult(close);
    }

    private ValueTask WaitForEndAsync(CancellationToken cancellationToken) => _closed.IsOver ? ValueTask.CompletedTask : new ValueTask(_closed.Task.WaitAsync(cancellationToken));

    private void ReportPings()
    {
        for (int i = _pings.Count - 1; i >= 0; i--)
        {
            (TaskCompletionSource<TimeSpan> ping, TaskCompletionSource<TimeSpan> outer) = _pings[i];
            if (ping.Task.IsCompleted)
            {
                _pings.RemoveAt(i);
                outer.TrySetFromTask(ping.Task);
                _ = outer.Task.Exception;
            }
        }
    }

    private Queue<(TaskCompletionSource<TransportStream> Opener, Idempotency Idempotency)> OpenersOf(StreamDirection direction) =>
        direction == StreamDirection.Bidirectional ? _openers : _unidirectionalOpeners;

    private void ServeOpeners(StreamDirection direction)
    {
        Queue<(TaskCompletionSource<TransportStream> Opener, Idempotency Idempotency)> openers = OpenersOf(direction);
        while (openers.TryPeek(out (TaskCompletionSource<TransportStream> Opener, Idempotency Idempotency) waiting))
        {
            if (waiting.Opener.Task.IsCompleted)
            {
                openers.Dequeue();
                continue;
            }

            if (!inner.TryOpenStream(direction, waiting.Idempotency, out TransportStream? stream))
            {
                break;
            }

            openers.Dequeue();
            waiting.Opener.SetResult(Wrap(stream));
        }
    }

    private void ReportCredit()
    {
        ServeOpeners(StreamDirection.Unidirectional);
        ServeOpeners(StreamDirection.Bidirectional);
        int credit = inner.AvailableBidirectionalStreams;
        bool hasMore = credit > _lastCredit;
        _lastCredit = credit;
        if (hasMore)
        {
            StreamCreditChanged?.Invoke(this, new StreamCreditEventArgs(StreamDirection.Bidirectional, credit));
        }
    }

    private DriverStream Wrap(TransportStream stream)
    {
        var face = new DriverStream(stream);
        _streams.Add(face);
        return face;
    }
}
