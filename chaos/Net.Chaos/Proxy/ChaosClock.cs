namespace Net.Chaos.Proxy;

/// <summary>The injected clock as the time since the proxies were made: what schedules, delays and idle times are counted in.</summary>
internal sealed class ChaosClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    internal TimeProvider Provider => time;

    internal TimeSpan Now => time.GetElapsedTime(_start);
}
