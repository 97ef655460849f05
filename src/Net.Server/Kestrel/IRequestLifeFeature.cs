namespace Net.Server.Kestrel;

/// <summary>Tells the transport when a request of HTTP/3 begins, and the request when its stream is over, whatever Kestrel makes of either (decision 0021).</summary>
/// <remarks>
/// Kestrel 10 can wait for ever for the end of a response. When a stream is aborted, its output producer is stopped, and a moment later the request is marked as aborted; a request whose application ends
/// between the two goes on to write the end of its response, which the stopped producer neither does nor refuses (<c>Http3OutputProducer.Stop</c> leaves its pipe open, and
/// <c>WriteStreamSuffixAsync</c> then returns the task that waits for that pipe). The request, and with it the connection and the server's shutdown, wait until their limit. Whoever writes the end before
/// Kestrel does, and stops waiting for it once the stream is over, finds the request marked by then, so that Kestrel writes nothing more.
/// </remarks>
internal interface IRequestLifeFeature
{
    /// <summary>Takes note that the application begins with the request. From now on nobody rejects it, which would promise the client that nothing was done.</summary>
    /// <returns><c>false</c>: it was rejected already, and must not be begun.</returns>
    /// <remarks>
    /// Kestrel 10 rejects requests whose headers take too long, and may do so to one whose headers have just come: its heartbeat sets the limit of a stream that still receives its headers and then reads it
    /// anew; the stream sets it to zero in between, and passes the request to the application (<c>Http3Connection.UpdateStreamTimeouts</c>). In a process that has just started that takes as long as the
    /// runtime needs to find the methods.
    /// </remarks>
    bool TryBegin();

    /// <summary>Completes when the stream is over in both directions and Kestrel has been told, so that a request that was aborted is marked as such.</summary>
    Task WhenClosedTold();
}
