using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>Delays every chunk by <c>latency</c> +/- <c>jitter</c>; bytes stay in order.</summary>
internal sealed class LatencyStage(Toxic toxic) : StreamStage
{
    internal static readonly ToxicType Type = ToxicType.ForStreams(
        "latency",
        "Delays all data; order is kept.",
        [ToxicAttribute.Whole("latency", "ms"), ToxicAttribute.Whole("jitter", "ms more or less, uniformly")],
        static toxic => new LatencyStage(toxic));

    private readonly TimeSpan _latency = toxic.Attributes.Milliseconds("latency");
    private readonly TimeSpan _jitter = toxic.Attributes.Milliseconds("jitter");

    protected override void Handle(StreamChunk chunk)
    {
        TimeSpan delay = _latency + (_jitter * ((2 * Context.Random.NextDouble()) - 1));
        if (delay > TimeSpan.Zero)
        {
            Context.Count(FaultKind.Delayed);
        }

        ForwardAt(chunk, Context.Now + delay);
    }
}
