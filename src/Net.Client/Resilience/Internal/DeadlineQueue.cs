using System.Numerics;

namespace Net.Client;

/// <summary>
/// Deadlines under one timer. Most calls end long before theirs, so that adding and removing must be cheap: both are a few writes under a lock, and the timer stays as it is, unless the new deadline is the first of all.
/// </summary>
/// <remarks>
/// <para>A deadline never fires early. On the system's clock it is late by what its timers are, whose unit is the millisecond and which are set to the next whole one: 1 to 3 ms on a machine that has
/// processors free. On a clock of a program's own it fires at its very time.</para>
/// <para>A band has the deadlines whose spans have the same highest bit. Within it none can be due before half its span is over, and they are in the order of their starts: a look goes from the oldest
/// to the first that is too young. So it costs no more than there are calls which have used half their time.</para>
/// <para>On the system's clock the timer may go off once for nothing after the last deadline has left; nothing else stays behind.</para>
/// </remarks>
internal sealed class DeadlineQueue(TimeProvider clock, bool isSystem)
{
    // Timers take no longer times.
    private static readonly TimeSpan MaxArmed = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly CallDeadline?[] _oldest = new CallDeadline?[64];
    private readonly CallDeadline?[] _youngest = new CallDeadline?[64];
    private ulong _used;
    private long _armedFor = long.MaxValue;
    private ITimer? _timer;
    private bool _isClosed;

    /// <summary>The band of a span of at least 1.</summary>
    internal static int BandOf(long span) => BitOperations.Log2((ulong)Math.Max(1, span));

    /// <summary>Takes a deadline in.</summary>
    internal void Add(CallDeadline deadline)
    {
        lock (_lock)
        {
            // A thread that was held up between its look at the clock and here comes a little late.
            CallDeadline? before = _youngest[deadline.Band];
            while (before is not null && before.WorthALook > deadline.WorthALook)
            {
                before = before.Previous;
            }

            Link_NeedsLock(deadline, before);
            if (deadline.Due < _armedFor)
            {
                Arm_NeedsLock(deadline.Due);
            }
        }
    }

    /// <summary>Takes a deadline out.</summary>
    /// <returns><c>false</c> when it is not there: it fires, has fired or was taken out before.</returns>
    internal bool Remove(CallDeadline deadline)
    {
        lock (_lock)
        {
            if (!deadline.IsQueued)
            {
                return false;
            }

            Unlink_NeedsLock(deadline);
            DisarmIfQuiet_NeedsLock();
            return true;
        }
    }

    /// <summary>From now on the timer stops with the last deadline.</summary>
    internal void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            DisarmIfQuiet_NeedsLock();
        }
    }

    private void Look()
    {
        List<CallDeadline>? over = null;
        lock (_lock)
        {
            _armedFor = long.MaxValue;
            long now = clock.GetTimestamp();
            long next = long.MaxValue;
            for (ulong bands = _used; bands != 0; bands &= bands - 1)
            {
                CallDeadline? deadline = _oldest[BitOperations.TrailingZeroCount(bands)];
                while (deadline is not null && deadline.WorthALook <= now)
                {
                    CallDeadline? following = deadline.Next;
                    if (deadline.Due <= now)
                    {
                        Unlink_NeedsLock(deadline);
                        (over ??= []).Add(deadline);
                    }
                    else
                    {
                        next = Math.Min(next, deadline.Due);
                    }

                    deadline = following;
                }

                next = Math.Min(next, deadline?.WorthALook ?? long.MaxValue);
            }

            if (next != long.MaxValue)
            {
                Arm_NeedsLock(next);
            }
        }

        foreach (CallDeadline deadline in over ?? [])
        {
            if (isSystem)
            {
                // What hangs on one token must not hold up the others.
                ThreadPool.UnsafeQueueUserWorkItem(deadline, preferLocal: false);
            }
            else
            {
                deadline.Execute();
            }
        }
    }

    private void Link_NeedsLock(CallDeadline deadline, CallDeadline? before)
    {
        CallDeadline? after = before is null ? _oldest[deadline.Band] : before.Next;
        deadline.Previous = before;
        deadline.Next = after;
        deadline.IsQueued = true;
        Join_NeedsLock(deadline.Band, before, deadline);
        Join_NeedsLock(deadline.Band, deadline, after);
        _used |= 1UL << deadline.Band;
    }

    private void Unlink_NeedsLock(CallDeadline deadline)
    {
        Join_NeedsLock(deadline.Band, deadline.Previous, deadline.Next);
        deadline.Previous = null;
        deadline.Next = null;
        deadline.IsQueued = false;
        if (_oldest[deadline.Band] is null)
        {
            _used &= ~(1UL << deadline.Band);
        }
    }

    private void Join_NeedsLock(int band, CallDeadline? older, CallDeadline? younger)
    {
        if (older is null)
        {
            _oldest[band] = younger;
        }
        else
        {
            older.Next = younger;
        }

        if (younger is null)
        {
            _youngest[band] = older;
        }
        else
        {
            younger.Previous = older;
        }
    }

    private void Arm_NeedsLock(long at)
    {
        _armedFor = at;

        // Never before its time: the system's timers cut off what is below a millisecond.
        long unit = isSystem ? TimeSpan.TicksPerMillisecond : 1;
        Int128 ticks = (Int128)Math.Max(0, at - clock.GetTimestamp()) * TimeSpan.TicksPerSecond;
        Int128 divisor = (Int128)clock.TimestampFrequency * unit;
        TimeSpan delay = TimeSpan.FromTicks((long)Int128.Min((ticks + divisor - 1) / divisor * unit, MaxArmed.Ticks));
        if (_timer is null)
        {
            _timer = MakeTimer(delay);
        }
        else
        {
            _timer.Change(delay, Timeout.InfiniteTimeSpan);
        }
    }

    // It outlives the call that happens to be the first, whose context is none of its business.
    private ITimer MakeTimer(TimeSpan delay)
    {
        if (!ExecutionContext.IsFlowSuppressed())
        {
            using (ExecutionContext.SuppressFlow())
            {
                return MakeTimer(delay);
            }
        }

        return clock.CreateTimer(static queue => ((DeadlineQueue)queue!).Look(), this, delay, Timeout.InfiniteTimeSpan);
    }

    // A clock that stands until a program moves it would be moved for a timer that nobody waits for.
    private void DisarmIfQuiet_NeedsLock()
    {
        if (_used != 0 || _timer is null || (isSystem && !_isClosed))
        {
            return;
        }

        _armedFor = long.MaxValue;
        if (_isClosed)
        {
            _timer.Dispose();
            _timer = null;
        }
        else
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
