namespace Net;

/// <summary>Names of the raw stream protocol, whose wire form <c>protocol/net-1.md</c> specifies.</summary>
public static class RawStreamProtocol
{
    /// <summary>The application protocol that a connection of raw streams negotiates (ALPN).</summary>
    public const string ApplicationProtocol = "net/1";

    /// <summary>The version that each header carries.</summary>
    public const int Version = 1;

    /// <summary>The longest route name, bytes of UTF-8.</summary>
    public const int MaxRouteSize = 255;

    /// <summary>The longest metadata name, characters.</summary>
    public const int MaxMetadataNameSize = 255;

    /// <summary>The longest W3C tracestate that is carried, characters; a longer one is left out.</summary>
    public const int MaxTraceStateSize = 512;

    /// <summary>Limits for a client's connection: the defaults, but the server can open no streams, as the protocol has no use for them and nobody would read them.</summary>
    public static TransportLimits ClientLimits { get; } = new() { MaxInboundBidirectionalStreams = 0, MaxInboundUnidirectionalStreams = 0 };

    /// <summary>The longest deadline that is carried: 30 days. A receiver takes a larger one as this.</summary>
    public static readonly TimeSpan MaxDeadline = TimeSpan.FromDays(30);
}
