using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Net.Server.Kestrel;

/// <summary>Looks once a second at the streams of one connection whose sending waits for the peer. Its timer runs only while there are some.</summary>
internal sealed class ResponseRateWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _timeProvider;
    private readonly double _bytesPerSecond;
    private readonly Lock _lock = new();
    private readonly HashSet<TransportStreamContext> _waiting = [];
    private readonly ITimer _timer;
    private bool _isArmed;
    private bool _isDisposed;

    internal ResponseRateWatch(MinDataRate rate, TimeProvider timeProvider)
    {
        _timeProvider = timeProvider;
        _bytesPerSecond = rate.BytesPerSecond;
        GracePeriod = (long)(rate.GracePeriod.TotalSeconds * timeProvider.TimestampFrequency);
        _timer = timeProvider.CreateTimer(static state => ((ResponseRateWatch)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What every wait may take, in units of the clock.</summary>
    internal long GracePeriod { get; }

    internal long GetTimestamp() => _timeProvider.GetTimestamp();

    /// <summary>What so many bytes may take, in units of the clock.</summary>
    internal long TimeFor(long bytes) => (long)(bytes / _bytesPerSecond * _timeProvider.TimestampFrequency);

    internal void Add(TransportStreamContext stream)
    {
        lock (_lock)
        {
            _waiting.Add(stream);
            Arm_NeedsLock();
        }
    }

    internal void Remove(TransportStreamContext stream)
    {
        lock (_lock)
        {
            _waiting.Remove(stream);
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isDisposed = true;
        }

        return _timer.DisposeAsync();
    }

    private void Look()
    {
        List<TransportStreamContext>? overdue = null;
        lock (_lock)
        {
            _isArmed = false;
            long now = _timeProvider.GetTimestamp();
            foreach (TransportStreamContext stream in _waiting)
            {
                if (stream.IsOverdue(now))
                {
                    (overdue ??= []).Add(stream);
                }
            }

            if (overdue is not null)
            {
                _waiting.ExceptWith(overdue);
            }

            Arm_NeedsLock();
        }

        foreach (TransportStreamContext stream in overdue ?? [])
        {
            stream.AbortOverdue();
        }
    }

    private void Arm_NeedsLock()
    {
        if (!_isArmed && !_isDisposed && _waiting.Count > 0)
        {
            _isArmed = true;
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }
}
