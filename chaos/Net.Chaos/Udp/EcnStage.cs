using Net.Chaos.Proxy;

namespace Net.Chaos.Udp;

/// <summary>Changes ECN marks: bleaches them as old routers do, or marks congestion (RFC 3168 section 5).</summary>
internal sealed class EcnStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "ecn",
        "Bleaches or sets ECN marks.",
        [
            ToxicAttribute.Text("mode", "bleach: to Not-ECT; ce: marks congestion on what is ECT; ect0, ect1: rewrites to that", "bleach", "bleach", "ce", "ect0", "ect1"),
            ToxicAttribute.Number("probability", "part of the datagrams treated", 1),
        ],
        static toxic => new EcnStage(toxic));

    private readonly string _mode = toxic.Attributes.Text("mode");
    private readonly double _probability = toxic.Attributes.Number("probability");

    protected override void Handle(Packet packet)
    {
        if (Context.Random.NextChance(_probability))
        {
            byte mark = _mode switch
            {
                "ce" => packet.Ecn == 0 ? (byte)0 : (byte)3,
                "ect0" => 2,
                "ect1" => 1,
                _ => 0,
            };
            if (mark != packet.Ecn)
            {
                packet.Ecn = mark;
                Context.Count(FaultKind.Marked);
            }
        }

        Forward(packet);
    }
}
