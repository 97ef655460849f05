using Net.Chaos.Proxy;

namespace Net.Chaos.Udp;

/// <summary>Sends datagrams more than once.</summary>
internal sealed class DuplicateStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "duplicate",
        "Sends datagrams more than once.",
        [
            ToxicAttribute.Number("probability", "part of the datagrams sent again"),
            ToxicAttribute.Whole("copies", "how often each is sent again", 1, min: 1, max: 100),
            ToxicAttribute.Whole("delay", "ms between the copies"),
        ],
        static toxic => new DuplicateStage(toxic));

    private readonly double _probability = toxic.Attributes.Number("probability");
    private readonly long _copies = toxic.Attributes.Whole("copies");
    private readonly TimeSpan _delay = toxic.Attributes.Milliseconds("delay");

    protected override void Handle(Packet packet)
    {
        if (!Context.Random.NextChance(_probability))
        {
            Forward(packet);
            return;
        }

        // Copied first: a packet that was passed on belongs to someone else.
        Packet[] copies = [.. Enumerable.Range(0, (int)_copies).Select(_ => NewPacket(packet.Data, packet.Ecn))];
        Forward(packet);
        for (int i = 0; i < copies.Length; i++)
        {
            Context.Count(FaultKind.Duplicated);
            ForwardAt(copies[i], Context.Now + (_delay * (i + 1)));
        }
    }
}
