namespace Net.Client;

/// <summary>Spans of time in the units of a clock's timestamps.</summary>
internal static class Timestamps
{
    /// <summary>How many units of the clock a time is; one that does not fit is as long as can be.</summary>
    internal static long Of(TimeProvider clock, TimeSpan time)
    {
        Int128 units = (Int128)time.Ticks * clock.TimestampFrequency / TimeSpan.TicksPerSecond;
        return units > long.MaxValue / 4 ? long.MaxValue / 4 : (long)units;
    }

    /// <summary>How long it is from one timestamp to a later one; zero when it is not later.</summary>
    internal static TimeSpan Between(TimeProvider clock, long from, long to) => to <= from ? TimeSpan.Zero : clock.GetElapsedTime(from, to);
}
