using Net.Chaos.Proxy;

namespace Net.Chaos.Udp;

/// <summary>Lets nothing through: in one direction, or in both.</summary>
internal sealed class PartitionStage : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "partition",
        "Lets nothing through, one way or both.",
        [ToxicAttribute.Flag("full", "whether both directions are cut; else only that of the stream", true)],
        static _ => new PartitionStage(),
        static attributes => attributes.Flag("full"));

    protected override void Handle(Packet packet) => Drop(packet);
}
