using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Udp;

namespace Net.Ngtcp2.Loop;

/// <summary>One thread with its sockets, its endpoint driver and its queue of work from other threads.</summary>
/// <remarks>
/// One turn: wait (until a datagram, posted work or the next timer) -> one bounded receive per readable socket -> posted work -> due timers -> the driver's turn,
/// which wakes the application and sends. The wake-up event is only signalled when the thread sleeps.
/// Owner of everything here is the loop's thread; other threads only post.
/// </remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The loop's own thread disposes its poller and event when it ends.")]
internal sealed partial class UdpLoop : IDriverHost
{
    private const int MaxSockets = 4096;
    private const ulong BlockedRetryNanoseconds = 1_000_000;
    private readonly Ngtcp2Engine _engine;
    private readonly ConcurrentQueue<IDriverWork> _work = new();
    private readonly EventFd _wake = new();
    private readonly Poller _poller;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<SocketSlot?> _sockets = [];
    private readonly TimeProvider _time;
    private readonly ITimer? _timer;
    private readonly long _timeOrigin;
    private readonly double _nanosecondsPerTick;
    private ulong _now;
    private int _isAwake;
    private volatile bool _stopping;
    private volatile bool _hasEnded;
    private string _stopReason = "";
    private UdpLoop[] _group = [];

    internal UdpLoop(Ngtcp2Engine engine, string name, ServerState? server = null, int index = 0, int groupSize = 1)
    {
        _engine = engine;
        _time = engine.Options.TimeProvider;
        _timeOrigin = _time.GetTimestamp();
        _nanosecondsPerTick = 1e9 / _time.TimestampFrequency;
        _poller = new Poller(_wake, MaxSockets);
        Driver = new EndpointDriver(this, engine.Options, engine.TlsContext, server, index, groupSize);
        _timer = ReferenceEquals(_time, TimeProvider.System)
            ? null
            : _time.CreateTimer(static state => ((UdpLoop)state!).Wake(), this, System.Threading.Timeout.InfiniteTimeSpan, System.Threading.Timeout.InfiniteTimeSpan);
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>The driver; only the loop's thread may use it.</summary>
    internal EndpointDriver Driver { get; }

    // An offset keeps the first timestamp away from 0, which the native library takes for "never".
    public ulong Now
    {
        get
        {
            ulong now = 1_000_000_000 + (ulong)((_time.GetTimestamp() - _timeOrigin) * _nanosecondsPerTick);
            return _now = Math.Max(_now, now);
        }
    }

    public TimeProvider TimeProvider => _time;

    public ILogger Logger => _engine.Logger;

    public void FillRandom(Span<byte> destination) => RandomNumberGenerator.Fill(destination);

    internal IReadOnlyList<SocketSlot?> Sockets => _sockets;

    /// <summary>What the loop has done so far.</summary>
    internal LoopCounters Counters { get; } = new();

    internal void Start() => _thread.Start();

    public void Post(IDriverWork work)
    {
        _work.Enqueue(work);
        if (Interlocked.Exchange(ref _isAwake, 1) == 0)
        {
            Wake();
        }

        // After the exchange, which is a full fence as the one in Run is: either this sees that the loop has ended, or the loop's last look at the queue sees the work.
        if (_hasEnded)
        {
            DropWork();
        }
    }

    /// <summary>Ends the loop: connections are closed, sockets too, and the thread is over when the task completes.</summary>
    internal Task StopAsync(string reason)
    {
        _stopReason = reason;
        _stopping = true;
        Interlocked.Exchange(ref _isAwake, 1);
        Wake();
        if (!_thread.IsAlive && (_thread.ThreadState & ThreadState.Unstarted) != 0)
        {
            _ended.TrySetResult();
        }

        return _ended.Task;
    }

    /// <summary>Tells all connections of the loop that no new streams should be opened.</summary>
    internal void RaiseDraining() => Post(new DrainWork(this));

    public void Send(int socket, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn, ReadOnlySpan<byte> data, int segmentSize)
    {
        if ((uint)socket < (uint)_sockets.Count && _sockets[socket] is { } slot)
        {
            slot.Send(_poller, local, remote, ecn, data, segmentSize);
        }
    }

    public (int Socket, SocketAddressBuffer Local) OpenSocketFor(IPEndPoint local, in SocketAddressBuffer remote)
    {
        if (SocketAddressBuffer.From(local).Family != remote.Family)
        {
            throw new TransportException(TransportError.ConnectFailed, $"Nothing can be sent from {local} to {remote}: the addresses are of different families.");
        }

        int number = OpenSocket(local, reusePort: false, dualStack: false);
        try
        {
            return (number, SourceAddress(number, remote));
        }
        catch
        {
            CloseSocket(number);
            throw;
        }
    }

    public void CloseSocket(int socket)
    {
        if ((uint)socket < (uint)_sockets.Count && _sockets[socket] is { } slot)
        {
            _sockets[socket] = null;
            _poller.Remove(slot.PollSlot);
            slot.Dispose();
        }
    }

    /// <summary>The socket that all clients of one address family share, opened when first needed.</summary>
    internal (int Socket, SocketAddressBuffer Local) SharedSocketFor(in SocketAddressBuffer remote)
    {
        AddressFamily family = remote.Family;
        int number = _sockets.FindIndex(s => s is { IsShared: true } && s.Socket.Family == family);
        if (number < 0)
        {
            number = OpenSocket(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0), reusePort: false, dualStack: false);
            _sockets[number]!.IsShared = true;
        }

        return (number, SourceAddress(number, remote));
    }

    // The native library tells paths apart by their addresses, so that a wildcard socket's path must begin with the address its datagrams will really leave from.
    private SocketAddressBuffer SourceAddress(int number, in SocketAddressBuffer remote)
    {
        SocketAddressBuffer local = _sockets[number]!.Socket.LocalAddress;
        if (!local.IsWildcard)
        {
            return local;
        }

        return RouteLookup.TryFindLocalAddress(remote, out SocketAddressBuffer source, out int errno)
            ? source.WithPort(local.Port)
            : throw new TransportException(TransportError.ConnectFailed, $"There is no route to {remote}: {Errno.Describe(errno)}.") { NativeError = errno };
    }

    private int OpenSocket(IPEndPoint local, bool reusePort, bool dualStack)
    {
        Ngtcp2EngineOptions options = _engine.Options;
        UdpSocket socket;
        try
        {
            socket = UdpSocket.Open(new UdpSocketOptions
            {
                LocalEndPoint = local,
                ReusePort = reusePort,
                DualStack = dualStack,
                SendBufferBytes = options.SocketBuffer,
                ReceiveBufferBytes = options.SocketBuffer,
                SegmentationOffload = options.SegmentationOffload ? OffloadMode.Auto : OffloadMode.Off,
                ReceiveOffload = options.ReceiveOffload ? OffloadMode.Auto : OffloadMode.Off,
                Ecn = options.ExplicitCongestionNotification,
            });
        }
        catch (UdpBindException exception)
        {
            throw new TransportException(TransportError.ListenFailed, exception.Message, exception) { NativeError = exception.Errno };
        }

        int number = _sockets.FindIndex(static s => s is null);
        if (number < 0)
        {
            number = _sockets.Count;
            _sockets.Add(null);
        }

        try
        {
            _sockets[number] = new SocketSlot(socket, _poller.Add(socket), number);
            return number;
        }
        catch (InvalidOperationException exception)
        {
            socket.Dispose();
            throw new TransportException(
                TransportError.ListenFailed, $"A loop holds at most {MaxSockets} sockets; migrate and bind fewer connections of their own, or set more loops.", exception);
        }
        catch (IOException exception)
        {
            socket.Dispose();
            throw new TransportException(TransportError.ListenFailed, $"The socket on {local} cannot be waited for: {exception.Message}", exception);
        }
    }

    private void DropWork()
    {
        while (_work.TryDequeue(out IDriverWork? work))
        {
            work.Drop();
        }
    }

    private void Wake()
    {
        try
        {
            _wake.Signal();
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended: nobody is left to wake.
        }
    }

    private sealed class DrainWork(UdpLoop loop) : IDriverWork
    {
        public void Run() => loop.Driver.RaiseDraining();
    }
}
