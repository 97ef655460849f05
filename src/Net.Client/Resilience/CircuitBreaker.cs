using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Client;

/// <summary>Cuts off one end point that keeps failing, and finds out by a few probes when it works again. Thread-safe.</summary>
/// <remarks>
/// <code>
///            failures in a row, or a share of the window                 open time over, and a call asks
///   Closed ------------------------------------------------> Open ------------------------------------> HalfOpen
///     ^                                                        ^                                          |  |
///     |                                                        +---------- a probe failed ----------------+  |
///     +------------------------------------- enough probes succeeded ----------------------------------------+
///   Isolate: from any state to Isolated.     Reset: from any state to Closed, everything forgotten.
/// </code>
/// <para>While it is closed, asking and reporting an answer take no lock and allocate nothing; only failures do. There is no timer: the state follows the clock when it is asked.</para>
/// <para>The outcome of a call that was let through in an earlier state never counts in a later one.</para>
/// </remarks>
public sealed class CircuitBreaker : IDisposable
{
    private const int NoPlace = -1;
    private const int StateBits = 2;
    private const long StateMask = (1 << StateBits) - 1;
    private readonly CircuitBreakerOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly FailureWindow? _window;
    private readonly Probe[] _probes;
    private readonly long _windowLength;
    private readonly long _probeTimeout;

    // The state in the low bits, the number of the step above: what a permit of the closed state compares with.
    private long _word;
    private int _consecutive;
    private long _lastFailure;
    private long _openUntil;
    private long _closedAt = long.MinValue;
    private long _probeStamp;
    private int _openings;
    private int _probeSuccesses;
    private int _trigger;
    private bool _isDisposed;

    /// <summary>Makes a closed breaker.</summary>
    /// <param name="name">The end point's name, for logs and spans.</param>
    /// <param name="options">When it opens and closes; <c>null</c>: the defaults.</param>
    /// <param name="timeProvider">The clock; <c>null</c>: the system's.</param>
    /// <param name="random">Chance for the jitter, used under this breaker's lock and by nobody else meanwhile; <c>null</c>: no jitter.</param>
    /// <param name="logger">Where changes of state are logged; <c>null</c>: nowhere.</param>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public CircuitBreaker(
        string name, CircuitBreakerOptions? options = null, TimeProvider? timeProvider = null, Random? random = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        _options = options ?? CircuitBreakerOptions.Default;
        _options.Validate();
        Name = name;
        _timeProvider = timeProvider ?? TimeProvider.System;
        _random = random ?? NoJitter.Instance;
        _logger = logger ?? NullLogger.Instance;
        _windowLength = Timestamps.Of(_timeProvider, _options.Window);
        _probeTimeout = Timestamps.Of(_timeProvider, _options.ProbeTimeout);
        _window = _options.FailureRatio is null ? null : new FailureWindow(_timeProvider.GetTimestamp(), _windowLength);
        _probes = new Probe[_options.HalfOpenCalls];
        ResilienceDiagnostics.AddBreaker(BreakerState.Closed);
    }

    /// <summary>Raised after each change of state, outside the breaker's lock, on the thread that caused it.</summary>
    public event EventHandler<BreakerStateChangedEventArgs>? StateChanged;

    /// <summary>The end point's name.</summary>
    public string Name { get; }

    /// <summary>The state now. A breaker whose open time is over is half open, also before the first call asks.</summary>
    public BreakerState State
    {
        get
        {
            BreakerState state = StateOf(Volatile.Read(ref _word));
            return state == BreakerState.Open && _timeProvider.GetTimestamp() >= Volatile.Read(ref _openUntil) ? BreakerState.HalfOpen : state;
        }
    }

    /// <summary>Why the state changed last.</summary>
    public BreakerTrigger LastTrigger => (BreakerTrigger)Volatile.Read(ref _trigger);

    /// <summary>How long until a probe may go through; <c>null</c> when one may now, or when only <see cref="Reset"/> ends the wait.</summary>
    public TimeSpan? RetryAfter
    {
        get
        {
            if (StateOf(Volatile.Read(ref _word)) != BreakerState.Open)
            {
                return null;
            }

            TimeSpan left = Timestamps.Between(_timeProvider, _timeProvider.GetTimestamp(), Volatile.Read(ref _openUntil));
            return left > TimeSpan.Zero ? left : null;
        }
    }

    /// <summary>When a probe may go through, by the wall clock as it stands now; <c>null</c> as for <see cref="RetryAfter"/>.</summary>
    public DateTimeOffset? OpenUntil => RetryAfter is TimeSpan left ? _timeProvider.GetUtcNow() + left : null;

    /// <summary>Whether <see cref="TryAcquire"/> would let a call through now. Takes nothing and changes nothing, so that a picker may ask for every candidate.</summary>
    /// <returns>Whether a call would go through; another thread may take the last place before the caller does.</returns>
    public bool CanAcquire()
    {
        switch (StateOf(Volatile.Read(ref _word)))
        {
            case BreakerState.Closed:
                return true;
            case BreakerState.Isolated:
                return false;
            default:
                long now = _timeProvider.GetTimestamp();
                if (now < Volatile.Read(ref _openUntil))
                {
                    return false;
                }

                lock (_lock)
                {
                    return FindPlace_NeedsLock(now) != NoPlace;
                }
        }
    }

    /// <summary>Asks whether a call may go to the end point.</summary>
    /// <param name="permit">The permit; its outcome must be reported.</param>
    /// <returns><c>false</c> while the breaker is open or isolated, and while it is half open and all places for probes are taken.</returns>
    public bool TryAcquire(out BreakerPermit permit)
    {
        long word = Volatile.Read(ref _word);
        if (StateOf(word) == BreakerState.Closed)
        {
            permit = new BreakerPermit(this, word, NoPlace);
            return true;
        }

        return TryAcquireProbe(out permit);
    }

    /// <summary>Holds the breaker open until <see cref="Reset"/>.</summary>
    public void Isolate()
    {
        BreakerStateChangedEventArgs? change = null;
        lock (_lock)
        {
            if (StateOf(_word) != BreakerState.Isolated)
            {
                change = MoveTo_NeedsLock(BreakerState.Isolated, BreakerTrigger.Manual, null);
            }
        }

        Announce(change);
    }

    /// <summary>Closes the breaker and forgets all failures and the growth of the open time.</summary>
    public void Reset()
    {
        BreakerStateChangedEventArgs? change = null;
        lock (_lock)
        {
            _openings = 0;
            _closedAt = long.MinValue;
            Forget_NeedsLock();
            if (StateOf(_word) != BreakerState.Closed)
            {
                change = MoveTo_NeedsLock(BreakerState.Closed, BreakerTrigger.Manual, null);
            }
            else
            {
                // A new step all the same: calls under way belong to what is forgotten.
                Volatile.Write(ref _word, _word + (1L << StateBits));
            }
        }

        Announce(change);
    }

    /// <summary>Takes the breaker out of the metrics, when its end point is gone. It still answers. May be called twice.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                ResilienceDiagnostics.RemoveBreaker(StateOf(_word));
            }
        }
    }

    internal void Report(CallOutcome outcome, long stamp, int place)
    {
        // Only a ratio needs to know when an answer came: the clock costs more than all the rest.
        bool needsTime = place != NoPlace || _window is not null || outcome.IsFailure();
        Report(outcome, stamp, place, needsTime ? _timeProvider.GetTimestamp() : 0);
    }

    internal void Report(CallOutcome outcome, long stamp, int place, long now)
    {
        if (place != NoPlace)
        {
            ReportProbe(outcome, stamp, place, now);
        }
        else if (outcome.IsAnswer())
        {
            if (Volatile.Read(ref _word) == stamp)
            {
                // Written only when it changes: a write by every call would take the cache line from the other processors.
                if (Volatile.Read(ref _consecutive) != 0)
                {
                    Volatile.Write(ref _consecutive, 0);
                }

                _window?.AddAnswer(now);
            }
        }
        else if (outcome.IsFailure())
        {
            ReportFailure(stamp, now);
        }
    }

    private static BreakerState StateOf(long word) => (BreakerState)(word & StateMask);

    private bool TryAcquireProbe(out BreakerPermit permit)
    {
        permit = default;
        BreakerStateChangedEventArgs? change = null;
        bool isLetThrough = false;
        lock (_lock)
        {
            BreakerState state = StateOf(_word);
            if (state == BreakerState.Closed)
            {
                permit = new BreakerPermit(this, _word, NoPlace);
                return true;
            }

            long now = _timeProvider.GetTimestamp();
            if (state != BreakerState.Isolated && now >= _openUntil && FindPlace_NeedsLock(now) is int place and not NoPlace)
            {
                if (state == BreakerState.Open)
                {
                    _probeSuccesses = 0;
                    change = MoveTo_NeedsLock(BreakerState.HalfOpen, BreakerTrigger.OpenTimeOver, null);
                }

                _probes[place] = new Probe(++_probeStamp, _word, now);
                permit = new BreakerPermit(this, _probeStamp, place);
                isLetThrough = true;
            }
        }

        Announce(change);
        return isLetThrough;
    }

    private void ReportFailure(long stamp, long now)
    {
        BreakerStateChangedEventArgs? change = null;
        lock (_lock)
        {
            if (_word != stamp)
            {
                return;
            }

            if (now - _lastFailure > _windowLength)
            {
                Volatile.Write(ref _consecutive, 0);
            }

            _lastFailure = now;
            _window?.AddFailure(now);

            // Interlocked although under the lock: answers set it to zero without one.
            int run = Interlocked.Increment(ref _consecutive);
            if (run >= _options.ConsecutiveFailures)
            {
                change = Open_NeedsLock(BreakerTrigger.ConsecutiveFailures, now);
            }
            else if (_options.FailureRatio is double ratio && _window!.Read(now) is var (calls, failures)
                && calls >= _options.MinimumThroughput && failures >= ratio * calls)
            {
                change = Open_NeedsLock(BreakerTrigger.FailureRatio, now);
            }
        }

        Announce(change);
    }

    private void ReportProbe(CallOutcome outcome, long stamp, int place, long now)
    {
        BreakerStateChangedEventArgs? change = null;
        lock (_lock)
        {
            Probe probe = _probes[place];
            if (probe.Stamp != stamp)
            {
                return;
            }

            _probes[place] = default;
            if (probe.Word != _word || now - probe.Started >= _probeTimeout)
            {
                return;
            }

            if (outcome.IsFailure())
            {
                change = Open_NeedsLock(BreakerTrigger.ProbeFailed, now);
            }
            else if (outcome.IsAnswer() && ++_probeSuccesses >= _options.SuccessesToClose)
            {
                _closedAt = now;
                Forget_NeedsLock();
                change = MoveTo_NeedsLock(BreakerState.Closed, BreakerTrigger.ProbesSucceeded, null);
            }
        }

        Announce(change);
    }

    // Places of probes from before the last change of state count, too: what is asked for is how many calls may trouble the end point at once.
    private int FindPlace_NeedsLock(long now)
    {
        for (int i = 0; i < _probes.Length; i++)
        {
            if (_probes[i].Stamp == 0 || now - _probes[i].Started >= _probeTimeout)
            {
                return i;
            }
        }

        return NoPlace;
    }

    private BreakerStateChangedEventArgs Open_NeedsLock(BreakerTrigger trigger, long now)
    {
        bool isAgain = trigger == BreakerTrigger.ProbeFailed || (_closedAt != long.MinValue && now - _closedAt <= _windowLength);
        _openings = isAgain ? _openings + 1 : 0;
        double grown = Math.Min(_options.OpenTime.Ticks * Math.Pow(_options.OpenTimeGrowth, _openings), _options.MaxOpenTime.Ticks);
        var openFor = TimeSpan.FromTicks((long)(grown * (1 + (_options.OpenTimeJitter * ((2 * _random.NextDouble()) - 1)))));
        Volatile.Write(ref _openUntil, now + Timestamps.Of(_timeProvider, openFor));
        Forget_NeedsLock();
        return MoveTo_NeedsLock(BreakerState.Open, trigger, openFor);
    }

    private void Forget_NeedsLock()
    {
        Volatile.Write(ref _consecutive, 0);
        _window?.Clear();
    }

    private BreakerStateChangedEventArgs MoveTo_NeedsLock(BreakerState state, BreakerTrigger trigger, TimeSpan? openFor)
    {
        BreakerState previous = StateOf(_word);
        long sequence = (_word >> StateBits) + 1;
        Volatile.Write(ref _trigger, (int)trigger);
        Volatile.Write(ref _word, (sequence << StateBits) | (long)state);
        if (!_isDisposed)
        {
            ResilienceDiagnostics.MoveBreaker(previous, state);
        }

        return new BreakerStateChangedEventArgs(previous, state, trigger, openFor, sequence);
    }

    private void Announce(BreakerStateChangedEventArgs? change)
    {
        if (change is not null)
        {
            ResilienceDiagnostics.BreakerChanged(Name, change);
            ResilienceLog.BreakerChanged(_logger, Name, change);
            StateChanged?.Invoke(this, change);
        }
    }

    /// <summary>A call that went through while half open; a stamp of zero is a free place.</summary>
    private readonly record struct Probe(long Stamp, long Word, long Started);

    /// <summary>Always the middle.</summary>
    private sealed class NoJitter : Random
    {
        internal static readonly NoJitter Instance = new();

        public override double NextDouble() => 0.5;
    }
}
