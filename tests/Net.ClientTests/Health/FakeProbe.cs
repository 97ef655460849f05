using Net.Client;

namespace Net.ClientTests.Health;

/// <summary>A probe that does what a test says and notes when it was asked.</summary>
internal sealed class FakeProbe(HealthAspect aspect = HealthAspect.Process, TimeProvider? clock = null) : HealthProbe
{
    private int _running;

    public override string Name => "fake";

    public override HealthAspect Aspect => aspect;

    internal Func<CancellationToken, ValueTask<ProbeResult>> OnProbe { get; set; } = static _ => ValueTask.FromResult(ProbeResult.Pass());

    internal List<DateTimeOffset> Times { get; } = [];

    internal int MostAtOnce { get; private set; }

    public override async ValueTask<ProbeResult> ProbeAsync(ChannelSession session, CancellationToken cancellationToken)
    {
        Times.Add(clock?.GetUtcNow() ?? default);
        MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _running));
        try
        {
            return await OnProbe(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    internal void Answer(bool isGood) => OnProbe = _ => ValueTask.FromResult(isGood ? ProbeResult.Pass() : ProbeResult.Fail("it says no"));
}
