using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>Closes the connection after a number of bytes.</summary>
internal sealed class LimitDataStage(Toxic toxic) : StreamStage
{
    internal static readonly ToxicType Type = ToxicType.ForStreams(
        "limit_data",
        "Closes the connection after so many bytes.",
        [ToxicAttribute.Whole("bytes", "bytes that pass", max: 1L << 53)],
        static toxic => new LimitDataStage(toxic));

    private readonly long _limit = toxic.Attributes.Whole("bytes");
    private long _passed;

    protected override void Handle(StreamChunk chunk)
    {
        long remaining = Math.Max(0, _limit - _passed);
        if (chunk.Length > remaining)
        {
            Context.Count(FaultKind.Dropped);
            chunk.Truncate((int)remaining);
        }

        _passed += chunk.Length;
        if (chunk.Length > 0)
        {
            ForwardAt(chunk, Context.Now);
        }
        else
        {
            chunk.Return();
        }

        if (_passed >= _limit)
        {
            BreakAt(StreamEnd.Closed, Context.Now);
        }
    }

    // An update does not give the bytes again that have passed.
    protected override void Inherit(StreamStage before) => _passed = ((LimitDataStage)before)._passed;
}
