namespace Net.Hosting.Benchmarking;

/// <summary>One stretch of a measurement: how many echoes are left or until when, what they took and what failed. Shared by all streams.</summary>
internal sealed class BenchPhase
{
    private const int MaxErrorKinds = 16;

    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan? _duration;
    private readonly long _started;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _errors = [];
    private long _left;
    private long _errorCount;

    /// <param name="timeProvider">The clock.</param>
    /// <param name="count">How many echoes, unless there is a duration.</param>
    /// <param name="duration">How long.</param>
    internal BenchPhase(TimeProvider timeProvider, long count, TimeSpan? duration)
    {
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

    /// <summary>Whether another echo is to be made.</summary>
    internal bool TryTake() => _duration is TimeSpan duration ? Elapsed < duration : Interlocked.Decrement(ref _left) >= 0;

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
