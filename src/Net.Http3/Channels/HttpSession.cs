namespace Net.Http3;

/// <summary>A session that requests of HTTP are sent on, whatever its version: what the faces of a channel know of <c>h3</c> and <c>h2</c>.</summary>
public abstract class HttpSession : ChannelSession
{
    /// <summary>The version that it speaks: 3.0 or 2.0.</summary>
    public abstract Version HttpVersion { get; }

    /// <summary>Sends a request and returns when the response's headers are there. It retries nothing, but for one answer 425 to early data, which is asked again after the handshake (RFC 8470, section 5.2).</summary>
    /// <param name="request">The request; its URI is absolute. Any host may be named: the caller has chosen the session. Its version is set to <see cref="HttpVersion"/>.</param>
    /// <param name="observer">Is told when the request is over; <c>null</c>: nobody.</param>
    /// <param name="cancellationToken">Cancels until the response is returned, and the sending of the content.</param>
    /// <returns>The response; disposing it before its end cancels what is left.</returns>
    /// <exception cref="HttpRequestException">It failed; <see cref="Http3Exceptions"/> finds out what the transport knows.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public abstract Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCallObserver? observer, CancellationToken cancellationToken);
}
