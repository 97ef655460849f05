using Net.Chaos.Proxy;
using Net.Chaos.Udp;

namespace Net.Chaos.Quic;

/// <summary>Holds chosen QUIC packets back. Of packets that share a datagram only the chosen ones wait, in a datagram of their own.</summary>
internal sealed class QuicDelayStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "quic_delay",
        "Delays chosen QUIC packets.",
        [ToxicAttribute.Whole("latency", "ms"), ToxicAttribute.Whole("jitter", "ms more or less, uniformly"), .. PacketSelector.Attributes],
        static toxic => new QuicDelayStage(toxic),
        check: PacketSelector.Check);

    private readonly PacketSelector _selector = new(toxic.Attributes);
    private readonly TimeSpan _latency = toxic.Attributes.Milliseconds("latency");
    private readonly TimeSpan _jitter = toxic.Attributes.Milliseconds("jitter");

    protected override void Handle(Packet packet)
    {
        Span<byte> data = packet.Data;
        int kept = 0;
        foreach (QuicPacketView one in new QuicDatagram(data))
        {
            if (_selector.Selects(one.Kind, Context.Random))
            {
                TimeSpan delay = _latency + (_jitter * ((2 * Context.Random.NextDouble()) - 1));
                Context.Count(FaultKind.Delayed);
                ForwardAt(NewPacket(one.Bytes, packet.Ecn), Context.Now + delay);
            }
            else
            {
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
