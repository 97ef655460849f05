using Net.Chaos.Proxy;
using Net.Chaos.Udp;

namespace Net.ChaosTests.Proxy;

internal sealed class ThirdStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "third", "Loses every third datagram.", [ToxicAttribute.Whole("first", "datagrams spared at the beginning")], static toxic => new ThirdStage(toxic));

    private readonly long _first = toxic.Attributes.Whole("first");
    private long _seen;

    protected override void Handle(Packet packet)
    {
        if (++_seen > _first && _seen % 3 == 0)
        {
            Drop(packet);              // counts the fault
        }
        else
        {
            Forward(packet);           // or ForwardAt(packet, Context.Now + delay)
        }
    }
}
