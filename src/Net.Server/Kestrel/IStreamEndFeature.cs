namespace Net.Server.Kestrel;

/// <summary>Tells a request of HTTP/3 over our transport when its stream is over, whatever Kestrel makes of it.</summary>
/// <remarks>
/// Kestrel 10 can wait for ever for the end of a response. When a stream is aborted, its output producer is stopped, and a moment later the request is marked as aborted; a request whose application ends
/// between the two goes on to write the end of its response, which the stopped producer neither does nor refuses (<c>Http3OutputProducer.Stop</c> leaves its pipe open, and
/// <c>WriteStreamSuffixAsync</c> then returns the task that waits for that pipe). The request, and with it the connection and the server's shutdown, wait until their limit. Whoever writes the end before
/// Kestrel does, and stops waiting for it once the stream is over, finds the request marked by then, so that Kestrel writes nothing more.
/// </remarks>
internal interface IStreamEndFeature
{
    /// <summary>Completes when the stream is over in both directions and Kestrel has been told, so that a request that was aborted is marked as such.</summary>
    Task WhenClosedTold();
}
