namespace Net.Http3;

/// <summary>A session in an <see cref="Http3Origin"/>, with what decides when it is retired.</summary>
internal sealed class PooledConnection(Http3Connection session, long now)
{
    private long _lastUsed = now;

    /// <summary>The session.</summary>
    internal Http3Connection Session { get; } = session;

    /// <summary>When it was opened, a timestamp.</summary>
    internal long Opened { get; } = now;

    /// <summary>When it was last seen with a request, a timestamp.</summary>
    internal long LastUsed
    {
        get => Volatile.Read(ref _lastUsed);
        set => Volatile.Write(ref _lastUsed, value);
    }

    /// <summary>Requests that were given this connection and have not asked it for a stream yet. Under the origin's lock.</summary>
    internal int Promised { get; set; }

    /// <summary>
    /// Whether one more request can begin without waiting. An engine that is not told of the first credit says none; a connection without requests has some all the same. Under the origin's lock.
    /// </summary>
    internal bool HasRoom_NeedsLock => Session.AvailableRequests > Promised || Session.ActiveRequests + Promised == 0;
}
