using System.Net;

namespace Net.Testing;

/// <summary>The world that in-memory engines share: addresses, delay, faults, and time.</summary>
/// <remarks>
/// Everything that happens is an event in one queue, ordered by due time and then by the order of posting. Events that are due run at once on the thread
/// that caused them; later ones run on a timer of the <see cref="System.TimeProvider"/>. There are no threads and no other clocks, so a test on a
/// <see cref="ManualTimeProvider"/> with <see cref="TransportOptions.InlineContinuations"/> runs the same way each time.
/// One lock guards all state; application code never runs under it.
/// </remarks>
public sealed partial class MemoryNetwork : IDisposable
{
    [ThreadStatic]
    private static Queue<Action>? t_running;

    private readonly Lock _gate = new();
    private readonly PriorityQueue<MemoryEvent, (long Due, long Sequence)> _events = new();
    private readonly ITimer _timer;
    private readonly long _origin;
    private List<Action> _deferred = [];
    private long _armedFor = long.MaxValue;
    private long _sequence;
    private int _depth;

    /// <summary>Makes a network.</summary>
    /// <param name="timeProvider">The clock of all its engines; <c>null</c>: the system's.</param>
    public MemoryNetwork(TimeProvider? timeProvider = null)
    {
        TimeProvider = timeProvider ?? TimeProvider.System;
        _origin = TimeProvider.GetTimestamp();
        _timer = TimeProvider.CreateTimer(static state => ((MemoryNetwork)state!).RunTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _hosts["localhost"] = [IPAddress.Loopback, IPAddress.IPv6Loopback];
    }

    /// <summary>The clock of all engines on this network.</summary>
    public TimeProvider TimeProvider { get; }

    /// <summary>Stops the network's timer: what is delayed never happens. Dispose the engines first.</summary>
    public void Dispose() => _timer.Dispose();

    /// <summary>Time since the network was made, in ticks of 100 ns.</summary>
    internal long Now => TimeProvider.GetElapsedTime(_origin).Ticks;

    /// <summary>Enters the lock. Leaving it runs the events that are due, then, outside the lock, what was deferred.</summary>
    /// <returns>Dispose it to leave.</returns>
    internal Scope Enter()
    {
        _gate.Enter();
        _depth++;
        return new Scope(this);
    }

    /// <summary>Runs something on this thread as soon as the lock is left.</summary>
    /// <param name="action">What may call application code.</param>
    internal void Defer(Action action)
    {
        AssertLocked();
        _deferred.Add(action);
    }

    /// <summary>Runs something under the lock after a delay.</summary>
    /// <param name="delay">Ticks of 100 ns; 0: before the lock is left.</param>
    /// <param name="action">What must not call application code.</param>
    /// <returns>The event, which can be cancelled.</returns>
    internal MemoryEvent Schedule(long delay, Action action) => ScheduleAt(Now + delay, action);

    /// <summary>Runs something under the lock at a time.</summary>
    /// <param name="due">On the scale of <see cref="Now"/>.</param>
    /// <param name="action">What must not call application code.</param>
    /// <returns>The event, which can be cancelled.</returns>
    internal MemoryEvent ScheduleAt(long due, Action action)
    {
        AssertLocked();
        var scheduled = new MemoryEvent(action);
        _events.Enqueue(scheduled, (due, _sequence++));
        return scheduled;
    }

    /// <summary>Runs the events that are due, so that the caller sees their effect before it leaves the lock.</summary>
    internal void RunDueEvents()
    {
        AssertLocked();
        while (_events.TryPeek(out MemoryEvent? next, out (long Due, long Sequence) key) && (next.IsCancelled || key.Due <= Now))
        {
            _events.Dequeue();
            next.Run();
        }
    }

    private void AssertLocked() => System.Diagnostics.Debug.Assert(_gate.IsHeldByCurrentThread, "The network's lock must be held here.");

    private void RunTimer()
    {
        using Scope scope = Enter();
        _armedFor = long.MaxValue;
    }

    private void Leave()
    {
        List<Action>? run = null;
        if (_depth == 1)
        {
            RunDueEvents();
            ArmTimer();
            if (_deferred.Count > 0)
            {
                run = _deferred;
                _deferred = [];
            }
        }

        _depth--;
        _gate.Exit();
        if (run is not null)
        {
            RunDeferred(run);
        }
    }

    private void ArmTimer()
    {
        long due = _events.TryPeek(out _, out (long Due, long Sequence) key) ? key.Due : long.MaxValue;
        if (due == _armedFor)
        {
            return;
        }

        _armedFor = due;
        if (due == long.MaxValue)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        TimeSpan wait = TimeSpan.FromTicks(Math.Max(0, due - Now));
        if (ReferenceEquals(TimeProvider, TimeProvider.System))
        {
            // The system's timers cut to whole milliseconds: rounding up saves firing too early and again.
            wait = TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
        }

        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    // Inline continuations that answer each other would recurse without end; a queue per thread makes them take turns.
    private static void RunDeferred(List<Action> actions)
    {
        if (t_running is Queue<Action> outer)
        {
            actions.ForEach(outer.Enqueue);
            return;
        }

        var queue = new Queue<Action>(actions);
        t_running = queue;
        try
        {
            while (queue.TryDequeue(out Action? action))
            {
                action();
            }
        }
        finally
        {
            t_running = null;
        }
    }

    /// <summary>The lock, held.</summary>
    internal readonly ref struct Scope(MemoryNetwork network)
    {
        /// <summary>Leaves the lock.</summary>
        public void Dispose() => network.Leave();
    }
}
