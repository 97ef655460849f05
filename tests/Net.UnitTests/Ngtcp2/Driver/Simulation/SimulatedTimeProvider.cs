namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>The wall clock of a simulated network. It has no timers: a driver has none either, its host wakes it.</summary>
internal sealed class SimulatedTimeProvider(SimulatedNetwork network) : TimeProvider
{
    public override long TimestampFrequency => 1_000_000_000;

    public override DateTimeOffset GetUtcNow() => SimulatedNetwork.WallClockOrigin + TimeSpan.FromTicks((long)(network.Now / 100));

    public override long GetTimestamp() => (long)network.Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        throw new NotSupportedException("A driver keeps no timers of its own: it tells its host when to wake it.");
}
