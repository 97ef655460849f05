using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>Resets the connection a time after the first data, which is lost.</summary>
internal sealed class ResetPeerStage(Toxic toxic) : StreamStage
{
    internal static readonly ToxicType Type = ToxicType.ForStreams(
        "reset_peer",
        "Resets the connection (RST) after its first data.",
        [ToxicAttribute.Whole("timeout", "ms from the first data to the reset")],
        static toxic => new ResetPeerStage(toxic));

    private readonly TimeSpan _timeout = toxic.Attributes.Milliseconds("timeout");

    protected override void Handle(StreamChunk chunk)
    {
        Context.Count(FaultKind.Dropped);
        chunk.Return();
        BreakAt(StreamEnd.Reset, Context.Now + _timeout);
    }

    protected override void HandleEnd(StreamEnd end) => BreakAt(StreamEnd.Reset, Context.Now + _timeout);
}
