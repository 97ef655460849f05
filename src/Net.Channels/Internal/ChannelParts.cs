using Microsoft.Extensions.Logging;
using Net.Client;
using Net.Http3;

namespace Net.Channels;

/// <summary>What a builder puts together for a <see cref="ClientChannel"/>.</summary>
internal sealed record ChannelParts
{
    internal required NetChannel Pool { get; init; }

    internal required CallRunner Runner { get; init; }

    internal required CallPolicies Policies { get; init; }

    internal required ChannelProtocol Http { get; init; }

    internal required ChannelProtocol Http2 { get; init; }

    internal required Http3ConnectionOptions Http3Options { get; init; }

    internal required ChannelProtocol Streams { get; init; }

    internal required Uri Authority { get; init; }

    internal required ILogger Logger { get; init; }

    internal TransportEngine? OwnedEngine { get; init; }

    internal string? MissingEngineReason { get; init; }
}
