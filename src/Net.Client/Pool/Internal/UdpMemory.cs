namespace Net.Client.Internal;

/// <summary>What an end point remembers of UDP being blocked on the way to it: lost races, of which half is forgotten in each half-life. Pure; the caller holds the channel's gate.</summary>
internal sealed class UdpMemory(ProtocolRaceOptions options, PoolClock clock)
{
    // Beyond this nothing changes any more: the head start is 1/1024.
    private const double MaxLevel = 10;

    private double _level;
    private long _at;

    /// <summary>Lost races, faded.</summary>
    internal double Level(long now) => _level == 0 ? 0 : _level * Math.Pow(0.5, clock.Elapsed(_at, now) / options.MemoryHalfLife);

    /// <summary>How sure it is: 0 to 1.</summary>
    internal double Sureness(long now) => 1 - Math.Pow(0.5, Level(now));

    internal void Lose(long now)
    {
        _level = Math.Min(MaxLevel, Level(now) + 1);
        _at = now;
    }

    internal void Forget() => _level = 0;

    /// <summary>How long QUIC is alone in the next race.</summary>
    internal TimeSpan HeadStart(long now, TimeSpan? rtt)
    {
        TimeSpan start = rtt is TimeSpan known ? known * options.HeadStartRoundTrips : options.HeadStart;
        start = start < options.MinHeadStart ? options.MinHeadStart : start > options.MaxHeadStart ? options.MaxHeadStart : start;
        return start * Math.Pow(0.5, Level(now));
    }

    /// <summary>How long the fallback serves before QUIC is tried again, after a race was lost.</summary>
    /// <param name="now">The time.</param>
    /// <param name="chance">0 to 1: shortens it by up to a fifth.</param>
    internal TimeSpan Pause(long now, double chance)
    {
        TimeSpan pause = options.ProbeInterval * Math.Pow(2, Math.Max(0, Level(now) - 1));
        return (pause < options.MaxProbeInterval ? pause : options.MaxProbeInterval) * (1 - (0.2 * chance));
    }
}
