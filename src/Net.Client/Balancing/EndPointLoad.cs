using System.Runtime.InteropServices;
using Net.Client.Internal;

namespace Net.Client;

/// <summary>The live figures of one end point that pickers compare: calls in flight, what a call costs, and what failed of late.</summary>
/// <remarks>
/// One for each end point; it outlives connections and pickers. Thread-safe without locks; nothing here allocates. A <c>now</c> is a
/// <see cref="TimeProvider.GetTimestamp"/> of the clock that was given to the constructor.
/// </remarks>
public sealed class EndPointLoad
{
    // Fewer remembered failures than this count as none, so that a single failure does not rule an idle end point out for long.
    private const double SmallestPenalty = 0.5;

    private readonly TimeProvider _timeProvider;
    private readonly EndPointLoadOptions _options;
    private readonly long _start;
    private readonly double _millisecondsPerTick;
    private readonly double _memory;
    private long _forgotten = long.MinValue;
    private Figures _figures;

    /// <summary>Makes the figures of an end point of which nothing is known.</summary>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="options">How the figures remember; <c>null</c>: the defaults.</param>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public EndPointLoad(TimeProvider timeProvider, EndPointLoadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        _options = options ?? EndPointLoadOptions.Default;
        _options.Validate();
        _timeProvider = timeProvider;
        _start = timeProvider.GetTimestamp();
        _millisecondsPerTick = 1000.0 / timeProvider.TimestampFrequency;
        _memory = _options.Memory.TotalMilliseconds;
    }

    /// <summary>Calls and streams that began and have not ended.</summary>
    public int InFlight => Volatile.Read(ref _figures.InFlight);

    /// <summary>Calls and streams that ended, however they did.</summary>
    public long Ended => Volatile.Read(ref _figures.Ended);

    /// <summary>Those of <see cref="Ended"/> that count against the end point: server failures, refusals for want of resources, broken transport, timeouts, calls never processed.</summary>
    public long Failed => Volatile.Read(ref _figures.Failed);

    /// <summary>
    /// The transport's own smoothed round-trip time (RFC 9002, section 5.3), from which the cost of a call starts and to which it fades while no call is made.
    /// <c>null</c> (the default): not known, as over TCP or on an engine that does not tell.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan? SmoothedRtt
    {
        get => Volatile.Read(ref _figures.Rtt) is > 0 and long ticks ? TimeSpan.FromTicks(ticks) : null;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value ?? TimeSpan.Zero, TimeSpan.Zero);
            long ticks = value is TimeSpan rtt ? Math.Max(1, rtt.Ticks) : 0;
            Volatile.Write(ref _figures.Rtt, ticks);

            // Divided here and not by each pick, which reads it for every candidate that it compares.
            Volatile.Write(ref _figures.Floor, (double)ticks / TimeSpan.TicksPerMillisecond);
        }
    }

    /// <summary>A call or stream begins.</summary>
    public void Begin() => Interlocked.Increment(ref _figures.InFlight);

    /// <summary>A call or stream ends. Each <see cref="Begin"/> is followed by exactly one of these.</summary>
    /// <param name="elapsed">How long it took; for a stream that lives long, the time to its first answer.</param>
    /// <param name="outcome">How it ended.</param>
    public void End(TimeSpan elapsed, CallOutcome outcome) => End(elapsed, outcome, _timeProvider.GetTimestamp());

    /// <inheritdoc cref="End(TimeSpan, CallOutcome)"/>
    /// <param name="elapsed">How long it took; for a stream that lives long, the time to its first answer.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="now">The time, when the caller has just read it.</param>
    public void End(TimeSpan elapsed, CallOutcome outcome, long now) => End(elapsed.TotalMilliseconds, outcome, now);

    /// <summary>As the other overloads, from timestamps: a pool has no other use for the length of time, and the division it takes costs.</summary>
    internal void End(long started, long answered, CallOutcome outcome, long now) => End((answered - started) * _millisecondsPerTick, outcome, now);

    private void End(double sample, CallOutcome outcome, long now)
    {
        Interlocked.Decrement(ref _figures.InFlight);
        Interlocked.Increment(ref _figures.Ended);
        uint time = Milliseconds(now);
        double floor = Floor;
        bool isAgainst = CountsAgainstEndPoint(outcome);
        if (isAgainst)
        {
            Interlocked.Increment(ref _figures.Failed);
        }

        if (((double)now - Volatile.Read(ref _forgotten)) * _millisecondsPerTick < sample)
        {
            // It began before the end point was out, and tells of that time.
            return;
        }

        if (isAgainst)
        {
            _figures.Penalty.Add(1, time, _memory);

            // A quick failure must not look like a quick answer.
            double cost = Math.Max(CostIn(time, floor), floor);
            sample = Math.Max(sample, Math.Max(cost, Math.Min(cost * _options.FailureFactor, _options.MaxFailureCost.TotalMilliseconds)));
        }
        else if (outcome == CallOutcome.Cancelled && sample <= CostIn(time, floor))
        {
            // A call that its caller gave up would have taken at least so long: that says something only when it is more than expected.
            return;
        }

        _figures.Cost.Observe(sample, floor, time, _memory);
    }

    /// <summary>What a call costs: a moving average of the time calls took that follows a rise at once and a fall by and by, and fades to <see cref="SmoothedRtt"/> in between.</summary>
    /// <param name="now">The time.</param>
    /// <returns>Milliseconds, above 0.</returns>
    public double GetCost(long now) => CostIn(Milliseconds(now), Floor);

    /// <summary>Failures of late, each counted as a call that is still in flight and fades; so a quick failure frees no place that would attract the next call.</summary>
    /// <param name="now">The time.</param>
    /// <returns>0 or more calls.</returns>
    public double GetPenalty(long now)
    {
        if (_figures.Penalty.IsUntouched)
        {
            return 0;
        }

        double penalty = _figures.Penalty.Read(Milliseconds(now), _memory);
        return penalty < SmallestPenalty ? 0 : penalty;
    }

    /// <summary>
    /// Forgets what calls cost and which of them failed, as the end point comes back: slow start is what spares it then. While hardly anything is in flight, failures that are
    /// remembered would keep all calls from it long after it works again, those included by which its breaker finds that out. Calls under way count for neither any more.
    /// </summary>
    internal void Forget(long now)
    {
        Volatile.Write(ref _forgotten, now);
        uint time = Milliseconds(now);
        _figures.Penalty.Set(0, time);
        _figures.Cost.Set(0, time);
    }

    private static bool CountsAgainstEndPoint(CallOutcome outcome) => outcome is CallOutcome.ServerFailure or CallOutcome.Overloaded
        or CallOutcome.TransportFailure or CallOutcome.TimedOut or CallOutcome.Refused;

    // Milliseconds; 0: not known.
    private double Floor => Volatile.Read(ref _figures.Floor);

    private double CostIn(uint time, double floor)
    {
        (double value, uint age) = _figures.Cost.Read(time);
        if (value == 0)
        {
            return floor > 0 ? floor : _options.InitialCost.TotalMilliseconds;
        }

        // Never 0, so that calls in flight still tell two such end points apart.
        return Math.Max(DecayingFigure.Faded(value, floor, age, _memory), double.Epsilon);
    }

    private uint Milliseconds(long now) => (uint)(long)((now - _start) * _millisecondsPerTick);

    // A cache line pair of its own: the counters of neighbours on the heap change with every call, too.
    [StructLayout(LayoutKind.Sequential, Size = 192)]
    private struct Figures
    {
#pragma warning disable CS0169, IDE0051 // Padding that is never read keeps the counters off the line of what stands before them.
        private readonly long _before0, _before1, _before2, _before3, _before4, _before5, _before6, _before7;
#pragma warning restore CS0169, IDE0051
        internal int InFlight;
        internal long Ended;
        internal long Failed;
        internal long Rtt;
        internal double Floor;
        internal DecayingFigure Cost;
        internal DecayingFigure Penalty;
    }
}
