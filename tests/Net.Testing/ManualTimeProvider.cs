namespace Net.Testing;

/// <summary>Time that stands still until a test moves it. Timers fire in the order of their due times, on the thread that advances.</summary>
/// <remarks>
/// Each timer sees the clock stand exactly at its own due time. A timer that is due at once fires with the next <see cref="Advance"/>, also one of zero,
/// because firing inside <see cref="CreateTimer"/> would call back into code that may hold a lock. Callbacks may create, change and dispose timers and may advance further.
/// </remarks>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<ManualTimer.Armed, (long Due, long Sequence)> _timers = new();
    private readonly List<(int Count, TaskCompletionSource Waiter)> _timerWaiters = [];
    private readonly DateTimeOffset _start;
    private long _now;
    private long _sequence;
    private int _activeTimers;

    /// <summary>Makes a clock.</summary>
    /// <param name="start">Where wall-clock time begins; <c>null</c>: 2026-01-01 00:00 UTC.</param>
    public ManualTimeProvider(DateTimeOffset? start = null) =>
        _start = (start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)).ToUniversalTime();

    /// <summary>The time zone of <see cref="TimeProvider.GetLocalNow"/>. Default UTC.</summary>
    public TimeZoneInfo Zone { get; set; } = TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => Zone;

    /// <summary>1,000,000,000: timestamps count nanoseconds.</summary>
    public override long TimestampFrequency => 1_000_000_000;

    /// <summary>How far the clock was moved since it was made.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Interlocked.Read(ref _now));

    /// <summary>Timers that will fire some day.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_gate)
            {
                return _activeTimers;
            }
        }
    }

    /// <summary>How long until the next timer fires; <c>null</c> when none is armed.</summary>
    public TimeSpan? NextTimer
    {
        get
        {
            lock (_gate)
            {
                DropStale_NeedsLock();
                return _timers.TryPeek(out _, out (long Due, long Sequence) next) ? TimeSpan.FromTicks(Math.Max(0, next.Due - _now)) : null;
            }
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start + Elapsed;

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _now) * 100;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock and fires what falls due on the way, periodic timers as often as they fall due.</summary>
    /// <param name="delta">How far; zero fires what is due now.</param>
    public void Advance(TimeSpan delta)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delta, TimeSpan.Zero);
        long target = Interlocked.Read(ref _now) + delta.Ticks;
        while (true)
        {
            ManualTimer timer;
            lock (_gate)
            {
                DropStale_NeedsLock();
                if (!_timers.TryPeek(out ManualTimer.Armed armed, out (long Due, long Sequence) next) || next.Due > target)
                {
                    // A callback may have advanced beyond the target: time never steps back.
                    Interlocked.Exchange(ref _now, Math.Max(_now, target));
                    return;
                }

                _timers.Dequeue();
                Interlocked.Exchange(ref _now, Math.Max(_now, next.Due));
                timer = armed.Timer;
                timer.Rearm_NeedsLock(next.Due);
            }

            timer.Fire();
        }
    }

    /// <summary>Moves the clock to the next timer and fires all that is due then.</summary>
    /// <returns><c>false</c> when no timer is armed.</returns>
    public bool AdvanceToNextTimer()
    {
        if (NextTimer is not TimeSpan next)
        {
            return false;
        }

        Advance(next);
        return true;
    }

    /// <summary>Waits until the code under test, on other threads, has armed its timers.</summary>
    /// <param name="count">How many timers must be armed at least.</param>
    /// <returns>A task that completes once so many are armed.</returns>
    public Task WaitForTimersAsync(int count)
    {
        lock (_gate)
        {
            if (_activeTimers >= count)
            {
                return Task.CompletedTask;
            }

            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _timerWaiters.Add((count, waiter));
            return waiter.Task;
        }
    }

    private void DropStale_NeedsLock()
    {
        while (_timers.TryPeek(out ManualTimer.Armed armed, out _) && armed.Generation != armed.Timer.Generation)
        {
            _timers.Dequeue();
        }
    }

    private void CountTimers_NeedsLock(int change)
    {
        _activeTimers += change;
        for (int i = _timerWaiters.Count - 1; i >= 0; i--)
        {
            if (_timerWaiters[i].Count <= _activeTimers)
            {
                _timerWaiters[i].Waiter.TrySetResult();
                _timerWaiters.RemoveAt(i);
            }
        }
    }

    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private readonly ExecutionContext? _context = ExecutionContext.Capture();
        private long _period = Timeout.Infinite;
        private bool _armed;
        private bool _disposed;

        internal readonly record struct Armed(ManualTimer Timer, long Generation);

        /// <summary>Grows with each change, so that older entries in the queue are known as stale.</summary>
        internal long Generation { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Check(dueTime, nameof(dueTime));
            Check(period, nameof(period));
            lock (owner._gate)
            {
                if (_disposed)
                {
                    return false;
                }

                // As with the system's timers, a period of zero means once.
                _period = period == Timeout.InfiniteTimeSpan || period == TimeSpan.Zero ? Timeout.Infinite : period.Ticks;
                Arm_NeedsLock(dueTime == Timeout.InfiniteTimeSpan ? null : owner._now + dueTime.Ticks);
                return true;
            }
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                _disposed = true;
                Arm_NeedsLock(null);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        internal void Rearm_NeedsLock(long due) => Arm_NeedsLock(_period == Timeout.Infinite ? null : due + _period);

        internal void Fire()
        {
            if (_context is null)
            {
                callback(state);
                return;
            }

            ExecutionContext.Run(_context, static boxed =>
            {
                (TimerCallback run, object? argument) = ((TimerCallback, object?))boxed!;
                run(argument);
            }, (callback, state));
        }

        private static void Check(TimeSpan value, string name)
        {
            if (value != Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero, name);
            }
        }

        private void Arm_NeedsLock(long? due)
        {
            bool wasArmed = _armed;
            Generation++;
            _armed = due is not null;
            if (due is long at)
            {
                owner._timers.Enqueue(new Armed(this, Generation), (at, owner._sequence++));
            }

            if (wasArmed != _armed)
            {
                owner.CountTimers_NeedsLock(_armed ? 1 : -1);
            }
        }
    }
}
