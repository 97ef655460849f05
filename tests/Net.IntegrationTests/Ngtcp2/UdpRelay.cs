using System.Collections.Concurrent;
using System.Net;
using Net.Ngtcp2.Udp;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Which way a datagram goes through a <see cref="UdpRelay"/>.</summary>
internal enum RelayDirection
{
    ToServer,
    ToClient,
}

/// <summary>Looks at a datagram that passes, on the relay's thread.</summary>
/// <param name="direction">Which way it goes.</param>
/// <param name="data">The payload, only during the call.</param>
/// <param name="ecn">Its ECN code point, which the observer may change.</param>
/// <returns>Whether it passes; <c>false</c> loses it.</returns>
internal delegate bool RelayObserver(RelayDirection direction, ReadOnlySpan<byte> data, ref byte ecn);

/// <summary>
/// A box between clients and a server, as a home router is one: each client address has an outer socket of its own, and <see cref="RebindAsync"/> gives every
/// client a new one, as a NAT does that has forgotten its mappings. ECN marks pass. Owns a thread and its sockets.
/// </summary>
internal sealed class UdpRelay : IAsyncDisposable
{
    private const int MaxSockets = 64;
    private readonly EventFd _wake = new();
    private readonly Poller _poller;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<Action> _work = new();
    private readonly SocketAddressBuffer _server;
    private IPAddress _outerAddress;
    private readonly UdpSocket _inner;
    private readonly int _innerSlot;
    private readonly Dictionary<SocketAddressBuffer, Outer> _outers = [];
    private readonly List<Outer> _old = [];
    private readonly RelayObserver? _observer;
    private readonly Queue<(byte[] Data, SocketAddressBuffer Client, byte Ecn)> _held = new();
    private int _heldCount;
    private bool _isHolding;
    private bool _ignoresNewClients;
    private volatile bool _stopping;

    /// <summary>Starts a relay.</summary>
    /// <param name="server">Where datagrams of clients go.</param>
    /// <param name="observer">Looks at each datagram; <c>null</c> lets all pass.</param>
    internal UdpRelay(IPEndPoint server, RelayObserver? observer = null)
    {
        _server = SocketAddressBuffer.From(server);
        _outerAddress = server.Address;
        _observer = observer;
        _poller = new Poller(_wake, MaxSockets);
        _inner = UdpSocket.Open(new UdpSocketOptions { LocalEndPoint = new IPEndPoint(server.Address, 0) });
        _innerSlot = _poller.Add(_inner);
        EndPoint = _inner.LocalAddress.ToIPEndPoint();
        _thread = new Thread(Run) { IsBackground = true, Name = "test relay" };
        _thread.Start();
    }

    /// <summary>What clients connect to.</summary>
    internal IPEndPoint EndPoint { get; }

    /// <summary>Gives every client a new outer port. What the server still sends to the old one is lost. An observer that calls it sees it done before the next datagram of a client's.</summary>
    /// <param name="address">Another outer address from now on; <c>null</c> keeps it.</param>
    /// <returns>The new outer ports.</returns>
    internal Task<int[]> RebindAsync(IPAddress? address = null) => OnThread(() =>
    {
        _outerAddress = address ?? _outerAddress;
        foreach ((SocketAddressBuffer client, Outer old) in _outers.ToArray())
        {
            _poller.Remove(old.Slot);

            // Kept open until the end, so that the server meets silence and no ICMP error, and the port is not given out again.
            _old.Add(old);
            _outers[client] = NewOuter(client);
        }

        return _outers.Values.Select(static o => o.Socket.LocalAddress.Port).ToArray();
    });

    /// <summary>From now on loses what comes from addresses that have not sent before, as a firewall does.</summary>
    internal Task IgnoreNewClientsAsync() => OnThread(() => _ignoresNewClients = true);

    /// <summary>How many datagrams of the server's are kept.</summary>
    internal int Held => Volatile.Read(ref _heldCount);

    /// <summary>Keeps what the server sends from now on until <see cref="ReleaseAsync"/>. What it has sent already passes.</summary>
    internal Task HoldAsync() => OnThread(() =>
    {
        _poller.Wait(0);
        TakeFromServer();
        _isHolding = true;
        return true;
    });

    /// <summary>Hands on, or loses, all that the server has sent already.</summary>
    internal Task CatchUpAsync() => OnThread(() =>
    {
        _poller.Wait(0);
        TakeFromServer();
        return true;
    });

    /// <summary>Hands over what was kept, and keeps no more.</summary>
    /// <param name="largest">What is longer than this many bytes is lost.</param>
    internal Task ReleaseAsync(int largest = int.MaxValue) => OnThread(() =>
    {
        // What the server has sent already is kept too.
        _poller.Wait(0);
        TakeFromServer();
        _isHolding = false;
        var held = _held.ToArray();
        _held.Clear();
        Volatile.Write(ref _heldCount, 0);
        foreach (var datagram in held.Where(d => d.Data.Length <= largest))
        {
            _inner.Send(default, datagram.Client, datagram.Ecn, datagram.Data, datagram.Data.Length);
        }

        return true;
    });

    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        _wake.Signal();
        await _ended.Task;
        _thread.Join();
        _poller.Dispose();
        _wake.Dispose();
    }

    private Task<T> OnThread<T>(Func<T> action)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Enqueue(() =>
        {
            try
            {
                done.SetResult(action());
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        });
        _wake.Signal();
        return done.Task;
    }

    private Outer NewOuter(SocketAddressBuffer client)
    {
        UdpSocket socket = UdpSocket.Open(new UdpSocketOptions { LocalEndPoint = new IPEndPoint(_outerAddress, 0) });
        return new Outer(socket, _poller.Add(socket), client);
    }

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                _poller.Wait(-1);
                while (_work.TryDequeue(out Action? action))
                {
                    action();
                }

                if (HasArrived(_inner, _innerSlot))
                {
                    var handler = new FromClients(this);
                    _inner.ReceiveBatch(ref handler, _inner.ReceiveBatchSize);
                }

                TakeFromServer();
            }

            _ended.SetResult();
        }
        catch (Exception exception)
        {
            _ended.SetException(exception);
        }
        finally
        {
            _inner.Dispose();
            foreach (Outer outer in _outers.Values.Concat(_old))
            {
                outer.Socket.Dispose();
            }
        }
    }

    private void TakeFromServer()
    {
        foreach (Outer outer in _outers.Values)
        {
            if (HasArrived(outer.Socket, outer.Slot))
            {
                var handler = new FromServer(this, outer.Client);
                outer.Socket.ReceiveBatch(ref handler, outer.Socket.ReceiveBatchSize);
            }
        }
    }

    private bool HasArrived(UdpSocket socket, int slot)
    {
        PollEvents events = _poller.EventsOf(slot);

        // A server that is gone for a while answers with ICMP errors, which would keep the poller awake.
        while ((events & PollEvents.Error) != 0 && socket.TryReadError(out _))
        {
        }

        return (events & PollEvents.Readable) != 0;
    }

    private void TakeFromClient(ReadOnlySpan<byte> data, in SocketAddressBuffer client, byte ecn)
    {
        if (_observer is not null && !_observer(RelayDirection.ToServer, data, ref ecn))
        {
            return;
        }

        if (!_outers.TryGetValue(client, out Outer? outer))
        {
            if (_ignoresNewClients)
            {
                return;
            }

            _outers[client] = outer = NewOuter(client);
        }

        outer.Socket.Send(default, _server, ecn, data, data.Length);
    }

    private void TakeFromServer(ReadOnlySpan<byte> data, in SocketAddressBuffer client, byte ecn)
    {
        if (_observer is not null && !_observer(RelayDirection.ToClient, data, ref ecn))
        {
            return;
        }

        if (_isHolding)
        {
            _held.Enqueue((data.ToArray(), client, ecn));
            Volatile.Write(ref _heldCount, _held.Count);
        }
        else
        {
            _inner.Send(default, client, ecn, data, data.Length);
        }
    }

    private sealed record Outer(UdpSocket Socket, int Slot, SocketAddressBuffer Client);

    private readonly struct FromClients(UdpRelay relay) : IDatagramHandler
    {
        public void HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn) =>
            relay.TakeFromClient(data, remote, ecn);
    }

    private readonly struct FromServer(UdpRelay relay, SocketAddressBuffer client) : IDatagramHandler
    {
        public void HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn) =>
            relay.TakeFromServer(data, client, ecn);
    }
}
