using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Net.Testing;

/// <summary>One side of an in-memory connection.</summary>
/// <remarks>State: handshaking → open → ended, or handshaking → ended. Members that other parts of the network call need its lock.</remarks>
internal sealed partial class MemoryConnection : TransportConnection
{
    private const int MaxReasonBytes = 512;

    private readonly MemoryEngine _engine;
    private readonly MemoryWaiter<bool> _handshake;
    private readonly MemoryWaiter<ConnectionClose> _closed;
    private readonly List<IMemoryWait> _waits = [];
    private readonly Queue<Action> _raised = new();
    private readonly long _createdAt;
    private MemoryTlsOutcome _tls = MemoryTlsOutcome.None;
    private IPEndPoint? _frozenClient;
    private State _state = State.Handshaking;
    private bool _isRaising;
    private bool _isDraining;
    private ConnectionClose? _close;

    /// <summary>Makes a side whose handshake begins.</summary>
    /// <param name="engine">Whose it is.</param>
    /// <param name="link">The path.</param>
    /// <param name="isServer">Which side.</param>
    /// <param name="options">What the application said.</param>
    public MemoryConnection(MemoryEngine engine, MemoryLink link, bool isServer, TransportOptions options)
    {
        _engine = engine;
        Link = link;
        IsServer = isServer;
        Options = options;
        Id = CreateId();
        _handshake = new(Network, RunsInline);
        _closed = new(Network, RunsInline);
        _createdAt = Network.Now;
        _engine.Add(this);
    }

    private enum State
    {
        Handshaking,
        Open,
        Ended,
    }

    public override event EventHandler<PathChangedEventArgs>? PathChanged;

    public override event EventHandler<StreamCreditEventArgs>? StreamCreditChanged;

    public override event EventHandler? Draining;

    public override long Id { get; }

    public override bool IsServer { get; }

    public override EngineCapabilities Capabilities => _engine.Capabilities;

    public override IPEndPoint LocalEndPoint => IsServer ? Link.Server : ClientEndPoint;

    public override IPEndPoint RemoteEndPoint => IsServer ? ClientEndPoint : Link.Server;

    public override string ApplicationProtocol => _tls.ApplicationProtocol;

    public override string? ServerName => _tls.ServerName;

    public override QuicVersion Version => _tls.Version;

    public override string? CipherSuite => _state == State.Handshaking ? null : "TLS_AES_128_GCM_SHA256";

    public override X509Certificate2? PeerCertificate => _tls.PeerCertificate;

    public override IReadOnlyList<ReadOnlyMemory<byte>> PeerCertificateChain => _tls.PeerChain;

    public override long IdentityGeneration => _tls.IdentityGeneration;

    public override bool IsResumed => _tls.IsResumed;

    public override EarlyDataStatus EarlyData => EarlyDataStatus.None;

    public override Task HandshakeCompletion => _handshake.Task;

    public override Task<ConnectionClose> Closed => _closed.Task;

    public override bool IsDraining => Volatile.Read(ref _isDraining);

    /// <summary>The network.</summary>
    internal MemoryNetwork Network => _engine.Network;

    /// <summary>The path to the peer.</summary>
    internal MemoryLink Link { get; }

    /// <summary>What the application said.</summary>
    internal TransportOptions Options { get; }

    /// <summary>Whether continuations run on the completing thread.</summary>
    internal bool RunsInline => Options.InlineContinuations;

    /// <summary>Whether the handshake is under way.</summary>
    internal bool IsHandshaking => _state == State.Handshaking;

    /// <summary>The listener that made it, on the server's side.</summary>
    internal MemoryListener? Listener { get; init; }

    private MemoryConnection? Peer => IsServer ? Link.ClientSide : Link.ServerSide;

    private IPEndPoint ClientEndPoint => _frozenClient ?? Link.Client;

    public override ValueTask CloseAsync(long errorCode, string reason = "", CancellationToken cancellationToken = default)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        ArgumentNullException.ThrowIfNull(reason);
        using MemoryNetwork.Scope scope = Network.Enter();
        CloseCore(TransportError.ConnectionClosed, errorCode, reason, reason);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        using MemoryNetwork.Scope scope = Network.Enter();
        CloseCore(TransportError.ConnectionClosed, Options.DefaultCloseErrorCode, "", "");
        return ValueTask.CompletedTask;
    }

    /// <summary>Closes because the whole engine goes.</summary>
    internal void CloseWithEngine()
    {
        string reason = $"The {_engine.Name} engine was disposed.";
        var failure = new ConnectionClose(CloseInitiator.Local, TransportError.ConnectFailed, null, null, reason);
        if (!IsHandshaking)
        {
            CloseCore(TransportError.ConnectionLost, Options.DefaultCloseErrorCode, "", reason);
        }
        else if (IsServer)
        {
            Link.Handshake!.FailFromServer(failure);
        }
        else
        {
            Link.Handshake!.FailFromClient(failure);
        }
    }

    /// <summary>Closes because the listener goes.</summary>
    internal void CloseWithListener() =>
        CloseCore(TransportError.ConnectionClosed, Options.DefaultCloseErrorCode, "", "The listener was disposed.");

    /// <summary>Makes the connection usable: the handshake is over.</summary>
    /// <param name="tls">What it found.</param>
    internal void Open(MemoryTlsOutcome tls)
    {
        _tls = tls;
        _state = State.Open;
        TransportOptions peer = Peer!.Options;
        OpenStreamCredit(peer.Limits);
        StartLiveness(peer.IdleTimeout);
        TimeSpan duration = TimeSpan.FromTicks(Network.Now - _createdAt);
        Network.Defer(() => TransportDiagnostics.HandshakeCompleted(_engine.Name, this, duration));
        _handshake.TrySetResult(true);
    }

    /// <summary>Ends the connection, once.</summary>
    /// <param name="close">How.</param>
    internal void End(ConnectionClose close)
    {
        if (_state == State.Ended)
        {
            return;
        }

        bool wasOpen = _state == State.Open;
        _state = State.Ended;
        _close = close;
        _frozenClient = Link.Client;
        StopLiveness();
        if (wasOpen)
        {
            Network.Defer(() => TransportDiagnostics.ConnectionEnded(_engine.Name, IsServer));
        }
        else
        {
            TimeSpan duration = TimeSpan.FromTicks(Network.Now - _createdAt);
            Network.Defer(() => TransportDiagnostics.HandshakeFailed(_engine.Name, IsServer, RemoteEndPoint, duration, close));
            _handshake.TrySetException(close.ToException());
            Link.Handshake?.HandleEnd(IsServer, close);
        }

        EndStreams(close);
        foreach (IMemoryWait wait in _waits)
        {
            wait.TrySetException(close.ToException());
        }

        _waits.Clear();
        StartDraining();
        _closed.TrySetResult(close);
        _engine.Remove(this);
        Listener?.Remove(this);
        Link.EndSide();
    }

    /// <summary>Says that no new streams should be opened, once.</summary>
    internal void StartDraining()
    {
        if (!_isDraining)
        {
            Volatile.Write(ref _isDraining, true);
            Raise(() => TransportEvents.Raise(_engine.Name, Draining, this, EventArgs.Empty));
        }
    }

    /// <summary>Sends something to the peer's side.</summary>
    /// <param name="bytes">Its size, for the figures.</param>
    /// <param name="frame">What its arrival does there.</param>
    internal void SendFrame(int bytes, Action<MemoryConnection> frame)
    {
        if (_state == State.Open)
        {
            Link.Send(IsServer, bytes, () => Peer?.Receive(frame));
        }
    }

    private void Receive(Action<MemoryConnection> frame)
    {
        if (_state == State.Open)
        {
            NoteActivity();
            frame(this);
        }
    }

    private void CloseCore(TransportError localError, long errorCode, string reason, string localReason)
    {
        string sent = Capabilities.HasFlag(EngineCapabilities.CloseReason) ? Truncate(reason) : "";
        SendFrame(16 + sent.Length, peer => peer.End(
            new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectionClosed, errorCode, null, sent)));
        End(new ConnectionClose(
            CloseInitiator.Local, localError, localError == TransportError.ConnectionClosed ? errorCode : null, null, localReason));
    }

    private static string Truncate(string reason)
    {
        if (Encoding.UTF8.GetByteCount(reason) <= MaxReasonBytes)
        {
            return reason;
        }

        // The decoder drops what is left of a character that was cut.
        byte[] bytes = Encoding.UTF8.GetBytes(reason)[..MaxReasonBytes];
        char[] characters = new char[MaxReasonBytes];
        Encoding.UTF8.GetDecoder().Convert(bytes, characters, flush: false, out _, out int count, out _);
        return new string(characters, 0, count);
    }

    private void Raise(Action action)
    {
        _raised.Enqueue(action);
        if (!_isRaising)
        {
            _isRaising = true;
            Network.Defer(() =>
            {
                if (RunsInline)
                {
                    RunRaised();
                }
                else
                {
                    ThreadPool.UnsafeQueueUserWorkItem(static c => c.RunRaised(), this, preferLocal: false);
                }
            });
        }
    }

    private void RunRaised()
    {
        while (true)
        {
            Action? next;
            using (Network.Enter())
            {
                if (!_raised.TryDequeue(out next))
                {
                    _isRaising = false;
                    return;
                }
            }

            next();
        }
    }

    private MemoryWaiter<T> StartWait<T>(CancellationToken cancellationToken)
    {
        var waiter = new MemoryWaiter<T>(Network, RunsInline);
        _waits.Add(waiter);
        waiter.CancelWith(() => _waits.Remove(waiter), cancellationToken);
        return waiter;
    }

    private void EndWait<T>(MemoryWaiter<T> waiter, T result)
    {
        _waits.Remove(waiter);
        waiter.TrySetResult(result);
    }
}
