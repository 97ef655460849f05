namespace Net.Chaos.Tcp;

/// <summary>The first stage of every chain: passes everything on. It gives the others a place behind which to come and go.</summary>
internal sealed class NoopStage : StreamStage
{
    protected override void Handle(StreamChunk chunk) => ForwardAt(chunk, Context.Now);
}
