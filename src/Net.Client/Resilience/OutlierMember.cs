namespace Net.Client;

/// <summary>One end point's outcomes, as its <see cref="OutlierEjector"/> counts them. Thread-safe; recording takes no lock but when something changes, and allocates nothing.</summary>
public sealed class OutlierMember
{
    private readonly OutlierEjector _ejector;

    // Answers above, failures below, so that both are taken at the same moment.
    private long _interval;
    private int _consecutive;
    private long _ejectedUntil;
    private long _forgetFrom;
    private int _ejections;

    internal OutlierMember(OutlierEjector ejector, string name)
    {
        _ejector = ejector;
        Name = name;
    }

    /// <summary>The end point's name.</summary>
    public string Name { get; }

    /// <summary>Whether it is ejected now.</summary>
    public bool IsEjectedNow => IsEjected(_ejector.TimeProvider.GetTimestamp());

    /// <summary>How long it is still ejected; <c>null</c> when it is not.</summary>
    public TimeSpan? ReturnsAfter
    {
        get
        {
            TimeSpan left = Timestamps.Between(_ejector.TimeProvider, _ejector.TimeProvider.GetTimestamp(), Volatile.Read(ref _ejectedUntil));
            return left > TimeSpan.Zero ? left : null;
        }
    }

    /// <summary>Ejections in a row, less one for each whole interval that it has not been ejected since, as of the last comparison.</summary>
    public int Ejections => Volatile.Read(ref _ejections);

    /// <summary>Whether it is ejected, for callers that have read the clock anyway. Pure: safe in a picker.</summary>
    /// <param name="now">The time, as a timestamp of the ejector's <see cref="TimeProvider"/>.</param>
    /// <returns>Whether it gets no calls.</returns>
    public bool IsEjected(long now) => now < Volatile.Read(ref _ejectedUntil);

    /// <summary>Counts how a call to the end point ended.</summary>
    /// <param name="outcome">How it ended.</param>
    public void Record(CallOutcome outcome) => Record(outcome, _ejector.TimeProvider.GetTimestamp());

    /// <summary>Counts how a call to the end point ended, for callers that have read the clock anyway.</summary>
    /// <param name="outcome">How it ended. What comes while the end point is ejected, from calls that were under way, does not count.</param>
    /// <param name="now">The time, as a timestamp of the ejector's <see cref="TimeProvider"/>.</param>
    public void Record(CallOutcome outcome, long now)
    {
        long until = Volatile.Read(ref _ejectedUntil);
        if (until != 0)
        {
            if (now < until)
            {
                return;
            }

            _ejector.Return(this, now);
        }

        if (outcome.IsAnswer())
        {
            if (Volatile.Read(ref _consecutive) != 0)
            {
                Volatile.Write(ref _consecutive, 0);
            }

            Interlocked.Add(ref _interval, 1L << 32);
        }
        else if (outcome.IsFailure())
        {
            Interlocked.Increment(ref _interval);
            if (Interlocked.Increment(ref _consecutive) >= _ejector.ConsecutiveFailures)
            {
                _ejector.Eject(this, now);
            }
        }

        _ejector.CompareWhenDue(now);
    }

    internal long EjectedUntil_NeedsLock => _ejectedUntil;

    /// <summary>Forgets one ejection for each interval since the last ended.</summary>
    internal void ForgetEjections_NeedsLock(long now, long interval)
    {
        long steps = (now - _forgetFrom) / interval;
        if (_ejections > 0 && steps > 0)
        {
            _forgetFrom += steps * interval;
            Volatile.Write(ref _ejections, (int)Math.Max(0, _ejections - steps));
        }
    }

    internal void Eject_NeedsLock(long until)
    {
        Volatile.Write(ref _ejections, _ejections + 1);
        Volatile.Write(ref _ejectedUntil, until);
        _forgetFrom = until;
        Forget();
    }

    internal void Return_NeedsLock()
    {
        Forget();
        Volatile.Write(ref _ejectedUntil, 0);
    }

    internal (long Answers, long Failures) TakeInterval()
    {
        long both = Interlocked.Exchange(ref _interval, 0);
        return (both >> 32, both & uint.MaxValue);
    }

    private void Forget()
    {
        Interlocked.Exchange(ref _interval, 0);
        Volatile.Write(ref _consecutive, 0);
    }
}
