using System.Globalization;
using System.Net;

namespace Net.Chaos.Simulation.Frames;

/// <summary>A cluster whose connections carry frames instead of packets.</summary>
internal sealed class FrameCluster : SimulatedCluster
{
    private readonly FrameEngine[] _engines;
    private readonly HostState[] _hosts;
    private readonly List<FrameConnection> _open = [];

    internal FrameCluster(SimulationWorld world, SimulationOptions options, IReadOnlyList<SimulatedServer> servers)
        : base(world, options, servers)
    {
        _engines = [.. Enumerable.Range(0, options.Clients).Select(client => new FrameEngine(this, client))];
        _hosts = [.. servers.Select(static _ => new HostState())];
    }

    internal override TransportEngine EngineOf(int client) => _engines[client];

    internal override void Kill(int host)
    {
        _hosts[host].IsDown = true;
        Servers[host].Forget();
        foreach (FrameConnection connection in _open.Where(c => c.IsServer && c.Host == host).ToArray())
        {
            connection.Die();
        }
    }

    internal override void Start(int host) => _hosts[host].IsDown = false;

    internal override void Freeze(int host, bool isFrozen) => _hosts[host].IsFrozen = isFrozen;

    internal override void Refuse(int host, bool refuses) => _hosts[host].Refuses = refuses;

    internal override void Rebind(int client)
    {
        // Frames have no addresses.
    }

    internal override string DescribeLeftovers() => _open.Count == 0 ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{_open.Count(static c => !c.IsServer)} connections of clients and {_open.Count(static c => c.IsServer)} of hosts with {_open.Sum(static c => c.OpenStreams)} streams");

    internal override void Close()
    {
        foreach (FrameConnection connection in _open.ToArray())
        {
            connection.Die();
        }
    }

    /// <summary>Begins a connection.</summary>
    internal FrameConnection Connect(int client, IPEndPoint address, ConnectOptions options)
    {
        int host = address.Address.GetAddressBytes()[3] - 1;
        HostState state = _hosts[host];
        var up = new FrameLine(World, Up(client, host), () => !state.IsDown && !state.IsFrozen);
        var down = new FrameLine(World, Down(client, host), () => !state.IsDown && !state.IsFrozen);
        var connection = new FrameConnection(World, options, host, isServer: false, up, new IPEndPoint(ClientAddressOf(client), 0), address) { Ended = Forget };
        _open.Add(connection);
        up.Send(() => Accept(connection, down));
        return connection;
    }

    private void Accept(FrameConnection client, FrameLine down)
    {
        if (client.IsOver)
        {
            return;
        }

        if (_hosts[client.Host].Refuses)
        {
            down.Send(() => client.End(new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectFailed, null, 2, "The host takes no connections.")));
            return;
        }

        var server = new FrameConnection(World, client.Options, client.Host, isServer: true, down, client.RemoteEndPoint, client.LocalEndPoint) { Ended = Forget, Peer = client };
        _open.Add(server);
        server.Open();
        Servers[client.Host].Serve(server);
        down.Send(() =>
        {
            client.Peer = server;
            client.Open();
        });
    }

    private void Forget(FrameConnection connection) => _open.Remove(connection);

    private sealed class HostState
    {
        internal bool IsDown { get; set; }

        internal bool IsFrozen { get; set; }

        internal bool Refuses { get; set; }
    }
}
