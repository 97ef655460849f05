using System.Net;
using Microsoft.Extensions.Logging;
using Net.Ngtcp2;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Tls;
using Net.Ngtcp2.Udp;

namespace Net.Chaos.Simulation.Datagrams;

/// <summary>A machine with one endpoint driver: what the UDP loop is in earnest, without thread, socket and clock.</summary>
internal sealed class DatagramHost : ISimulatedPart, IDriverHost
{
    // The native library takes a timestamp of 0 for "never".
    private const ulong Origin = 1_000_000_000;
    private const ulong NanosecondsPerTick = 100;
    private const int MaxWorkPerTurn = 1024;
    private const int MaxWaitingDatagrams = 1000;
    private const int FirstFreePort = 40_000;
    private readonly SimulationWorld _world;
    private readonly DatagramNetwork _network;
    private readonly Ngtcp2EngineOptions _options;
    private readonly ServerState? _server;
    private readonly Queue<IDriverWork> _work = new();
    private readonly Queue<(int Socket, SocketAddressBuffer Source, byte[] Data, byte Ecn)> _received = new();
    private readonly List<(SocketAddressBuffer Inside, SocketAddressBuffer Outside)?> _sockets = [];
    private readonly List<DriverConnection> _connections = [];
    private int _nextPort = FirstFreePort;
    private int _moves;

    internal DatagramHost(SimulationWorld world, DatagramNetwork network, IPEndPoint address, ServerState? server)
    {
        _world = world;
        _network = network;
        _server = server;
        _options = new Ngtcp2EngineOptions { TimeProvider = world.Clock };
        Logger = new DriverLog(world);
        Address = address.Address;
        Driver = NewDriver();
        Bind(address);
        world.Add(this);
    }

    public ulong Now => Origin + ((ulong)_world.Now.Ticks * NanosecondsPerTick);

    public TimeProvider TimeProvider => _world.Clock;

    public ILogger Logger { get; }

    public bool NeedsTurn => !IsFrozen && !IsDown && (_received.Count > 0 || _work.Count > 0 || Driver.HasWork || Driver.NextExpiry <= Now);

    // Rounded up: a turn before the time would find nothing to do.
    public TimeSpan? NextTurn => IsFrozen || IsDown || Driver.NextExpiry == ulong.MaxValue ? null
        : TimeSpan.FromTicks((long)((Math.Max(Driver.NextExpiry, Origin) - Origin + NanosecondsPerTick - 1) / NanosecondsPerTick));

    internal IPAddress Address { get; }

    internal EndpointDriver Driver { get; private set; }

    /// <summary>Whether its process stands still.</summary>
    internal bool IsFrozen { get; set; }

    /// <summary>Whether its process is gone.</summary>
    internal bool IsDown { get; private set; }

    /// <summary>Is given each connection that a client has opened.</summary>
    internal Action<DriverConnection>? Accepted { get; set; }

    /// <summary>What the first socket's path begins with.</summary>
    internal SocketAddressBuffer LocalAddress => _sockets[0]!.Value.Inside;

    public void FillRandom(Span<byte> destination) => _world.Random.NextBytes(destination);

    public void Send(int socket, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn, ReadOnlySpan<byte> data, int segmentSize)
    {
        if (IsDown || (uint)socket >= (uint)_sockets.Count || _sockets[socket] is not { } from)
        {
            return;
        }

        while (!data.IsEmpty)
        {
            int length = Math.Min(segmentSize, data.Length);
            _network.Transmit(this, from.Outside, remote, ecn, data[..length].ToArray());
            data = data[length..];
        }
    }

    public void Post(IDriverWork work)
    {
        if (IsDown)
        {
            work.Drop();
            return;
        }

        _work.Enqueue(work);
    }

    public (int Socket, SocketAddressBuffer Local) OpenSocketFor(IPEndPoint local, in SocketAddressBuffer remote)
    {
        int number = Bind(new IPEndPoint(Address, local.Port));
        return (number, _sockets[number]!.Value.Inside);
    }

    public void CloseSocket(int socket)
    {
        if ((uint)socket < (uint)_sockets.Count && _sockets[socket] is { } open)
        {
            _network.Unbind(open.Outside);
            _sockets[socket] = null;
        }
    }

    public void RunTurn()
    {
        while (_received.TryDequeue(out (int Socket, SocketAddressBuffer Source, byte[] Data, byte Ecn) datagram))
        {
            if (_sockets[datagram.Socket] is { } socket)
            {
                Driver.HandleDatagram(datagram.Data, socket.Inside, datagram.Source, datagram.Socket, datagram.Ecn);
            }
        }

        RunWork();
        Driver.HandleExpiries(Now);
        Driver.FlushReceived();
        RunWork();
        Driver.Write();
        Report();
    }

    internal void Receive(int socket, in SocketAddressBuffer source, byte[] data, byte ecn)
    {
        // A machine whose program stands still keeps what its sockets have room for.
        if (!IsDown && _received.Count < MaxWaitingDatagrams)
        {
            _received.Enqueue((socket, source, data, ecn));
        }
    }

    /// <summary>Watches a connection from now on.</summary>
    internal void Add(DriverConnection connection) => _connections.Add(connection);

    /// <summary>How often connections have moved by their own will.</summary>
    internal int Moves => _moves + _connections.Sum(static c => c.Moves);

    /// <summary>Gives each socket another address on the outside; what is sent to the old ones gets lost.</summary>
    internal void Rebind()
    {
        for (int i = 0; i < _sockets.Count; i++)
        {
            if (_sockets[i] is not (var inside, var outside))
            {
                continue;
            }

            _network.Unbind(outside);
            outside = inside.WithPort(_nextPort++);
            _sockets[i] = (inside, outside);
            _network.Bind(outside, this, i);
        }
    }

    /// <summary>Moves every connection to a local address of its own.</summary>
    internal void Migrate()
    {
        foreach (DriverConnection connection in _connections)
        {
            connection.Move();
        }
    }

    /// <summary>Ends the process without a word.</summary>
    internal void Kill()
    {
        if (IsDown)
        {
            return;
        }

        // Silent from the first step on: what ending says to the peers is never sent.
        IsDown = true;
        Driver.Shutdown("the process has ended");
        while (_work.TryDequeue(out IDriverWork? work))
        {
            work.Drop();
        }

        Driver.Shutdown("the process has ended");
        _received.Clear();
        Report();
    }

    /// <summary>Starts the process again, with the same address and secrets.</summary>
    internal void Start()
    {
        Driver = NewDriver();
        IsDown = false;
    }

    /// <summary>Sockets that were opened for moves and are not closed.</summary>
    internal int OpenSockets => _sockets.Skip(1).Count(static s => s is not null);

    /// <summary>Whether the driver holds nothing any more.</summary>
    internal bool IsEmpty => IsDown || (OpenSockets == 0 && Driver is { ConnectionCount: 0, IdCount: 0, ResetTokenCount: 0, HasWork: false });

    private EndpointDriver NewDriver() => new(this, _options, new TlsSessionContext(_world.Clock), _server);

    private int Bind(IPEndPoint local)
    {
        SocketAddressBuffer address = SocketAddressBuffer.From(local.Address, local.Port == 0 ? _nextPort++ : local.Port);
        _network.Bind(address, this, _sockets.Count);
        _sockets.Add((address, address));
        return _sockets.Count - 1;
    }

    private void RunWork()
    {
        // Bounded as in earnest: work that posts work must not keep the host from its other duties.
        for (int i = 0; i < MaxWorkPerTurn && _work.TryDequeue(out IDriverWork? work); i++)
        {
            work.Run();
        }
    }

    // Between two turns, where no native code is on the stack.
    private void Report()
    {
        for (int i = 0; i < _connections.Count; i++)
        {
            DriverConnection connection = _connections[i];
            if (connection.TryTakeAccepted())
            {
                Accepted!(connection);
            }

            if (connection.Report())
            {
                _moves += connection.Moves;
                _connections.RemoveAt(i--);
            }
        }
    }
}
