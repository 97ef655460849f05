using System.Net;
using System.Net.Sockets;

namespace Net.Testing;

/// <content>Names, ports, and the faults that tests inject.</content>
public sealed partial class MemoryNetwork
{
    private const int FirstEphemeralPort = 49152;

    private readonly Dictionary<string, IPAddress[]> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<IPEndPoint, MemoryListener> _listeners = [];
    private readonly HashSet<IPEndPoint> _bound = [];
    private readonly Dictionary<IPEndPoint, Faults> _faults = [];
    private readonly HashSet<MemoryLink> _links = [];
    private int _nextPort = FirstEphemeralPort;
    private bool _failMigrations;

    /// <summary>The round-trip time of every path without one of its own. Default zero.</summary>
    public TimeSpan RoundTripTime { get; set; }

    /// <summary>Connections that are open or in their handshake, each counted once.</summary>
    public int ConnectionCount
    {
        get
        {
            using Scope scope = Enter();
            return _links.Count;
        }
    }

    /// <summary>When set, a client that moves to another local address cannot validate the new path and stays on the old one.</summary>
    public bool FailMigrations
    {
        get => Volatile.Read(ref _failMigrations);
        set => Volatile.Write(ref _failMigrations, value);
    }

    /// <summary>Gives a name its addresses. <c>localhost</c> has both loopback addresses from the start.</summary>
    /// <param name="name">The name.</param>
    /// <param name="addresses">Its addresses, tried in turn; none: the name does not resolve.</param>
    public void SetHost(string name, params IPAddress[] addresses)
    {
        using Scope scope = Enter();
        _hosts[name] = addresses;
    }

    /// <summary>Sets the round-trip time to one server, for packets sent from now on.</summary>
    /// <param name="server">Where it listens.</param>
    /// <param name="roundTripTime">The time; <c>null</c>: that of <see cref="RoundTripTime"/>.</param>
    public void SetRoundTripTime(IPEndPoint server, TimeSpan? roundTripTime)
    {
        using Scope scope = Enter();
        FaultsAt(server).RoundTripTime = roundTripTime;
    }

    /// <summary>Lets one server refuse new connections, as a full one does.</summary>
    /// <param name="server">Where it listens.</param>
    /// <param name="refuse">Whether it refuses.</param>
    public void RefuseConnections(IPEndPoint server, bool refuse = true)
    {
        using Scope scope = Enter();
        FaultsAt(server).Refuses = refuse;
    }

    /// <summary>Stops all packets to and from one server. They are kept and arrive in order after <see cref="Resume"/>, as retransmission would bring them; meanwhile timeouts run.</summary>
    /// <param name="server">Its address; nobody needs to listen there.</param>
    public void Stall(IPEndPoint server)
    {
        using Scope scope = Enter();
        FaultsAt(server).IsStalled = true;
    }

    /// <summary>Ends <see cref="Stall"/>.</summary>
    /// <param name="server">The server's address.</param>
    public void Resume(IPEndPoint server)
    {
        using Scope scope = Enter();
        FaultsAt(server).IsStalled = false;
        foreach (MemoryLink link in _links.Where(l => l.Server.Equals(server)).ToArray())
        {
            link.Release();
        }
    }

    /// <summary>Ends a connection on both sides at once without a word of either application, as a stateless reset does.</summary>
    /// <param name="connection">Either side of it.</param>
    public void Kill(TransportConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        using Scope scope = Enter();
        ((MemoryConnection)connection).Link.Kill();
    }

    /// <summary>Ends all connections of one server as <see cref="Kill"/> does.</summary>
    /// <param name="server">Where it listens.</param>
    /// <returns>How many.</returns>
    public int KillAll(IPEndPoint server)
    {
        using Scope scope = Enter();
        MemoryLink[] links = [.. _links.Where(l => l.Server.Equals(server))];
        foreach (MemoryLink link in links)
        {
            link.Kill();
        }

        return links.Length;
    }

    /// <summary>The addresses of a name.</summary>
    /// <param name="endPoint">What the client was given.</param>
    /// <returns>What to try, in turn.</returns>
    internal IReadOnlyList<IPEndPoint> Resolve(EndPoint endPoint)
    {
        if (endPoint is IPEndPoint ip)
        {
            return [ip];
        }

        var dns = (DnsEndPoint)endPoint;
        IPAddress[] addresses = IPAddress.TryParse(dns.Host, out IPAddress? literal) ? [literal] : _hosts.GetValueOrDefault(dns.Host, []);
        return [.. addresses
            .Where(a => dns.AddressFamily is AddressFamily.Unspecified || dns.AddressFamily == a.AddressFamily)
            .Select(a => new IPEndPoint(a, dns.Port))];
    }

    /// <summary>Finds who listens on an address, also through an any-address.</summary>
    /// <param name="endPoint">The address.</param>
    /// <returns>The listener, or <c>null</c>.</returns>
    internal MemoryListener? FindListener(IPEndPoint endPoint)
    {
        if (_listeners.TryGetValue(endPoint, out MemoryListener? exact))
        {
            return exact;
        }

        if (endPoint.AddressFamily == AddressFamily.InterNetwork && _listeners.TryGetValue(new IPEndPoint(IPAddress.Any, endPoint.Port), out MemoryListener? any))
        {
            return any;
        }

        return _listeners.GetValueOrDefault(new IPEndPoint(IPAddress.IPv6Any, endPoint.Port));
    }

    /// <summary>Binds an address.</summary>
    /// <param name="wanted">The address; port 0: any free one.</param>
    /// <returns>What was bound, or <c>null</c> when it is taken.</returns>
    internal IPEndPoint? TryBind(IPEndPoint wanted)
    {
        if (wanted.Port != 0)
        {
            var exact = new IPEndPoint(wanted.Address, wanted.Port);
            return _bound.Add(exact) ? exact : null;
        }

        for (int attempt = FirstEphemeralPort; attempt <= IPEndPoint.MaxPort; attempt++)
        {
            var candidate = new IPEndPoint(wanted.Address, _nextPort);
            _nextPort = _nextPort == IPEndPoint.MaxPort ? FirstEphemeralPort : _nextPort + 1;
            if (_bound.Add(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>Frees an address.</summary>
    /// <param name="endPoint">What <see cref="TryBind"/> gave.</param>
    internal void Unbind(IPEndPoint endPoint) => _bound.Remove(endPoint);

    /// <summary>Lets clients find a listener.</summary>
    /// <param name="listener">The listener.</param>
    internal void Add(MemoryListener listener) => _listeners[listener.LocalEndPoint] = listener;

    /// <summary>Ends that clients find a listener, and frees its address.</summary>
    /// <param name="listener">The listener.</param>
    internal void Remove(MemoryListener listener)
    {
        _listeners.Remove(listener.LocalEndPoint);
        Unbind(listener.LocalEndPoint);
    }

    /// <summary>Counts a link.</summary>
    /// <param name="link">A link whose handshake begins.</param>
    internal void Add(MemoryLink link) => _links.Add(link);

    /// <summary>Forgets a link and frees the client's address.</summary>
    /// <param name="link">A link that is over on both sides.</param>
    internal void Remove(MemoryLink link)
    {
        if (_links.Remove(link))
        {
            Unbind(link.Client);
        }
    }

    /// <summary>Whether packets of a server are held back.</summary>
    /// <param name="server">Its address.</param>
    /// <returns>Whether they are.</returns>
    internal bool IsStalled(IPEndPoint server) => _faults.TryGetValue(server, out Faults? faults) && faults.IsStalled;

    /// <summary>Whether a server refuses connections.</summary>
    /// <param name="server">Its address.</param>
    /// <returns>Whether it does.</returns>
    internal bool Refuses(IPEndPoint server) => _faults.TryGetValue(server, out Faults? faults) && faults.Refuses;

    /// <summary>The round-trip time to a server.</summary>
    /// <param name="server">Its address.</param>
    /// <returns>The time, maybe zero.</returns>
    internal TimeSpan RoundTripTimeTo(IPEndPoint server) =>
        _faults.TryGetValue(server, out Faults? faults) && faults.RoundTripTime is TimeSpan own ? own : RoundTripTime;

    private Faults FaultsAt(IPEndPoint server)
    {
        if (!_faults.TryGetValue(server, out Faults? faults))
        {
            faults = new Faults();
            _faults.Add(server, faults);
        }

        return faults;
    }

    private sealed class Faults
    {
        public TimeSpan? RoundTripTime { get; set; }

        public bool Refuses { get; set; }

        public bool IsStalled { get; set; }
    }
}
