using Net.Chaos.Proxy;

namespace Net.Chaos.Udp;

/// <summary>A black hole: datagrams above a size vanish, and no ICMP message tells the sender.</summary>
internal sealed class MtuStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "mtu",
        "Loses datagrams above a size without a word.",
        [ToxicAttribute.Whole("bytes", "largest UDP payload that passes", 1280, min: 1, max: 65535)],
        static toxic => new MtuStage(toxic));

    private readonly long _bytes = toxic.Attributes.Whole("bytes");

    protected override void Handle(Packet packet)
    {
        if (packet.Length > _bytes)
        {
            Drop(packet);
        }
        else
        {
            Forward(packet);
        }
    }
}
