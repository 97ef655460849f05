using Net.Chaos.Proxy;
using Net.Chaos.Udp;

namespace Net.Chaos.Quic;

/// <summary>Answers a client's Initial with a forged packet: what version negotiation and Retry injection have in common. It sees both directions.</summary>
internal abstract class ForgeryStage(Toxic toxic) : PacketStage
{
    private const int MaxConnections = 1024;

    /// <summary>The attributes that both have.</summary>
    private protected static readonly ToxicAttribute[] SharedAttributes =
    [
        ToxicAttribute.Text(
            "when", "client: at once, before the server can answer, as an attacker who wins the race; server: behind the server's first answer, when the client must ignore it", "client", "client", "server"),
        ToxicAttribute.Whole("copies", "how often it is sent for each connection", 1, min: 1, max: 1000),
    ];

    private readonly bool _waitsForServer = toxic.Attributes.Text("when") == "server";
    private readonly long _copies = toxic.Attributes.Whole("copies");
    private readonly ForgeryMemory _memory = new();

    protected override void Handle(Packet packet)
    {
        if (Context.Stream == ToxicStream.Upstream)
        {
            Forward(Remember(packet));
            return;
        }

        bool isServerInitial = (QuicDatagram.KindsOf(packet.Data) & QuicPacketKinds.Initial) != 0;
        Forward(packet);
        if (_waitsForServer && isServerInitial)
        {
            Other?._memory.Take(SendForgeries);
        }
    }

    /// <summary>Makes the packet.</summary>
    private protected abstract byte[] Forge(in QuicPacketView initial);

    private ForgeryStage? Other => Session.FindStage(Toxic.Name, ToxicStream.Upstream) as ForgeryStage;

    private Packet Remember(Packet packet)
    {
        foreach (QuicPacketView one in new QuicDatagram(packet.Data))
        {
            if (one.Kind == QuicPacketKinds.Initial && _memory.IsNew(one, MaxConnections))
            {
                if (_waitsForServer)
                {
                    _memory.Keep(one.Bytes);
                }
                else
                {
                    SendForgeries(one.Bytes);
                }
            }
        }

        return packet;
    }

    private void SendForgeries(ReadOnlySpan<byte> initial)
    {
        byte[] forged = Forge(QuicPacketView.Read(initial, 0));
        for (int i = 0; i < _copies; i++)
        {
            Toxic.Faults.Add(ToxicStream.Downstream, FaultKind.Injected);
            Inject(ToxicStream.Downstream, forged);
        }
    }
}
