using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>Cuts data into small chunks, each sent by itself, with a pause between them.</summary>
internal sealed class SlicerStage(Toxic toxic) : StreamStage
{
    internal static readonly ToxicType Type = ToxicType.ForStreams(
        "slicer",
        "Cuts data into small pieces.",
        [
            ToxicAttribute.Whole("average_size", "bytes of a piece; 0 cuts nothing"),
            ToxicAttribute.Whole("size_variation", "bytes more or less; smaller than average_size"),
            ToxicAttribute.Whole("delay", "microseconds between pieces"),
        ],
        static toxic => new SlicerStage(toxic));

    private readonly int _average = (int)toxic.Attributes.Whole("average_size");
    private readonly int _variation = (int)Math.Min(toxic.Attributes.Whole("size_variation"), Math.Max(0, toxic.Attributes.Whole("average_size") - 1));
    private readonly TimeSpan _delay = toxic.Attributes.Microseconds("delay");
    private TimeSpan _free;

    protected override void Handle(StreamChunk chunk)
    {
        TimeSpan now = Context.Now;
        _free = _free > now ? _free : now;
        while (_average > 0 && chunk.Length > _average + _variation)
        {
            int size = _average + (_variation > 0 ? Context.Random.NextInteger((2 * _variation) + 1) - _variation : 0);
            Context.Count(FaultKind.Sliced);
            ForwardAt(chunk.TakeFirst(size), _free);
            _free += _delay;
        }

        ForwardAt(chunk, _free);
        _free += _delay;
    }
}
