namespace Net.Client.Internal;

/// <summary>Timestamps of the channel's clock and what is reckoned with them. <see cref="Never"/> is later than all others.</summary>
internal sealed class PoolClock(TimeProvider timeProvider)
{
    internal const long Never = long.MaxValue;

    private readonly double _ticksPerSecond = timeProvider.TimestampFrequency;

    internal TimeProvider TimeProvider => timeProvider;

    internal long Now => timeProvider.GetTimestamp();

    internal DateTimeOffset UtcNow => timeProvider.GetUtcNow();

    internal static long Earlier(long a, long b) => a < b ? a : b;

    /// <summary>A length of time in timestamp ticks; infinite becomes <see cref="Never"/>.</summary>
    internal long Ticks(TimeSpan span) => span == Timeout.InfiniteTimeSpan ? Never : (long)(span.TotalSeconds * _ticksPerSecond);

    internal long After(long timestamp, TimeSpan span) => Ticks(span) is var ticks && ticks == Never ? Never : timestamp + ticks;

    /// <summary>Timestamp ticks as a length of time, rounded up, so that a timer set to it does not fire early.</summary>
    internal TimeSpan Span(long ticks) => TimeSpan.FromTicks((long)Math.Ceiling(ticks / _ticksPerSecond * TimeSpan.TicksPerSecond));

    internal TimeSpan Elapsed(long since, long now) => timeProvider.GetElapsedTime(since, now);

    internal DateTimeOffset ToUtc(long timestamp) => UtcNow + Elapsed(Now, timestamp);
}
