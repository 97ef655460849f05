namespace Net.Http3;

/// <summary>Keys of <see cref="HttpRequestMessage.Options"/> that HTTP/3 understands.</summary>
public static class Http3RequestOptions
{
    /// <summary>
    /// The request's priority (RFC 9218): sent as a <c>Priority</c> header unless the request has one, and used for the order in which this side sends. Not set: urgency 3, not incremental for the
    /// server, and this side's streams take turns.
    /// </summary>
    public static readonly HttpRequestOptionsKey<StreamPriority> Priority = new("Net.Http3.Priority");

    /// <summary>
    /// Whether the request may be sent more than once: as 0-RTT data, and again after a connection that died. Not set: GET, HEAD, OPTIONS and TRACE have no side effects, all others are taken as not idempotent.
    /// </summary>
    public static readonly HttpRequestOptionsKey<Idempotency> Idempotency = new("Net.Http3.Idempotency");

    /// <summary>
    /// Whether the request's content can be written more than once, also by two attempts at a time, so that a request may be sent again. Not set: an <see cref="IReplayableContent"/> says it itself, that of
    /// <see cref="ByteArrayContent"/>, of <see cref="ReadOnlyMemoryContent"/> and of what derives from them can, any other only as long as its writing has not begun.
    /// </summary>
    public static readonly HttpRequestOptionsKey<bool> ReplayableContent = new("Net.Http3.ReplayableContent");

    /// <summary>Trailers to send behind the content: asked for once, when the content has been written. Ignored for a request without content and over HTTP/1.1 and HTTP/2.</summary>
    public static readonly HttpRequestOptionsKey<Func<IEnumerable<KeyValuePair<string, string>>>> Trailers = new("Net.Http3.Trailers");

    /// <summary>The idempotency of a request: what its options say, else what its method means.</summary>
    internal static Idempotency IdempotencyOf(HttpRequestMessage request)
    {
        if (request.Options.TryGetValue(Idempotency, out Idempotency said))
        {
            return said;
        }

        HttpMethod method = request.Method;
        return method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Options || method == HttpMethod.Trace
            ? Net.Idempotency.NoSideEffects
            : Net.Idempotency.NonIdempotent;
    }

    /// <summary>Whether a request's content can be written more than once.</summary>
    internal static bool HasReplayableContent(HttpRequestMessage request) =>
        request.Content is null or ByteArrayContent or ReadOnlyMemoryContent or IReplayableContent { IsReplayable: true } || (request.Options.TryGetValue(ReplayableContent, out bool isReplayable) && isReplayable);
}
