using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>Holds back the end of a connection.</summary>
internal sealed class SlowCloseStage(Toxic toxic) : StreamStage
{
    internal static readonly ToxicType Type = ToxicType.ForStreams(
        "slow_close",
        "Delays the end of the connection.",
        [ToxicAttribute.Whole("delay", "ms")],
        static toxic => new SlowCloseStage(toxic));

    private readonly TimeSpan _delay = toxic.Attributes.Milliseconds("delay");

    protected override void Handle(StreamChunk chunk) => ForwardAt(chunk, Context.Now);

    protected override void HandleEnd(StreamEnd end)
    {
        Context.Count(FaultKind.Delayed);
        EndAt(end, Context.Now + _delay);
    }
}
