using Net.Chaos.Proxy;

namespace Net.Chaos.Udp;

/// <summary>A slow link with a queue before it: a datagram that finds the queue full is lost (drop tail).</summary>
internal sealed class PacketBandwidthStage(Toxic toxic) : PacketStage
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "bandwidth",
        "Limits the rate; datagrams wait in a queue or are lost.",
        [
            ToxicAttribute.Whole("rate", "KB/s, 1,000 bytes each; 0: no limit"),
            ToxicAttribute.Whole("queue", "bytes that may wait", 65536, min: 1, max: 1 << 30),
        ],
        static toxic => new PacketBandwidthStage(toxic));

    private readonly long _rate = toxic.Attributes.Whole("rate");
    private readonly long _queue = toxic.Attributes.Whole("queue");
    private TimeSpan _free;
    private long _waiting;

    protected override void Handle(Packet packet)
    {
        TimeSpan now = Context.Now;
        if (_rate == 0)
        {
            Forward(packet);
            return;
        }

        if (_waiting + packet.Length > _queue)
        {
            Drop(packet, FaultKind.QueueFull);
            return;
        }

        _free = _free > now ? _free : now;
        _free += TimeSpan.FromMilliseconds((double)packet.Length / _rate);
        _waiting += packet.Length;
        Context.Count(FaultKind.Delayed);
        ForwardAt(packet, _free);
    }

    protected override void HandleHeld(Packet packet)
    {
        _waiting -= packet.Length;
        Forward(packet);
    }
}
