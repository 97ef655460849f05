namespace Net.Chaos.Simulation;

/// <summary>The time of a simulation, which jumps from one timer to the next. Timers fire one at a time, in the order of their times and then of their making, on the one thread of the simulation.</summary>
/// <remarks>Nothing else may look at it: who does so from another thread has left the simulation, and the run is worth nothing.</remarks>
internal sealed class SimulationClock : TimeProvider
{
    private readonly PriorityQueue<(Timer Timer, long Generation), (long Due, long Sequence)> _timers = new();
    private readonly Lock _lock = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _now;
    private long _sequence;
    private int _active;
    private string? _intruder;
    private volatile bool _isOpen;

    /// <summary>The wall clock's first reading. Certificates of simulations are valid around it.</summary>
    internal static DateTimeOffset Origin { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Time since the simulation began.</summary>
    internal TimeSpan Elapsed => TimeSpan.FromTicks(_now);

    /// <summary>Timers that will fire some day.</summary>
    internal int ActiveTimers => _active;

    /// <summary>When the next timer fires; <c>null</c>: none is set.</summary>
    internal TimeSpan? NextTimer
    {
        get
        {
            lock (_lock)
            {
                DropStale_NeedsLock();
                return _timers.TryPeek(out _, out (long Due, long Sequence) next) ? TimeSpan.FromTicks(Math.Max(_now, next.Due)) : null;
            }
        }
    }

    // An offset keeps the first reading away from 0, which deadlines and the native library take for "never".
    public override long GetTimestamp()
    {
        Check();
        return _now + TimeSpan.TicksPerSecond;
    }

    public override DateTimeOffset GetUtcNow()
    {
        Check();
        return Origin + Elapsed;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Does something after a time.</summary>
    internal void After(TimeSpan delay, Action action) => CreateTimer(static action => ((Action)action!).Invoke(), action, delay, Timeout.InfiniteTimeSpan);

    /// <summary>Moves the clock, not beyond the next timer.</summary>
    internal void MoveTo(TimeSpan time)
    {
        if (_intruder is { } intruder)
        {
            throw new SimulationException($"Something left the simulation's thread; its order is not repeated by the seed.{Environment.NewLine}{intruder}");
        }

        _now = Math.Max(_now, time.Ticks);
    }

    /// <summary>Fires the next timer if it is due.</summary>
    internal bool TryFire()
    {
        Timer timer;
        lock (_lock)
        {
            DropStale_NeedsLock();
            if (!_timers.TryPeek(out (Timer Timer, long Generation) next, out (long Due, long Sequence) at) || at.Due > _now)
            {
                return false;
            }

            _timers.Dequeue();
            timer = next.Timer;
            timer.Rearm_NeedsLock(at.Due);
        }

        timer.Fire();
        return true;
    }

    /// <summary>Lets another thread take part while this one waits for it inside <paramref name="wait"/>.</summary>
    internal void Lend(Action wait)
    {
        _isOpen = true;
        wait();
        _isOpen = false;
    }

    /// <summary>From now on other threads may take part: the run is judged, and what is left is closed.</summary>
    internal void Open() => _isOpen = true;

    /// <summary>Notes who is on another thread than the simulation's; the run ends with it.</summary>
    internal void Check()
    {
        if (!_isOpen && Environment.CurrentManagedThreadId != _thread)
        {
            _intruder ??= Environment.StackTrace;
        }
    }

    private void DropStale_NeedsLock()
    {
        while (_timers.TryPeek(out (Timer Timer, long Generation) next, out _) && next.Generation != next.Timer.Generation)
        {
            _timers.Dequeue();
        }
    }

    private sealed class Timer(SimulationClock clock, TimerCallback callback, object? state) : ITimer
    {
        private long _period = -1;
        private bool _isArmed;
        private bool _isDisposed;

        /// <summary>Grows with each change, so that older entries of the queue are known as stale.</summary>
        internal long Generation { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.Check();
            lock (clock._lock)
            {
                if (_isDisposed)
                {
                    return false;
                }

                _period = period <= TimeSpan.Zero ? -1 : period.Ticks;
                Arm_NeedsLock(dueTime < TimeSpan.Zero ? null : clock._now + dueTime.Ticks);
                return true;
            }
        }

        public void Dispose()
        {
            clock.Check();
            lock (clock._lock)
            {
                _isDisposed = true;
                Arm_NeedsLock(null);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        internal void Rearm_NeedsLock(long due) => Arm_NeedsLock(_period < 0 ? null : due + _period);

        internal void Fire() => callback(state);

        private void Arm_NeedsLock(long? due)
        {
            Generation++;
            clock._active += (due is null ? 0 : 1) - (_isArmed ? 1 : 0);
            _isArmed = due is not null;
            if (due is long at)
            {
                clock._timers.Enqueue((this, Generation), (at, clock._sequence++));
            }
        }
    }
}
