namespace Net.Hosting.Benchmarking;

/// <summary>Ends a measurement when nothing comes back any more: a live connection to a server that hangs would never end by itself.</summary>
internal sealed class StallWatch : IDisposable
{
    private readonly Func<long> _count;
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _stop;
    private readonly ITimer _timer;
    private long _last = -1;
    private volatile bool _isStalled;

    /// <param name="count">How many echoes have come back.</param>
    /// <param name="limit">How long may pass without one.</param>
    /// <param name="stop">Cancelled when it does.</param>
    /// <param name="timeProvider">The clock.</param>
    internal StallWatch(Func<long> count, TimeSpan limit, CancellationTokenSource stop, TimeProvider timeProvider)
    {
        _count = count;
        _limit = limit > TimeSpan.Zero ? limit : TimeSpan.FromSeconds(10);
        _stop = stop;
        _timer = timeProvider.CreateTimer(static state => ((StallWatch)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    internal void Start() => _timer.Change(_limit, _limit);

    internal void ThrowIfStalled()
    {
        if (_isStalled)
        {
            throw new HostException(ExitCodes.Failure, $"No echo came back for {_limit.TotalSeconds:0.###} s, after {_count()} that did; the server hangs or the network is gone (--timeout).");
        }
    }

    private void Look()
    {
        long count = _count();
        if (count == _last)
        {
            _isStalled = true;
            _ = _stop.CancelAsync();
        }

        _last = count;
    }
}
