namespace Net.Hosting.Benchmarking;

/// <summary>One stretch of a measurement: how many echoes are left or until when, what they took and what failed. Shared by all streams.</summary>
internal sealed class BenchPhase
{
    private const int MaxErrorKinds = 16;
    private static readonly TimeSpan TimerExactness = TimeSpan.FromMilliseconds(1);

    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan? _duration;
    private readonly long _started;
    private readonly double? _ticksPerCall;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _errors = [];
    private long _left;
    private long _taken;
    private long _errorCount;

    /// <param name="timeProvider">The clock.</param>
    /// <param name="count">How many echoes, unless there is a duration.</param>
    /// <param name="duration">How long.</param>
    /// <param name="rate">Calls for each second, due at even distances; <c>null</c>: as fast as they come back.</param>
    internal BenchPhase(TimeProvider timeProvider, long count, TimeSpan? duration, int? rate = null)
    {
        _ticksPerCall = rate is int perSecond ? (double)timeProvider.TimestampFrequency / perSecond : null;
        _timeProvider = timeProvider;
        _duration = duration;
        _left = count;
        _started = timeProvider.GetTimestamp();
    }

    internal long ErrorCount => Interlocked.Read(ref _errorCount);

    internal TimeSpan Elapsed => _timeProvider.GetElapsedTime(_started);

    internal IReadOnlyDictionary<string, long> Errors
    {
        get
        {
            lock (_lock)
            {
                return new Dictionary<string, long>(_errors);
            }
        }
    }

    /// <summary>Whether another call is to be made.</summary>
    /// <param name="due">When, as a timestamp of the clock; <c>null</c>: at once.</param>
    internal bool TryTake(out long? due)
    {
        due = _ticksPerCall is double ticks ? _started + (long)((Interlocked.Increment(ref _taken) - 1) * ticks) : null;
        return _duration is not TimeSpan duration ? Interlocked.Decrement(ref _left) >= 0
            : due is long at ? _timeProvider.GetElapsedTime(_started, at) < duration
            : Elapsed < duration;
    }

    internal TimeSpan ElapsedSince(long due) => _timeProvider.GetElapsedTime(due);

    /// <summary>Waits until a call is due: asleep while timers are exact enough, then giving way to others.</summary>
    internal async ValueTask WaitAsync(long due, CancellationToken cancellationToken)
    {
        TimeSpan left = _timeProvider.GetElapsedTime(_timeProvider.GetTimestamp(), due);
        if (left > TimerExactness)
        {
            await Task.Delay(left - TimerExactness, _timeProvider, cancellationToken).ConfigureAwait(false);
        }

        while (_timeProvider.GetTimestamp() < due && !cancellationToken.IsCancellationRequested)
        {
            await Task.Yield();
        }
    }

    /// <summary>Counts a failure. Messages beyond the first kinds are counted together, so that memory stays bounded.</summary>
    internal void AddError(Exception exception)
    {
        Interlocked.Increment(ref _errorCount);
        lock (_lock)
        {
            string kind = _errors.ContainsKey(exception.Message) || _errors.Count < MaxErrorKinds ? exception.Message : "other";
            _errors[kind] = _errors.GetValueOrDefault(kind) + 1;
        }
    }
}
