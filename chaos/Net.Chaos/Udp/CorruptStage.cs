using Net.Chaos.Proxy;

namespace Net.Chaos.Udp;

/// <summary>Changes bytes of datagrams. The UDP checksum is made anew on the way out, so that the receiver's application sees the damage.</summary>
internal sealed class CorruptStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "corrupt",
        "Changes bytes of datagrams.",
        [
            ToxicAttribute.Number("probability", "part of the datagrams damaged"),
            ToxicAttribute.Whole("bytes", "bytes changed in each", 1, min: 1, max: 65535),
            ToxicAttribute.Whole("offset", "first byte that may be changed", max: 65535),
        ],
        static toxic => new CorruptStage(toxic));

    private readonly double _probability = toxic.Attributes.Number("probability");
    private readonly long _bytes = toxic.Attributes.Whole("bytes");
    private readonly int _offset = (int)toxic.Attributes.Whole("offset");

    protected override void Handle(Packet packet)
    {
        if (Context.Random.NextChance(_probability) && packet.Length > _offset)
        {
            Span<byte> target = packet.Data[_offset..];
            int count = (int)Math.Min(_bytes, target.Length);
            if (count == 1)
            {
                Damage(ref target[Context.Random.NextInteger(target.Length)]);
            }
            else
            {
                // Neighbours from a random place on, so that no byte is changed back by a second hit.
                int first = Context.Random.NextInteger(target.Length - count + 1);
                for (int i = first; i < first + count; i++)
                {
                    Damage(ref target[i]);
                }
            }

            Context.Count(FaultKind.Corrupted);
        }

        Forward(packet);
    }

    private void Damage(ref byte value) => value ^= (byte)(1 + Context.Random.NextInteger(255));
}
