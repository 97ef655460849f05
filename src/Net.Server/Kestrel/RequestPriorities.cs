namespace Net.Server.Kestrel;

/// <summary>
/// Gives the streams of one connection's requests the priority that the client asks for (RFC 9218): in its headers, or in PRIORITY_UPDATE, which may come before the request and counts more than they.
/// A request of which the client says nothing keeps <see cref="StreamPriority.Default"/>.
/// </summary>
internal sealed class RequestPriorities
{
    /// <summary>How many priorities are kept for requests that have not come; further ones are dropped, as RFC 9218, section 7.1, allows.</summary>
    internal const int MaxEarly = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Open> _open = [];
    private Dictionary<long, StreamPriority>? _early;
    private long _newest = -1;

    /// <summary>How many are kept now.</summary>
    internal int Early
    {
        get
        {
            lock (_lock)
            {
                return _early?.Count ?? 0;
            }
        }
    }

    /// <summary>Notes a request that begins.</summary>
    internal void Add(TransportStream stream)
    {
        lock (_lock)
        {
            _newest = Math.Max(_newest, stream.Id);
            bool isUpdated = _early is not null && _early.Remove(stream.Id, out StreamPriority priority) && Set(stream, priority);
            _open.Add(stream.Id, new Open(stream, isUpdated));
        }
    }

    /// <summary>Forgets a request that is over.</summary>
    internal void Remove(long streamId)
    {
        lock (_lock)
        {
            _open.Remove(streamId);
        }
    }

    /// <summary>Takes what the headers of a request say.</summary>
    internal void SetFromHeaders(long streamId, StreamPriority priority)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(streamId, out Open open) && !open.IsUpdated)
            {
                Set(open.Stream, priority);
            }
        }
    }

    /// <summary>Takes what PRIORITY_UPDATE says.</summary>
    internal void Update(long streamId, StreamPriority priority)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(streamId, out Open open))
            {
                _open[streamId] = open with { IsUpdated = Set(open.Stream, priority) };
            }
            else if (streamId > _newest && ((_early ??= []).Count < MaxEarly || _early.ContainsKey(streamId)))
            {
                _early[streamId] = priority;
            }
        }
    }

    private static bool Set(TransportStream stream, StreamPriority priority)
    {
        stream.Priority = priority;
        return true;
    }

    private readonly record struct Open(TransportStream Stream, bool IsUpdated);
}
