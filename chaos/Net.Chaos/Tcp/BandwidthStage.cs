using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>Limits the rate, in pieces of a tenth of a second at most, so that a slow link trickles and does not stutter.</summary>
internal sealed class BandwidthStage(Toxic toxic) : StreamStage
{
    internal static readonly ToxicType Type = ToxicType.ForStreams(
        "bandwidth",
        "Limits the rate.",
        [ToxicAttribute.Whole("rate", "KB/s, 1,000 bytes each; 0: no limit")],
        static toxic => new BandwidthStage(toxic));

    private readonly long _bytesPerMillisecond = toxic.Attributes.Whole("rate");
    private TimeSpan _free;

    protected override void Handle(StreamChunk chunk)
    {
        TimeSpan now = Context.Now;
        if (_bytesPerMillisecond == 0)
        {
            ForwardAt(chunk, now);
            return;
        }

        Context.Count(FaultKind.Delayed);
        _free = _free > now ? _free : now;
        int piece = (int)Math.Min(_bytesPerMillisecond * 100, int.MaxValue);
        while (chunk.Length > piece)
        {
            _free += TimeSpan.FromMilliseconds(100);
            ForwardAt(chunk.TakeFirst(piece), _free);
        }

        _free += TimeSpan.FromMilliseconds((double)chunk.Length / _bytesPerMillisecond);
        ForwardAt(chunk, _free);
    }
}
