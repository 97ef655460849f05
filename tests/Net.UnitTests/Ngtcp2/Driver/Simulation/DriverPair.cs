using System.Net;
using Net.Ngtcp2;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Streams;
using Net.Ngtcp2.Tls;
using Net.Ngtcp2.Udp;

namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>A client's and a server's endpoint driver in a simulated network of two hosts.</summary>
internal sealed class DriverPair : IDisposable
{
    internal const string Protocol = "sim/1";
    internal const int ServerPort = 443;
    private readonly bool _useIPv6;
    private readonly Ngtcp2EngineOptions _engine;
    private readonly List<SimulatedHost> _clients = [];

    /// <summary>Makes both hosts; nothing is sent yet.</summary>
    /// <param name="seed">What chance begins with.</param>
    /// <param name="listen">Changes the server's options.</param>
    /// <param name="tls">The server's TLS options; <c>null</c>: <see cref="SimulatedIdentities.ServerTls"/>.</param>
    /// <param name="engine">Settings of both engines.</param>
    /// <param name="useIPv6">Whether the hosts have IPv6 addresses.</param>
    internal DriverPair(
        int seed = 1, Func<ListenOptions, ListenOptions>? listen = null, ServerTlsOptions? tls = null, Ngtcp2EngineOptions? engine = null, bool useIPv6 = false)
    {
        _useIPv6 = useIPv6;
        Network = new SimulatedNetwork(seed);
        _engine = engine ?? new Ngtcp2EngineOptions();
        ServerTlsOptions chosen = tls ?? SimulatedIdentities.ServerTls;
        ServerEndPoint = new IPEndPoint(AddressOf(1), ServerPort);
        var options = new ListenOptions
        {
            ApplicationProtocols = [Protocol],
            LocalEndPoint = ServerEndPoint,
            Tls = (in ClientHello _) => chosen,
            InlineContinuations = true,
        };
        options = listen?.Invoke(options) ?? options;
        options.Validate();
        State = new ServerState(options, new ServerTlsContext(options.Tls), Accepted.Add);
        Server = new SimulatedHost(Network, ServerEndPoint.Address, _engine, State);
        Server.OpenSocket(ServerEndPoint);
        Client = AddClient();
    }

    internal SimulatedNetwork Network { get; }

    internal SimulatedHost Server { get; }

    internal SimulatedHost Client { get; }

    /// <summary>The listener's counters.</summary>
    internal ServerState State { get; }

    internal IPEndPoint ServerEndPoint { get; }

    /// <summary>Connections the server was given, in order.</summary>
    internal List<Ngtcp2Connection> Accepted { get; } = [];

    /// <summary>Clients' hosts; <see cref="Client"/> is the first.</summary>
    internal IReadOnlyList<SimulatedHost> Clients => _clients;

    internal SimulatedLink ToServer => Network.Link(Client, Server);

    internal SimulatedLink ToClient => Network.Link(Server, Client);

    /// <summary>Sets both directions alike.</summary>
    internal void SetLinks(Action<SimulatedLink> set)
    {
        set(ToServer);
        set(ToClient);
    }

    /// <summary>Adds one more host for clients.</summary>
    internal SimulatedHost AddClient()
    {
        var host = new SimulatedHost(Network, AddressOf(2 + _clients.Count), _engine);
        host.OpenSocket(new IPEndPoint(host.Address, 0));
        _clients.Add(host);
        return host;
    }

    /// <summary>Begins a connection.</summary>
    internal Ngtcp2Connection Connect(Func<ConnectOptions, ConnectOptions>? change = null, SimulatedHost? from = null)
    {
        SimulatedHost host = from ?? Client;
        var options = new ConnectOptions
        {
            ApplicationProtocols = [Protocol],
            RemoteEndPoint = ServerEndPoint,
            ServerName = SimulatedIdentities.ServerName,
            Tls = SimulatedIdentities.ClientTls,
            InlineContinuations = true,
        };
        options = change?.Invoke(options) ?? options;
        options.Validate();
        SocketAddressBuffer local = host.LocalAddress(0);
        var connection = new Ngtcp2Connection(options, host, isServer: false, ServerEndPoint, local.ToIPEndPoint());
        connection.Attach(host.Driver.Connect(connection, local, SocketAddressBuffer.From(ServerEndPoint), 0));
        return connection;
    }

    /// <summary>Connects, and runs until both applications have the connection and the handshake is confirmed.</summary>
    internal (Ngtcp2Connection Client, Ngtcp2Connection Server) Establish(Func<ConnectOptions, ConnectOptions>? change = null, TimeSpan? limit = null)
    {
        int before = Accepted.Count;
        Ngtcp2Connection client = Connect(change);
        Network.RunUntil(() => client.Closed.IsCompleted || (client.Driver.IsConfirmed && Accepted.Count > before), limit);
        ThrowIfClosed(client);
        return (client, Accepted[before]);
    }

    /// <summary>Opens a stream that needs no waiting.</summary>
    internal static Ngtcp2Stream Open(Ngtcp2Connection connection, StreamDirection direction = StreamDirection.Bidirectional, Idempotency idempotency = Idempotency.NonIdempotent)
    {
        Assert.IsTrue(connection.TryOpenStream(direction, idempotency, out TransportStream? stream), "There is no credit for a stream.");
        return (Ngtcp2Stream)stream;
    }

    /// <summary>Runs until the peer's stream of an id has been accepted.</summary>
    internal Ngtcp2Stream Accept(Ngtcp2Connection connection, TimeSpan? limit = null)
    {
        Task<TransportStream> accept = connection.AcceptStreamAsync().AsTask();
        Network.Run(accept, limit);
        return (Ngtcp2Stream)accept.Result;
    }

    /// <summary>Closes from the client's side and checks that nothing is left on either side once the closing periods are over.</summary>
    internal void CloseAndCheckEmpty(Ngtcp2Connection client, TimeSpan? limit = null)
    {
        _ = client.CloseAsync(0, "done").AsTask();
        Network.RunUntil(() => client.Closed.IsCompleted, limit);
        CheckEmpty(limit);
    }

    /// <summary>Checks that nothing of any connection is left on either side once idle timeouts and closing periods are over.</summary>
    internal void CheckEmpty(TimeSpan? limit = null)
    {
        Network.RunUntil(() => IsEmpty(Server) && _clients.TrueForAll(IsEmpty), limit ?? TimeSpan.FromMinutes(5));
        Assert.AreEqual(0, State.Connections);
        Assert.AreEqual(0, State.Handshakes);
        Assert.AreEqual(1, Server.OpenSockets);
        Assert.IsTrue(_clients.TrueForAll(static c => c.OpenSockets == 1));
    }

    public void Dispose()
    {
        _clients.ForEach(static c => c.Dispose());
        Server.Dispose();
    }

    private static bool IsEmpty(SimulatedHost host) =>
        host.Driver is { ConnectionCount: 0, IdCount: 0, ResetTokenCount: 0, Timers.Count: 0, HasWork: false, NextExpiry: ulong.MaxValue };

    private static void ThrowIfClosed(Ngtcp2Connection connection)
    {
        if (connection.Closed.IsCompleted)
        {
            throw connection.Closed.GetAwaiter().GetResult().ToException();
        }
    }

    private IPAddress AddressOf(int number) => IPAddress.Parse(_useIPv6 ? $"fd00::{number}" : $"10.0.0.{number}");
}
