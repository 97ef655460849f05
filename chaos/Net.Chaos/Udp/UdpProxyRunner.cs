using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Net.Chaos.Proxy;
using Net.Chaos.Udp.Sockets;

namespace Net.Chaos.Udp;

/// <summary>A UDP proxy on real sockets: one thread that waits, receives, lets the relay decide, and sends.</summary>
internal sealed class UdpProxyRunner : IProxyRunner, IUdpPort, IDatagramReceiver
{
    // So many receive calls on one socket before the others and the timers have their turn.
    private const int MaxBatches = 4;

    private readonly ChaosClock _clock;
    private readonly ILogger _logger;
    private readonly string _name;
    private readonly IPEndPoint _upstream;
    private readonly PeerAddress _upstreamAddress;
    private readonly DatagramSocket _listener;
    private readonly Poller _poller = new();
    private readonly ReceiveBuffers _buffers = new();
    private readonly SendBatch _batch;
    private readonly UdpRelay _relay;
    private readonly Dictionary<int, DatagramSocket> _sockets = [];
    private readonly List<int> _ready = [];
    private readonly ConcurrentQueue<Action> _work = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer? _timer;
    private readonly Lock _gate = new();
    private bool _isStopping;
    private bool _hasStopped;

    private UdpProxyRunner(ChaosProxyOptions options, ChaosClock clock, ulong seed, TrafficCounters traffic, ILogger logger, DatagramSocket listener, IPEndPoint upstream)
    {
        _clock = clock;
        _logger = logger;
        _name = options.Name;
        _listener = listener;
        _upstream = upstream;
        _upstreamAddress = PeerAddress.From(upstream);
        _batch = new SendBatch(traffic);
        _relay = new UdpRelay(new UdpRelaySettings(options.Name, seed, options.MaxSessions, options.SessionIdleTimeout, options.MaxHeldBytes), clock, this, traffic, logger);

        // The system's clock is waited for by the kernel; another one has to tell.
        _timer = clock.Provider == TimeProvider.System ? null : clock.Provider.CreateTimer(_ => _poller.Signal(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public IPEndPoint EndPoint => _listener.Local;

    /// <summary>Opens the sockets and starts the thread.</summary>
    /// <exception cref="ChaosException">An address is wrong, or the system refuses it.</exception>
    internal static async Task<UdpProxyRunner> StartAsync(
        ChaosProxyOptions options, ChaosClock clock, ulong seed, TrafficCounters traffic, ILogger logger, IEnumerable<Toxic> toxics, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new ChaosException(ChaosError.Failed, "UDP proxies need Linux: they use recvmmsg, UDP_SEGMENT and epoll");
        }

        IPEndPoint listen = await HostPort.ResolveAsync(options.Listen, cancellationToken).ConfigureAwait(false);
        IPEndPoint upstream = await HostPort.ResolveAsync(options.Upstream, cancellationToken).ConfigureAwait(false);
        DatagramSocket listener;
        try
        {
            listener = DatagramSocket.Open(listen, null);
        }
        catch (SocketException exception)
        {
            throw new ChaosException(ChaosError.Failed, $"listen udp {options.Listen}: {exception.Message}", exception);
        }

        var runner = new UdpProxyRunner(options, clock, seed, traffic, logger, listener, upstream);
        foreach (Toxic toxic in toxics)
        {
            runner._relay.Add(toxic);
        }

        runner.Listen(listener);
        new Thread(runner.Run) { IsBackground = true, Name = "net-chaos " + options.Name }.Start();
        return runner;
    }

    /// <inheritdoc/>
    public Task AddAsync(Toxic toxic) => OnThread(() => _relay.Add(toxic));

    /// <inheritdoc/>
    public Task UpdateAsync(Toxic toxic) => OnThread(() => _relay.Update(toxic));

    /// <inheritdoc/>
    public Task RemoveAsync(string toxic) => OnThread(() => _relay.Remove(toxic));

    /// <inheritdoc/>
    public async Task<int> RebindAsync(IPAddress? source)
    {
        int count = 0;
        await OnThread(() => count = _relay.Rebind(source)).ConfigureAwait(false);
        return count;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SessionView>> ListSessionsAsync()
    {
        List<SessionView> views = [];
        await OnThread(() => views.AddRange(_relay.Sessions.Select(
            static s => new SessionView(s.Number, s.Client.ToEndPoint(), s.Upstream.Local, s.Rebindings, s.KnownQuic?.Connections.Count ?? 0)))).ConfigureAwait(false);
        return views;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (!_hasStopped)
            {
                _isStopping = true;
                _poller.Signal();
            }
        }

        await _ended.Task.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void SendToClient(in PeerAddress client, ReadOnlySpan<byte> data, int segmentSize, byte ecn) =>
        _batch.Add(_listener, ToxicStream.Downstream, client, data, segmentSize, ecn);

    /// <inheritdoc/>
    public UpstreamSocket OpenUpstream(UdpSession session, IPAddress? source, bool isStray)
    {
        try
        {
            IPAddress any = _upstream.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
            var socket = new SocketUpstream(this, session, DatagramSocket.Open(new IPEndPoint(source ?? any, 0), _upstream), isStray);
            Listen(socket.Socket);
            return socket;
        }
        catch (SocketException exception)
        {
            throw new IOException($"{_upstream} from {source?.ToString() ?? "any address"}: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public void Take(DatagramSocket socket, in PeerAddress from, ReadOnlySpan<byte> data, int segmentSize, byte ecn)
    {
        if (socket.Owner is { } upstream)
        {
            _relay.ReceiveFromUpstream(upstream, data, segmentSize, ecn);
        }
        else
        {
            _relay.ReceiveFromClient(from, data, segmentSize, ecn);
        }
    }

    private Task OnThread(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_hasStopped || _isStopping)
            {
                // A proxy that is down has nothing that the change could touch.
                return Task.CompletedTask;
            }

            _work.Enqueue(() =>
            {
                try
                {
                    action();
                    done.SetResult();
                }
                catch (Exception exception)
                {
                    done.SetException(exception);
                }
            });
            _poller.Signal();
        }

        return done.Task;
    }

    private void Run()
    {
        try
        {
            while (!Volatile.Read(ref _isStopping))
            {
                _poller.Wait(TimeToWait(), _ready);
                while (_work.TryDequeue(out Action? action))
                {
                    action();
                }

                foreach (int key in _ready)
                {
                    // A socket may have been closed by what another one brought.
                    for (int i = 0; i < MaxBatches && _sockets.TryGetValue(key, out DatagramSocket? socket) && socket.Receive(_buffers, this); i++)
                    {
                    }
                }

                _relay.HandleDue();
                _batch.Flush();
            }
        }
        catch (Exception exception)
        {
            ChaosLog.LoopFailed(_logger, _name, exception);
        }
        finally
        {
            Stop();
        }
    }

    private TimeSpan? TimeToWait()
    {
        if (!_work.IsEmpty)
        {
            return TimeSpan.Zero;
        }

        TimeSpan? wait = _relay.NextDue - _clock.Now;
        if (wait < TimeSpan.Zero)
        {
            wait = TimeSpan.Zero;
        }

        if (_timer is null || wait == TimeSpan.Zero)
        {
            return wait;
        }

        _timer.Change(wait ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // The clock may have passed the time between reading it and setting the timer.
        return _relay.NextDue <= _clock.Now ? TimeSpan.Zero : null;
    }

    private void Listen(DatagramSocket socket)
    {
        _poller.Add(socket.Handle, socket.Descriptor);
        _sockets[socket.Descriptor] = socket;
    }

    private void Stop()
    {
        lock (_gate)
        {
            _hasStopped = true;
        }

        while (_work.TryDequeue(out Action? action))
        {
            action();
        }

        _timer?.Dispose();
        _relay.Close();
        _listener.Dispose();
        _poller.Dispose();
        _buffers.Dispose();
        _ended.SetResult();
    }

    private sealed class SocketUpstream : UpstreamSocket
    {
        private readonly UdpProxyRunner _runner;

        internal SocketUpstream(UdpProxyRunner runner, UdpSession session, DatagramSocket socket, bool isStray)
            : base(session, isStray)
        {
            _runner = runner;
            Socket = socket;
            socket.Owner = this;
        }

        internal DatagramSocket Socket { get; }

        internal override IPEndPoint Local => Socket.Local;

        internal override void Send(ReadOnlySpan<byte> data, int segmentSize, byte ecn) =>
            _runner._batch.Add(Socket, ToxicStream.Upstream, _runner._upstreamAddress, data, segmentSize, ecn);

        internal override void Mute()
        {
            _runner._batch.Flush();
            if (_runner._sockets.Remove(Socket.Descriptor))
            {
                _runner._poller.Remove(Socket.Handle);
            }
        }

        internal override void Close()
        {
            Mute();
            Socket.Dispose();
        }
    }
}
