namespace Net.Chaos.Proxy;

/// <summary>The names of directions in JSON and metrics.</summary>
internal static class StreamNames
{
    internal static string Of(ToxicStream stream) => stream == ToxicStream.Upstream ? "upstream" : "downstream";

    internal static ToxicStream Parse(string text) => text.ToUpperInvariant() switch
    {
        "UPSTREAM" => ToxicStream.Upstream,
        "DOWNSTREAM" => ToxicStream.Downstream,
        _ => throw ChaosException.InvalidStream(),
    };

    internal static ToxicStream Opposite(ToxicStream stream) => stream == ToxicStream.Upstream ? ToxicStream.Downstream : ToxicStream.Upstream;
}
