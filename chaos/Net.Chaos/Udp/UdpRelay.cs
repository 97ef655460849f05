using System.Net;
using Microsoft.Extensions.Logging;
using Net.Chaos.Proxy;
using Net.Chaos.Quic;

namespace Net.Chaos.Udp;

/// <summary>A UDP proxy without sockets, threads or timers: takes datagrams and the time, and hands datagrams to its port. One thread at a time uses it.</summary>
/// <remarks>
/// Its owner hands in what arrives, calls <see cref="HandleDue"/> no later than <see cref="NextDue"/>, and changes toxics between. With the same seed and the same calls
/// at the same times, the same datagrams leave at the same times.
/// </remarks>
internal sealed class UdpRelay : IDueTarget
{
    private readonly UdpRelaySettings _settings;
    private readonly ChaosClock _clock;
    private readonly ILogger _logger;
    private readonly Dictionary<PeerAddress, UdpSession> _sessions = [];
    private readonly List<Toxic> _toxics = [];
    private readonly PacketPool _pool = new();
    private readonly DueQueue _due = new();
    private long _nextSession;
    private bool _isSweeping;

    internal UdpRelay(UdpRelaySettings settings, ChaosClock clock, IUdpPort port, TrafficCounters traffic, ILogger logger)
    {
        _settings = settings;
        _clock = clock;
        _logger = logger;
        Port = port;
        Traffic = traffic;
    }

    internal IUdpPort Port { get; }

    internal TrafficCounters Traffic { get; }

    internal TimeSpan Now => _clock.Now;

    /// <summary>Counts the QUIC connections of all sessions.</summary>
    internal QuicConnectionNumbers QuicConnections { get; } = new();

    /// <summary>When <see cref="HandleDue"/> is to be called next; <c>null</c>: not before something arrives.</summary>
    internal TimeSpan? NextDue => _due.NextDue;

    /// <summary>Bytes that toxics hold.</summary>
    internal long HeldBytes => _due.HeldBytes;

    internal IReadOnlyCollection<UdpSession> Sessions => _sessions.Values;

    /// <summary>Takes what a client sent: one datagram, or several of equal length of which the last may be shorter.</summary>
    internal void ReceiveFromClient(in PeerAddress client, ReadOnlySpan<byte> data, int segmentSize, byte ecn)
    {
        int size = Math.Max(1, segmentSize);
        Traffic.AddReceived(ToxicStream.Upstream, data.Length, Math.Max(1, (data.Length + size - 1) / size));
        if (_sessions.TryGetValue(client, out UdpSession? session) || (session = Open(client)) is not null)
        {
            session.Receive(ToxicStream.Upstream, data, size, ecn);
        }
    }

    /// <summary>Takes what the server sent to a socket.</summary>
    internal void ReceiveFromUpstream(UpstreamSocket socket, ReadOnlySpan<byte> data, int segmentSize, byte ecn)
    {
        int size = Math.Max(1, segmentSize);
        int count = Math.Max(1, (data.Length + size - 1) / size);
        if (socket.IsStray)
        {
            Traffic.AddStray(data.Length, count);
            return;
        }

        Traffic.AddReceived(ToxicStream.Downstream, data.Length, count);
        socket.Session.Receive(ToxicStream.Downstream, data, size, ecn);
    }

    /// <summary>Does what is due.</summary>
    internal void HandleDue() => _due.Run(_clock.Now);

    internal void Add(Toxic toxic)
    {
        _toxics.Add(toxic);
        foreach (UdpSession session in _sessions.Values)
        {
            session.Add(toxic);
        }
    }

    internal void Update(Toxic toxic)
    {
        _toxics[_toxics.FindIndex(t => t.Name == toxic.Name)] = toxic;
        foreach (UdpSession session in _sessions.Values)
        {
            session.Update(toxic);
        }
    }

    internal void Remove(string name)
    {
        _toxics.RemoveAll(t => t.Name == name);
        foreach (UdpSession session in _sessions.Values)
        {
            session.Remove(name);
        }
    }

    /// <summary>Gives every session another source address towards the server.</summary>
    /// <returns>How many got one.</returns>
    internal int Rebind(IPAddress? source) => _sessions.Values.Count(s => s.Rebind(source));

    /// <summary>Ends all sessions; what is held is lost.</summary>
    internal void Close()
    {
        _due.Clear().ForEach(Return);
        _isSweeping = false;
        foreach (UdpSession session in _sessions.Values)
        {
            session.Close();
        }

        _sessions.Clear();
    }

    internal Packet NewPacket(ReadOnlySpan<byte> data, byte ecn) => _pool.Rent(data, ecn);

    internal void Return(Packet packet) => _pool.Return(packet);

    internal StageContext NewContext(Toxic toxic, ToxicStream stream, long session) => new(toxic, stream, _clock, _settings.Seed, _settings.Proxy, session);

    internal void Hold(IDueTarget target, Packet packet, TimeSpan due)
    {
        if (_due.HeldBytes + packet.Length > _settings.MaxHeldBytes)
        {
            Traffic.AddOverflow();
            Return(packet);
            return;
        }

        _due.Add(target, packet, due);
    }

    internal void Wake(IDueTarget target, TimeSpan due) => _due.Add(target, null, due);

    internal List<Packet> TakeHeld(IDueTarget target) => _due.TakeAll(target);

    /// <summary>Opens a way to the server for a session.</summary>
    /// <returns><c>null</c> when the system refuses, which is logged.</returns>
    internal UpstreamSocket? OpenUpstream(UdpSession session, IPAddress? source, bool isStray)
    {
        try
        {
            UpstreamSocket socket = Port.OpenUpstream(session, source, isStray);
            if (isStray)
            {
                session.AddStray(socket);
            }

            return socket;
        }
        catch (IOException exception)
        {
            ChaosLog.UpstreamRefused(_logger, _settings.Proxy, exception.Message);
            return null;
        }
    }

    // The sweep of idle sessions.
    void IDueTarget.HandleDue(Packet? packet)
    {
        TimeSpan now = _clock.Now;
        foreach (UdpSession session in _sessions.Values.Where(s => now - s.LastActive >= _settings.IdleTimeout).ToArray())
        {
            session.Close();
            _sessions.Remove(session.Client);
        }

        _isSweeping = _sessions.Count > 0;
        if (_isSweeping)
        {
            SweepLater();
        }
    }

    private void SweepLater()
    {
        TimeSpan oldest = _sessions.Values.Min(static s => s.LastActive) + _settings.IdleTimeout;
        TimeSpan soonest = _clock.Now + (_settings.IdleTimeout / 8);
        _due.Add(this, null, oldest > soonest ? oldest : soonest);
    }

    private UdpSession? Open(in PeerAddress client)
    {
        if (_sessions.Count >= _settings.MaxSessions)
        {
            Traffic.AddRefusedSession();
            return null;
        }

        var session = new UdpSession(this, client, _nextSession) { LastActive = _clock.Now };
        if (OpenUpstream(session, null, isStray: false) is not { } upstream)
        {
            Traffic.AddRefusedSession();
            return null;
        }

        session.Upstream = upstream;
        _nextSession++;
        Traffic.AddSession();
        _sessions.Add(client, session);
        foreach (Toxic toxic in _toxics)
        {
            session.Add(toxic);
        }

        if (!_isSweeping)
        {
            _isSweeping = true;
            SweepLater();
        }

        return session;
    }
}
