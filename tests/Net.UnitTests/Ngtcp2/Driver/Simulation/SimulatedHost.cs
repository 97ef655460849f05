using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Net.Ngtcp2;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Tls;
using Net.Ngtcp2.Udp;

namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>A machine of the simulated network with one endpoint driver: what the UDP loop is in earnest, without thread, socket and clock.</summary>
internal sealed class SimulatedHost : IDriverHost, IDisposable
{
    private const int FirstFreePort = 40_000;
    private readonly SimulatedNetwork _network;
    private readonly ConcurrentQueue<IDriverWork> _work = new();
    private readonly Queue<(int Socket, SocketAddressBuffer Source, byte[] Data, byte Ecn)> _received = new();
    private readonly List<Socket?> _sockets = [];
    private readonly Ngtcp2EngineOptions _engine;
    private readonly ServerState? _server;
    private int _nextPort = FirstFreePort;
    private bool _isSilent;
    private ulong _looks;

    internal SimulatedHost(SimulatedNetwork network, IPAddress address, Ngtcp2EngineOptions engine, ServerState? server = null)
    {
        _network = network;
        Address = address;
        _engine = engine;
        _server = server;
        Driver = NewDriver();
        network.Add(this);
    }

    public ulong Now => Fault?.Invoke(SimulatedFault.Clock) is { } failure ? throw failure : Look();

    /// <summary>Whether time goes on between two looks at the clock, as it does in reality.</summary>
    internal bool IsRestless { get; set; }

    public TimeProvider TimeProvider => _network.TimeProvider;

    public ILogger Logger => _network.Failures;

    internal IPAddress Address { get; }

    internal EndpointDriver Driver { get; private set; }

    internal int OpenSockets => _sockets.Count(static s => s is not null);

    /// <summary>Whether there is something to do at the present time.</summary>
    internal bool NeedsTurn => _received.Count > 0 || !_work.IsEmpty || Driver.HasWork || Driver.NextExpiry <= _network.Now;

    internal ulong NextWakeUp => NeedsTurn ? _network.Now : Driver.NextExpiry;

    /// <summary>When the last datagram came in, on the network's clock.</summary>
    internal TimeSpan LastReceived { get; private set; }

    /// <summary>Sees every datagram as it arrives: where from, and how long.</summary>
    internal Action<SocketAddressBuffer, int>? Arrived { get; set; }

    /// <summary>What the host does not manage: gives the exception that a driver's call of it fails with, or <c>null</c>.</summary>
    internal Func<SimulatedFault, Exception?>? Fault { get; set; }

    public void FillRandom(Span<byte> destination)
    {
        if (Fault?.Invoke(destination.Length == 1 ? SimulatedFault.Dice : SimulatedFault.Id) is { } failure)
        {
            throw failure;
        }

        _network.Random.NextBytes(destination);
    }

    public void Send(int socket, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn, ReadOnlySpan<byte> data, int segmentSize)
    {
        Assert.IsGreaterThan(0, segmentSize);
        Assert.IsFalse(data.IsEmpty);
        if (Fault?.Invoke(SimulatedFault.Send) is { } failure)
        {
            throw failure;
        }

        if (_isSilent || (uint)socket >= (uint)_sockets.Count || _sockets[socket] is not { } from)
        {
            return;
        }

        Assert.AreEqual(from.Inside, local, "The path names another local address than that of its socket.");
        while (!data.IsEmpty)
        {
            int length = Math.Min(segmentSize, data.Length);
            _network.Transmit(this, from.Outside, remote, ecn, data[..length]);
            data = data[length..];
        }
    }

    public void Post(IDriverWork work) => _work.Enqueue(work);

    public (int Socket, SocketAddressBuffer Local) OpenSocketFor(IPEndPoint local, in SocketAddressBuffer remote)
    {
        IPAddress address = local.Address.Equals(IPAddress.Any) || local.Address.Equals(IPAddress.IPv6Any) ? Address : local.Address;
        int number = OpenSocket(new IPEndPoint(address, local.Port));
        return (number, _sockets[number]!.Inside);
    }

    public void CloseSocket(int socket)
    {
        if ((uint)socket < (uint)_sockets.Count && _sockets[socket] is { } open)
        {
            _network.Unbind(open.Outside);
            _sockets[socket] = null;
        }
    }

    /// <summary>Opens a socket; port 0 takes a free one.</summary>
    internal int OpenSocket(IPEndPoint local)
    {
        SocketAddressBuffer address = SocketAddressBuffer.From(local.Address, local.Port == 0 ? _nextPort++ : local.Port);
        _network.Bind(address, this, _sockets.Count);
        _sockets.Add(new Socket(address));
        return _sockets.Count - 1;
    }

    internal SocketAddressBuffer LocalAddress(int socket) => _sockets[socket]!.Inside;

    /// <summary>What the peer sees of a socket.</summary>
    internal SocketAddressBuffer OutsideAddress(int socket) => _sockets[socket]!.Outside;

    /// <summary>Gives the first socket another address on the outside, as a NAT does that has forgotten it; what is sent to the old one gets lost.</summary>
    /// <param name="outside">The address, or <c>null</c> for a new port.</param>
    internal void Rebind(SocketAddressBuffer? outside = null)
    {
        Socket socket = _sockets[0]!;
        _network.Unbind(socket.Outside);
        _sockets[0] = socket with { Outside = outside ?? socket.Inside.WithPort(_nextPort++) };
        _network.Bind(_sockets[0]!.Outside, this, 0);
    }

    /// <summary>Forgets every connection without a word, as a process does that is killed, and begins anew with the same sockets and secrets.</summary>
    internal void Restart()
    {
        _isSilent = true;
        Driver.Shutdown("the host was restarted");
        RunWork();
        Driver.Shutdown("the host was restarted");
        _received.Clear();
        Driver = NewDriver();
        _isSilent = false;
    }

    internal void Receive(int socket, in SocketAddressBuffer source, byte[] data, byte ecn)
    {
        LastReceived = _network.Elapsed;
        Arrived?.Invoke(source, data.Length);
        _received.Enqueue((socket, source, data, ecn));
    }

    /// <summary>One turn in the order of the UDP loop.</summary>
    internal void RunTurn()
    {
        while (_received.TryDequeue(out (int Socket, SocketAddressBuffer Source, byte[] Data, byte Ecn) datagram))
        {
            if (_sockets[datagram.Socket] is { } socket)
            {
                Driver.HandleDatagram(datagram.Data, socket.Inside, datagram.Source, datagram.Socket, datagram.Ecn);
            }
        }

        RunWork();
        Driver.HandleExpiries(Look());
        Driver.FlushReceived();
        RunWork();
        Driver.Write();
    }

    private ulong Look() => _network.Now + (IsRestless ? ++_looks : 0);

    /// <summary>Frees every native object.</summary>
    public void Dispose()
    {
        _isSilent = true;
        Driver.Shutdown("the test is over");
        RunWork();
        Driver.Shutdown("the test is over");
    }

    private EndpointDriver NewDriver() => new(this, _engine, new TlsSessionContext(_network.TimeProvider), _server);

    private void RunWork()
    {
        // Bounded as in earnest: work that posts work must not keep the host from its other duties.
        for (int i = 0; i < 1024 && _work.TryDequeue(out IDriverWork? work); i++)
        {
            work.Run();
        }
    }

    private sealed record Socket(SocketAddressBuffer Inside)
    {
        internal SocketAddressBuffer Outside { get; init; } = Inside;
    }
}
