using System.Text.Json.Nodes;

namespace Net.Chaos.Proxy;

/// <summary>A toxic as its owner describes it.</summary>
public sealed record ToxicOptions
{
    /// <summary>What it does: <c>latency</c>, <c>loss</c> and so on.</summary>
    public required string Type { get; init; }

    /// <summary>What it is called, unique in its proxy. Default: type and stream with an underscore between.</summary>
    public string? Name { get; init; }

    /// <summary>Which way the data goes that it meets. Default <see cref="ToxicStream.Downstream"/>.</summary>
    public ToxicStream Stream { get; init; } = ToxicStream.Downstream;

    /// <summary>The part of connections or sessions that it acts on; decided once for each. Default 1; range 0 to 1.</summary>
    public float Toxicity { get; init; } = 1;

    /// <summary>Its attributes; those that are left out have their defaults.</summary>
    public JsonObject? Attributes { get; init; }
}
