using Net.Client;

namespace Net.Channels;

/// <summary>Keys of <see cref="HttpRequestMessage.Options"/> that the handler of a channel understands, beside those of <c>Net.Http3.Http3RequestOptions</c>.</summary>
public static class ChannelRequestOptions
{
    /// <summary>
    /// Whether the request may be sent more than once: decides over retry, hedging and 0-RTT. The same key as <c>Http3RequestOptions.Idempotency</c>. Not set: GET, HEAD, OPTIONS and TRACE have no side
    /// effects, PUT and DELETE are idempotent (RFC 9110, section 9.2.2), all others are taken as not idempotent; calls of <c>Net.Grpc</c> say what their .proto file says.
    /// </summary>
    public static HttpRequestOptionsKey<Idempotency> Idempotency => Http3.Http3RequestOptions.Idempotency;

    /// <summary>How long the request may take until its response's headers are there, all attempts and waits together. Not set: <c>grpc-timeout</c> for gRPC, else what the policy says.</summary>
    public static readonly HttpRequestOptionsKey<TimeSpan> Timeout = new("Net.Channels.Timeout");

    /// <summary>A hash of what keeps requests together (<see cref="Balancing.HashAffinity(ReadOnlySpan{char})"/>), for policies with affinity. Not set: none.</summary>
    public static readonly HttpRequestOptionsKey<ulong> Affinity = new("Net.Channels.Affinity");

    /// <summary>Refuses instead of waiting when no connection is ready. Not set: waits.</summary>
    public static readonly HttpRequestOptionsKey<bool> FailFast = new("Net.Channels.FailFast");

    /// <summary>Collects how the request went: candidates with scores, the pick, waits, attempts. Not set: nobody asks.</summary>
    public static readonly HttpRequestOptionsKey<CallTrace> Trace = new("Net.Channels.Trace");

    /// <summary>The name by which the request's policy is found and that spans and messages tell. Not set: the path of its URI, which for gRPC is <c>/package.Service/Method</c>.</summary>
    public static readonly HttpRequestOptionsKey<string> Method = new("Net.Channels.Method");
}
