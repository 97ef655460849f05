using System.Net;

namespace Net.Chaos.Simulation;

/// <summary>Hosts, clients, and the links between them, over one kind of engine.</summary>
internal abstract class SimulatedCluster
{
    internal const int Port = 443;
    internal const string ServerName = "host.sim";
    private readonly LinkCondition[,] _up;
    private readonly LinkCondition[,] _down;

    private protected SimulatedCluster(SimulationWorld world, SimulationOptions options, IReadOnlyList<SimulatedServer> servers)
    {
        World = world;
        Servers = servers;
        Clients = options.Clients;
        _up = new LinkCondition[options.Clients, options.Hosts];
        _down = new LinkCondition[options.Clients, options.Hosts];
        for (int client = 0; client < options.Clients; client++)
        {
            for (int host = 0; host < options.Hosts; host++)
            {
                TimeSpan latency = TimeSpan.FromMilliseconds(1) + world.Draw(TimeSpan.FromMilliseconds(15));
                TimeSpan jitter = latency / 4;
                _up[client, host] = new LinkCondition { Latency = latency, Jitter = jitter };
                _down[client, host] = new LinkCondition { Latency = latency, Jitter = jitter };
            }
        }
    }

    internal SimulationWorld World { get; }

    /// <summary>What runs on the hosts.</summary>
    internal IReadOnlyList<SimulatedServer> Servers { get; }

    internal int Clients { get; }

    internal int Hosts => Servers.Count;

    /// <summary>Where a host is.</summary>
    internal static IPEndPoint AddressOf(int host) => new(new IPAddress([10, 0, 1, (byte)(host + 1)]), Port);

    /// <summary>Where a client is.</summary>
    internal static IPAddress ClientAddressOf(int client) => new([10, 0, 2, (byte)(client + 1)]);

    internal LinkCondition Up(int client, int host) => _up[client, host];

    internal LinkCondition Down(int client, int host) => _down[client, host];

    /// <summary>Packets that faults of the links touched.</summary>
    internal long CountTouched() => _up.Cast<LinkCondition>().Concat(_down.Cast<LinkCondition>()).Sum(static l => l.Touched);

    /// <summary>The engine of a client.</summary>
    internal abstract TransportEngine EngineOf(int client);

    /// <summary>Ends a host's process without a word; its address answers nothing until <see cref="Start"/>.</summary>
    internal abstract void Kill(int host);

    internal abstract void Start(int host);

    /// <summary>Lets a host's process stand still, or go on.</summary>
    internal abstract void Freeze(int host, bool isFrozen);

    /// <summary>Lets a host refuse new connections, or take them again.</summary>
    internal abstract void Refuse(int host, bool refuses);

    /// <summary>Gives a client's connections another address as seen from outside.</summary>
    internal abstract void Rebind(int client);

    /// <summary>Moves a client's connections to other local addresses.</summary>
    internal virtual void Migrate(int client)
    {
        // What has no addresses has nowhere to move.
    }

    /// <summary>How often connections have moved by their clients' will.</summary>
    internal virtual int CountMoves() => 0;

    /// <summary>What is left of connections, in words; empty when all is given back.</summary>
    internal abstract string DescribeLeftovers();

    /// <summary>Frees what is left.</summary>
    internal abstract void Close();
}
