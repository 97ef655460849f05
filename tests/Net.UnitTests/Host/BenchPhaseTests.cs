using Net.Hosting.Benchmarking;
using Net.Testing;

namespace Net.UnitTests.Host;

[TestClass]
public sealed class BenchPhaseTests
{
    private readonly ManualTimeProvider _time = new();

    [TestMethod]
    public void TryTake_WithARate_CallsAreDueAtEvenDistancesUntilTheEnd()
    {
        var phase = new BenchPhase(_time, 0, TimeSpan.FromSeconds(1), rate: 4);
        List<double> dues = [];
        long start = _time.GetTimestamp();

        while (phase.TryTake(out long? due))
        {
            dues.Add(_time.GetElapsedTime(start, due!.Value).TotalMilliseconds);
        }

        Assert.AreEqual("0 250 500 750", string.Join(' ', dues));
    }

    [TestMethod]
    public void TryTake_WithARateAndACount_EndsWithTheCount()
    {
        var phase = new BenchPhase(_time, 2, null, rate: 4);

        Assert.IsTrue(phase.TryTake(out _));
        Assert.IsTrue(phase.TryTake(out _));
        Assert.IsFalse(phase.TryTake(out _));
    }

    [TestMethod]
    public void TryTake_WithoutARate_CallsAreDueAtOnce()
    {
        var phase = new BenchPhase(_time, 1, null);

        Assert.IsTrue(phase.TryTake(out long? due));
        Assert.IsNull(due);
    }

    [TestMethod]
    public async Task RunAsync_ASlowCallBeforeIt_CountsTheWaitOfTheCallsThatWereDue()
    {
        var latencies = new LatencyHistogram();
        var phase = new BenchPhase(_time, 3, null, rate: 10);

        // One caller: the first call takes 300 ms, so that the second and third, due after 100 and 200 ms, wait for it, and take 1 ms themselves.
        await using var worker = new BenchWorker(new SlowOnce(_time), latencies);
        await worker.RunAsync(phase, isMeasured: true, CancellationToken.None).WithTimeout();

        Assert.AreEqual(3, latencies.Count);
        Assert.AreEqual(300e6, latencies.LongestNanoseconds, 1e6);
        Assert.AreEqual((300e6 + 201e6 + 102e6) / 3, latencies.MeanNanoseconds, 1e6);
    }

    private sealed class SlowOnce(ManualTimeProvider time) : BenchCaller
    {
        private bool _wasSlow;

        internal override bool IsOpen => true;

        internal override ValueTask<TimeSpan> CallAsync(CancellationToken cancellationToken)
        {
            TimeSpan takes = TimeSpan.FromMilliseconds(_wasSlow ? 1 : 300);
            _wasSlow = true;
            time.Advance(takes);
            return new ValueTask<TimeSpan>(takes);
        }
    }
}
