using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>The toxic of the first stage. It is in no listing, and its name cannot be that of another, because it is empty.</summary>
internal static class NoopToxic
{
    internal static Toxic Instance { get; } = new(
        ToxicType.ForStreams("noop", "Passes everything on.", [], static _ => new NoopStage()), "", ToxicStream.Upstream, 1,
        new ToxicAttributes(ToxicType.ForStreams("noop", "", [], static _ => new NoopStage()).Attributes), TimeSpan.Zero);
}
