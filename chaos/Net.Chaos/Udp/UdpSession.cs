using System.Net;
using Net.Chaos.Proxy;
using Net.Chaos.Quic;

namespace Net.Chaos.Udp;

/// <summary>What belongs to one client address: its way to the server and its stages, both ways. Used on the relay's thread.</summary>
internal sealed class UdpSession
{
    // A NAT that forgets its mappings every second leaves these behind; the oldest ports are given up.
    private const int MaxMuted = 16;

    private readonly UdpRelay _relay;
    private readonly List<PacketStage>[] _stages = [[], []];
    private readonly List<UpstreamSocket> _strays = [];
    private readonly Queue<UpstreamSocket> _muted = new();
    private QuicTracker? _quic;

    internal UdpSession(UdpRelay relay, PeerAddress client, long number)
    {
        _relay = relay;
        Client = client;
        Number = number;
    }

    internal PeerAddress Client { get; }

    /// <summary>Its number in the proxy, from 0, in the order in which clients came.</summary>
    internal long Number { get; }

    /// <summary>The way to the server.</summary>
    internal UpstreamSocket Upstream { get; set; } = null!;

    internal TimeSpan LastActive { get; set; }

    /// <summary>Whether the server has sent anything yet.</summary>
    internal bool HasAnswer { get; private set; }

    /// <summary>How often it got another source address.</summary>
    internal int Rebindings { get; private set; }

    /// <summary>Which QUIC connections run in this session. Sees only what a stage shows it.</summary>
    internal QuicTracker Quic => _quic ??= new QuicTracker(_relay.QuicConnections);

    /// <summary>The connections seen; <c>null</c> when no toxic has looked for any.</summary>
    internal QuicTracker? KnownQuic => _quic;

    internal void Add(Toxic toxic)
    {
        foreach (ToxicStream stream in (ToxicStream[])[ToxicStream.Upstream, ToxicStream.Downstream])
        {
            if (toxic.AppliesTo(stream))
            {
                PacketStage stage = toxic.Definition.CreatePacketStage!(toxic);
                _stages[(int)stream].Add(stage);
                stage.Attach(_relay, this, toxic, _relay.NewContext(toxic, stream, Number));
            }
        }
    }

    /// <summary>Puts an updated toxic in the place of the one of the same name, which passes on what it holds.</summary>
    internal void Update(Toxic toxic)
    {
        foreach (ToxicStream stream in (ToxicStream[])[ToxicStream.Upstream, ToxicStream.Downstream])
        {
            List<PacketStage> stages = _stages[(int)stream];
            int index = stages.FindIndex(s => s.Toxic.Name == toxic.Name);
            if (index >= 0)
            {
                stages[index].Leave(passesOn: true);
                stages.RemoveAt(index);
            }

            if (toxic.AppliesTo(stream))
            {
                PacketStage stage = toxic.Definition.CreatePacketStage!(toxic);
                stages.Insert(index >= 0 ? index : stages.Count, stage);
                stage.Attach(_relay, this, toxic, _relay.NewContext(toxic, stream, Number));
            }
        }
    }

    internal void Remove(string name)
    {
        foreach (List<PacketStage> stages in _stages)
        {
            int index = stages.FindIndex(s => s.Toxic.Name == name);
            if (index >= 0)
            {
                stages[index].Leave(passesOn: true);
                stages.RemoveAt(index);
            }
        }
    }

    /// <summary>Takes what came from one side, one datagram or several of equal length.</summary>
    internal void Receive(ToxicStream stream, ReadOnlySpan<byte> data, int segmentSize, byte ecn)
    {
        LastActive = _relay.Now;
        HasAnswer |= stream == ToxicStream.Downstream;
        List<PacketStage> stages = _stages[(int)stream];
        if (stages.Count == 0)
        {
            Send(stream, data, segmentSize, ecn);
            return;
        }

        for (int offset = 0; offset == 0 || offset < data.Length; offset += segmentSize)
        {
            Packet packet = _relay.NewPacket(data.Slice(offset, Math.Min(segmentSize, data.Length - offset)), ecn);
            stages[0].Accept(packet);
        }
    }

    /// <summary>The stage of a toxic in one direction.</summary>
    internal PacketStage? FindStage(string toxic, ToxicStream stream) => _stages[(int)stream].Find(s => s.Toxic.Name == toxic);

    /// <summary>Passes a packet on to the stage behind one, or the wire.</summary>
    internal void PassOn(PacketStage from, ToxicStream stream, Packet packet)
    {
        List<PacketStage> stages = _stages[(int)stream];
        int next = stages.IndexOf(from) + 1;
        if (next < stages.Count)
        {
            stages[next].Accept(packet);
            return;
        }

        Send(stream, packet.Data, packet.Length, packet.Ecn);
        _relay.Return(packet);
    }

    /// <summary>Puts datagrams on the wire.</summary>
    internal void Send(ToxicStream stream, ReadOnlySpan<byte> data, int segmentSize, byte ecn)
    {
        int size = Math.Max(1, segmentSize);
        _relay.Traffic.AddSent(stream, data.Length, Math.Max(1, (data.Length + size - 1) / size));
        if (stream == ToxicStream.Upstream)
        {
            Upstream.Send(data, size, ecn);
        }
        else
        {
            _relay.Port.SendToClient(Client, data, size, ecn);
        }
    }

    /// <summary>Gives the session another source address towards the server. What the server still sends to the old one is lost.</summary>
    /// <returns>Whether it was done.</returns>
    internal bool Rebind(IPAddress? source)
    {
        if (_relay.OpenUpstream(this, source, isStray: false) is not { } socket)
        {
            return false;
        }

        Upstream.Mute();
        _muted.Enqueue(Upstream);
        if (_muted.Count > MaxMuted)
        {
            _muted.Dequeue().Close();
        }

        Upstream = socket;
        Rebindings++;
        return true;
    }

    internal void AddStray(UpstreamSocket socket) => _strays.Add(socket);

    internal void Close()
    {
        foreach (List<PacketStage> stages in _stages)
        {
            foreach (PacketStage stage in stages)
            {
                stage.Leave(passesOn: false);
            }

            stages.Clear();
        }

        Upstream.Close();
        foreach (UpstreamSocket socket in _strays.Concat(_muted))
        {
            socket.Close();
        }
    }
}
