using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Client;

/// <summary>Takes end points out of the choice for a while that do worse than the others, but never so many that the rest would be overrun. Thread-safe.</summary>
/// <remarks>
/// Beside the breakers, which judge each end point alone: the ejector compares, remembers who comes back only to fail again, and keeps a cap on how many are out. There is no timer:
/// an ejection ends by the clock, and success rates are compared by the first call that ends after the interval.
/// </remarks>
public sealed class OutlierEjector
{
    private readonly OutlierOptions _options;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly List<OutlierMember> _members = [];
    private readonly long _interval;
    private long _nextComparison;

    /// <summary>Makes an ejector without end points.</summary>
    /// <param name="options">When it ejects; <c>null</c>: the defaults.</param>
    /// <param name="timeProvider">The clock; <c>null</c>: the system's.</param>
    /// <param name="random">Chance for the jitter, used under this ejector's lock and by nobody else meanwhile; <c>null</c>: no jitter.</param>
    /// <param name="logger">Where ejections are logged; <c>null</c>: nowhere.</param>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public OutlierEjector(OutlierOptions? options = null, TimeProvider? timeProvider = null, Random? random = null, ILogger? logger = null)
    {
        _options = options ?? OutlierOptions.Default;
        _options.Validate();
        TimeProvider = timeProvider ?? TimeProvider.System;
        _random = random ?? NoChance.Instance;
        _logger = logger ?? NullLogger.Instance;
        ConsecutiveFailures = _options.ConsecutiveFailures ?? int.MaxValue;
        _interval = Timestamps.Of(TimeProvider, _options.Interval);
        _nextComparison = TimeProvider.GetTimestamp() + _interval;
    }

    /// <summary>Raised after an end point was ejected, outside the lock, on the thread that reported the outcome.</summary>
    public event EventHandler<OutlierEjectedEventArgs>? Ejected;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; }

    /// <summary>End points that are ejected now.</summary>
    public int EjectedCount
    {
        get
        {
            lock (_lock)
            {
                return CountEjected_NeedsLock(TimeProvider.GetTimestamp());
            }
        }
    }

    internal int ConsecutiveFailures { get; }

    /// <summary>Adds an end point.</summary>
    /// <param name="name">Its name, for logs.</param>
    /// <returns>What its outcomes are recorded on.</returns>
    public OutlierMember Add(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var member = new OutlierMember(this, name);
        lock (_lock)
        {
            _members.Add(member);
        }

        return member;
    }

    /// <summary>Removes an end point. What is recorded on it later counts for nothing.</summary>
    /// <param name="endPoint">The end point.</param>
    /// <returns>Whether it was there.</returns>
    public bool Remove(OutlierMember endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        lock (_lock)
        {
            return _members.Remove(endPoint);
        }
    }

    internal void Eject(OutlierMember member, long now)
    {
        OutlierEjectedEventArgs? ejected;
        lock (_lock)
        {
            ejected = TryEject_NeedsLock(member, OutlierReason.ConsecutiveFailures, now);
        }

        Announce(ejected);
    }

    internal void Return(OutlierMember member, long now)
    {
        lock (_lock)
        {
            if (member.EjectedUntil_NeedsLock is long until && (until == 0 || now < until))
            {
                return;
            }

            member.Return_NeedsLock();
        }

        ResilienceLog.EndPointReturned(_logger, member.Name);
    }

    internal void CompareWhenDue(long now)
    {
        long due = Volatile.Read(ref _nextComparison);
        if (now < due || Interlocked.CompareExchange(ref _nextComparison, now + _interval, due) != due)
        {
            return;
        }

        List<OutlierEjectedEventArgs> ejected = [];
        lock (_lock)
        {
            foreach (OutlierMember member in _members)
            {
                member.ForgetEjections_NeedsLock(now, _interval);
            }

            CompareRates_NeedsLock(now, ejected);
        }

        foreach (OutlierEjectedEventArgs one in ejected)
        {
            Announce(one);
        }
    }

    private void CompareRates_NeedsLock(long now, List<OutlierEjectedEventArgs> ejected)
    {
        List<(OutlierMember Member, double Rate)> rates = [];
        foreach (OutlierMember member in _members)
        {
            (long answers, long failures) = member.TakeInterval();
            if (answers + failures >= _options.MinimumCalls && !member.IsEjected(now))
            {
                rates.Add((member, (double)answers / (answers + failures)));
            }
        }

        if (_options.SuccessRateDeviations is not double deviations || rates.Count < _options.MinimumEndPoints)
        {
            return;
        }

        double mean = rates.Average(static r => r.Rate);
        double deviation = Math.Sqrt(rates.Average(r => (r.Rate - mean) * (r.Rate - mean)));
        double limit = mean - (deviations * deviation);

        // The worst first, as the cap may not leave room for all.
        foreach ((OutlierMember member, double rate) in rates.OrderBy(static r => r.Rate))
        {
            // Equal rates differ by what the arithmetic loses.
            if (rate < limit - 1e-9 && TryEject_NeedsLock(member, OutlierReason.SuccessRate, now) is { } one)
            {
                ejected.Add(one);
            }
        }
    }

    private OutlierEjectedEventArgs? TryEject_NeedsLock(OutlierMember member, OutlierReason reason, long now)
    {
        int allowed = Math.Min(_members.Count - 1, Math.Max(1, (int)(_members.Count * _options.MaxEjectedShare)));
        if (member.IsEjected(now) || CountEjected_NeedsLock(now) >= allowed || !_members.Contains(member))
        {
            return null;
        }

        member.ForgetEjections_NeedsLock(now, _interval);
        double grown = Math.Min(_options.EjectionTime.Ticks * (member.Ejections + 1.0), _options.MaxEjectionTime.Ticks);
        var time = TimeSpan.FromTicks((long)(grown * (1 + (_options.EjectionTimeJitter * _random.NextDouble()))));
        member.Eject_NeedsLock(now + Timestamps.Of(TimeProvider, time));
        return new OutlierEjectedEventArgs(member, reason, time);
    }

    private int CountEjected_NeedsLock(long now) => _members.Count(m => m.IsEjected(now));

    private void Announce(OutlierEjectedEventArgs? ejected)
    {
        if (ejected is not null)
        {
            ResilienceDiagnostics.Ejected(ejected.Reason);
            ResilienceLog.EndPointEjected(_logger, ejected.EndPoint.Name, ejected.EjectedFor, ejected.EndPoint.Ejections, ejected.Reason);
            Ejected?.Invoke(this, ejected);
        }
    }

    /// <summary>Always the least.</summary>
    private sealed class NoChance : Random
    {
        internal static readonly NoChance Instance = new();

        public override double NextDouble() => 0;
    }
}
