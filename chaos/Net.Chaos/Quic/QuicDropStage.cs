using Net.Chaos.Proxy;
using Net.Chaos.Udp;

namespace Net.Chaos.Quic;

/// <summary>Loses chosen QUIC packets. Of packets that share a datagram only the chosen ones are cut out.</summary>
internal sealed class QuicDropStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "quic_drop", "Loses chosen QUIC packets.", PacketSelector.Attributes, static toxic => new QuicDropStage(toxic), check: PacketSelector.Check);

    private readonly PacketSelector _selector = new(toxic.Attributes);

    protected override void Handle(Packet packet)
    {
        Span<byte> data = packet.Data;
        int kept = 0;
        foreach (QuicPacketView one in new QuicDatagram(data))
        {
            if (_selector.Selects(one.Kind, Context.Random))
            {
                Context.Count(FaultKind.Dropped);
            }
            else
            {
                // Towards the front, over what was cut out; the view ahead is not touched.
                one.Bytes.CopyTo(data[kept..]);
                kept += one.Bytes.Length;
            }
        }

        if (kept == 0 && data.Length > 0)
        {
            Discard(packet);
            return;
        }

        packet.Truncate(kept);
        Forward(packet);
    }
}
