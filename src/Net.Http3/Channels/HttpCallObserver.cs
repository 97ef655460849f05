namespace Net.Http3;

/// <summary>Is told when a request that a session sent is over, so that what was lent for it can be given back.</summary>
public abstract class HttpCallObserver
{
    /// <summary>
    /// The request is over in both directions: its response was read to the end or given up, its content was sent or given up, or it failed. Called once for each request that began, on any thread,
    /// perhaps before the session's <c>SendAsync</c> returns; not for one that found no room or no connection. It does not block.
    /// </summary>
    /// <param name="failure">Why it ended early, or <c>null</c>. An <see cref="ObjectDisposedException"/> says that the response was disposed before its end.</param>
    public abstract void OnEnded(Exception? failure);
}
