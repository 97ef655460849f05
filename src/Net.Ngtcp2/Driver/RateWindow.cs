namespace Net.Ngtcp2.Driver;

/// <summary>Counts events per second and tells when there are too many. A fixed window of one second: simple, cheap, at most twice the limit across a border.</summary>
internal struct RateWindow(int limit)
{
    private const ulong Second = 1_000_000_000;
    private readonly int _limit = limit;
    private ulong _start;
    private int _count;

    /// <summary>Counts events.</summary>
    /// <param name="now">The time in nanoseconds.</param>
    /// <param name="events">How many there were.</param>
    /// <returns><c>false</c> when the limit of this second is passed.</returns>
    internal bool TryCount(ulong now, int events = 1)
    {
        if (now - _start >= Second)
        {
            _start = now;
            _count = 0;
        }

        _count = (int)Math.Min((long)_count + events, int.MaxValue);
        return _count <= _limit;
    }
}
