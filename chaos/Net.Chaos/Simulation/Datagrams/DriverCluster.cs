using System.Globalization;
using System.Net;
using Net.Http3;
using Net.Ngtcp2;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Tls;

namespace Net.Chaos.Simulation.Datagrams;

/// <summary>A cluster of the ngtcp2 engine's own drivers, with TLS on both sides, over simulated datagrams.</summary>
internal sealed class DriverCluster : SimulatedCluster
{
    private const int StreamLimit = 8;

    // What a session of HTTP/3 needs: control, and both of QPACK.
    private const int UnidirectionalLimit = 3;
    private readonly DatagramHost[] _hosts;
    private readonly DatagramHost[] _clients;
    private readonly DriverEngine[] _engines;
    private readonly bool[] _refuses;
    private readonly ServerTlsOptions _tls;

    internal DriverCluster(SimulationWorld world, SimulationOptions options, IReadOnlyList<SimulatedServer> servers)
        : base(world, options, servers)
    {
        var network = new DatagramNetwork(world, ConditionOf);
        _refuses = new bool[options.Hosts];
        _tls = SimulatedIdentities.Server(world.Random);
        _hosts = [.. Enumerable.Range(0, options.Hosts).Select(host => MakeHost(network, host))];
        _clients = [.. Enumerable.Range(0, options.Clients).Select(client => new DatagramHost(world, network, new IPEndPoint(ClientAddressOf(client), 0), null))];
        _engines = [.. _clients.Select(static c => new DriverEngine(c))];
    }

    internal override TransportEngine EngineOf(int client) => _engines[client];

    internal override void Kill(int host)
    {
        Servers[host].Forget();
        _hosts[host].Kill();
    }

    internal override void Start(int host) => _hosts[host].Start();

    internal override void Freeze(int host, bool isFrozen) => _hosts[host].IsFrozen = isFrozen;

    internal override void Refuse(int host, bool refuses) => _refuses[host] = refuses;

    internal override void Rebind(int client) => _clients[client].Rebind();

    internal override void Migrate(int client) => _clients[client].Migrate();

    internal override int CountMoves() => _clients.Sum(static c => c.Moves);

    internal override string DescribeLeftovers() => string.Join(", ", ((DatagramHost[])[.. _hosts, .. _clients]).Where(static h => !h.IsEmpty).Select(static h =>
        string.Create(CultureInfo.InvariantCulture, $"{h.Address} has {h.Driver.ConnectionCount} connections, {h.Driver.IdCount} ids, {h.Driver.ResetTokenCount} reset tokens, {h.OpenSockets} sockets of moves")));

    internal override void Close()
    {
        foreach (DatagramHost host in (DatagramHost[])[.. _clients, .. _hosts])
        {
            host.Kill();
        }
    }

    private DatagramHost MakeHost(DatagramNetwork network, int host)
    {
        byte[] secret = new byte[32];
        World.Random.NextBytes(secret);
        DatagramHost? made = null;
        var options = new ListenOptions
        {
            ApplicationProtocols = [RawStreamProtocol.ApplicationProtocol, Http3Connection.ApplicationProtocol],
            LocalEndPoint = AddressOf(host),
            Tls = (in ClientHello _) => _tls,
            InlineContinuations = true,
            StaticSecret = secret,
            IdleTimeout = TimeSpan.FromSeconds(10),
            Limits = TransportLimits.Default with { MaxInboundBidirectionalStreams = StreamLimit, MaxInboundUnidirectionalStreams = UnidirectionalLimit },
        };
        options.Validate();
        var state = new ServerState(
            options, new ServerTlsContext(options.Tls), connection => made!.Add(new DriverConnection(made, connection, isAccepted: true)), () => _refuses[host] ? int.MaxValue : 0);
        made = new DatagramHost(World, network, AddressOf(host), state) { Accepted = Servers[host].Serve };
        return made;
    }

    private LinkCondition ConditionOf(DatagramHost from, DatagramHost to)
    {
        int client = Array.IndexOf(_clients, from);
        return client >= 0 ? Up(client, Array.IndexOf(_hosts, to)) : Down(Array.IndexOf(_clients, to), Array.IndexOf(_hosts, from));
    }
}
