using Net.Client;

namespace Net.ClientTests.Resilience;

/// <summary>
/// What a circuit breaker should do, written down as plainly as possible from its documentation: every event is kept in a list and looked through again each time. It shares no code with the real one.
/// Time is in ticks.
/// </summary>
/// <param name="options">When it opens and closes.</param>
/// <param name="drawOpenTime">Draws how long it stays open, in ticks, from the open time without jitter.</param>
internal sealed class BreakerModel(CircuitBreakerOptions options, Func<double, long> drawOpenTime)
{
    private readonly List<(long Time, bool IsFailure)> _history = [];
    private readonly List<ModelPermit> _places = [];
    private readonly long _step = Math.Max(1, options.Window.Ticks / 10);
    private BreakerState _state;
    private int _era;
    private int _growth;
    private long? _closedAt;
    private long _openUntil;
    private int _good;

    internal sealed class ModelPermit(int era, bool isProbe, long time)
    {
        internal int Era => era;

        internal bool IsProbe => isProbe;

        internal long Time => time;
    }

    internal BreakerState StateAt(long now) => _state == BreakerState.Open && now >= _openUntil ? BreakerState.HalfOpen : _state;

    internal long? RetryAfterAt(long now) => _state == BreakerState.Open && now < _openUntil ? _openUntil - now : null;

    /// <summary>Probes that hold a place.</summary>
    internal int ProbesAt(long now) => _places.Count(p => now - p.Time < options.ProbeTimeout.Ticks);

    internal bool CanAcquireAt(long now) => StateAt(now) switch
    {
        BreakerState.Closed => true,
        BreakerState.HalfOpen => ProbesAt(now) < options.HalfOpenCalls,
        _ => false,
    };

    internal ModelPermit? Acquire(long now)
    {
        if (!CanAcquireAt(now))
        {
            return null;
        }

        if (_state == BreakerState.Closed)
        {
            return new ModelPermit(_era, false, now);
        }

        if (_state == BreakerState.Open)
        {
            Move(BreakerState.HalfOpen);
            _good = 0;
        }

        var permit = new ModelPermit(_era, true, now);
        _places.Add(permit);
        return permit;
    }

    internal void Report(ModelPermit permit, CallOutcome outcome, long now)
    {
        bool isBad = outcome is CallOutcome.ServerFailure or CallOutcome.TransportFailure or CallOutcome.TimedOut;
        bool isGood = outcome is CallOutcome.Success or CallOutcome.ApplicationFailure;
        if (permit.IsProbe && (!_places.Remove(permit) || now - permit.Time >= options.ProbeTimeout.Ticks))
        {
            return;
        }

        if (permit.Era != _era || (!isBad && !isGood))
        {
            return;
        }

        if (permit.IsProbe)
        {
            ReportProbe(isBad, now);
            return;
        }

        _history.Add((now, isBad));
        if (isBad && (RunIsTooLong() || RatioIsTooHigh(now)))
        {
            Open(now, _closedAt is long closed && now - closed <= options.Window.Ticks);
        }
    }

    internal void Isolate()
    {
        if (_state != BreakerState.Isolated)
        {
            Move(BreakerState.Isolated);
        }
    }

    internal void Reset()
    {
        Move(BreakerState.Closed);
        _growth = 0;
        _closedAt = null;
        _history.Clear();
    }

    private void ReportProbe(bool isBad, long now)
    {
        if (isBad)
        {
            Open(now, isAgain: true);
        }
        else if (++_good == options.SuccessesToClose)
        {
            Move(BreakerState.Closed);
            _closedAt = now;
            _history.Clear();
        }
    }

    private bool RunIsTooLong()
    {
        int run = 0;
        long? later = null;
        foreach ((long time, bool isFailure) in Enumerable.Reverse(_history))
        {
            if (!isFailure || later - time > options.Window.Ticks)
            {
                break;
            }

            run++;
            later = time;
        }

        return run >= options.ConsecutiveFailures;
    }

    private bool RatioIsTooHigh(long now)
    {
        if (options.FailureRatio is not double ratio)
        {
            return false;
        }

        bool[] recent = [.. _history.Where(e => (now / _step) - (e.Time / _step) < 10).Select(static e => e.IsFailure)];
        return recent.Length >= options.MinimumThroughput && recent.Count(static f => f) >= ratio * recent.Length;
    }

    private void Open(long now, bool isAgain)
    {
        _growth = isAgain ? _growth + 1 : 0;
        double time = options.OpenTime.Ticks;
        for (int i = 0; i < _growth && time < options.MaxOpenTime.Ticks; i++)
        {
            time *= options.OpenTimeGrowth;
        }

        time = Math.Min(time, options.MaxOpenTime.Ticks);
        _openUntil = now + drawOpenTime(time);
        _history.Clear();
        Move(BreakerState.Open);
    }

    private void Move(BreakerState state)
    {
        _state = state;
        _era++;
    }
}
