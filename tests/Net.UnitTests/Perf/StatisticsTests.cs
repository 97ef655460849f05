using System.Diagnostics;
using Net.Perf.Measuring;

namespace Net.UnitTests.Perf;

/// <summary>The arithmetic behind the figures.</summary>
[TestClass]
public sealed class StatisticsTests
{
    [TestMethod]
    public void Median_OddCount_IsTheMiddleValue() => Assert.AreEqual(3.0, Statistics.Median([9.0, 1.0, 3.0]));

    [TestMethod]
    public void Median_EvenCount_LiesBetweenTheTwoInTheMiddle() => Assert.AreEqual(2.5, Statistics.Median([4.0, 1.0, 3.0, 2.0]));

    [TestMethod]
    public void Median_NoSamples_IsNoNumber() => Assert.IsTrue(double.IsNaN(Statistics.Median([])));

    [TestMethod]
    [DataRow(0.0, 10.0)]
    [DataRow(0.25, 20.0)]
    [DataRow(0.9, 46.0)]
    [DataRow(1.0, 50.0)]
    public void Percentile_BetweenTwoSamples_IsInterpolated(double fraction, double expected) =>
        Assert.AreEqual(expected, Statistics.Percentile([50.0, 40.0, 30.0, 20.0, 10.0], fraction), 1e-9);

    [TestMethod]
    public void PercentileMicroseconds_OfTicks_PicksASample()
    {
        long millisecond = Stopwatch.Frequency / 1000;
        long[] ticks = [.. Enumerable.Range(1, 100).Select(i => i * millisecond).Reverse()];

        Assert.AreEqual(51_000, Statistics.PercentileMicroseconds(ticks, 0.5), 1e-6);
        Assert.AreEqual(100_000, Statistics.PercentileMicroseconds(ticks, 0.99), 1e-6);
        Assert.AreEqual(100_000, Statistics.PercentileMicroseconds(ticks, 1), 1e-6);
    }

    [TestMethod]
    [DataRow]
    [DataRow(3.0)]
    public void Spread_OfFewerThanTwo_IsTheWhole(params double[] samples) => Assert.AreEqual(1.0, Statistics.Spread(samples));

    [TestMethod]
    public void Spread_IsTheMiddleHalfAsAPartOfTheMedian_AndLeavesTheSamplesAlone()
    {
        double[] samples = [5, 1, 3, 2, 4];

        Assert.AreEqual(2.0 / 3, Statistics.Spread(samples), 1e-9);
        CollectionAssert.AreEqual(new double[] { 5, 1, 3, 2, 4 }, samples);
    }

    [TestMethod]
    public async Task RunAsync_OfAComparison_TakesTurnsAndComparesPairByPair()
    {
        List<string> order = [];
        double factor = 1;
        WorkComparison comparison = await WorkComparison.RunAsync(
            () =>
            {
                order.Add("A");
                factor *= 2;
                return Task.FromResult(new WorkRound(factor, factor));
            },
            () =>
            {
                order.Add("B");
                return Task.FromResult(new WorkRound(3 * factor, 5 * factor));
            },
            3, TimeSpan.FromMinutes(1));

        Assert.AreEqual("ABABAB", string.Concat(order));
        Assert.AreEqual(3, comparison.Pairs);
        Assert.AreEqual(new WorkRound(3, 5), comparison.Ratio);
        Assert.AreEqual(new WorkRound(4, 4), comparison.A);
        Assert.AreEqual(new WorkRound(12, 20), comparison.B);
        Assert.AreEqual(0, comparison.Spread);
    }

    [TestMethod]
    public async Task RunAsync_WithoutTime_StillMeasuresOnePair()
    {
        WorkComparison comparison = await WorkComparison.RunAsync(
            static () => Task.FromResult(new WorkRound(1, 1)), static () => Task.FromResult(new WorkRound(2, 2)), 25, TimeSpan.Zero);

        Assert.AreEqual(1, comparison.Pairs);
    }

    [TestMethod]
    public void Difference_OfTraffic_IsTakenFieldByField()
    {
        var earlier = new TrafficCounters(1, 2, 3, 4, 5, 6);
        var later = new TrafficCounters(11, 22, 33, 44, 55, 66);

        Assert.AreEqual(new TrafficCounters(10, 20, 30, 40, 50, 60), later - earlier);
        Assert.AreEqual(later, later - earlier + earlier);
        Assert.AreEqual(22 + 44 + 55 + 66, later.SystemCalls);
    }

    [TestMethod]
    public async Task RunAsync_OfAnEchoComparison_ComparesAndSubtractsPairByPair()
    {
        double factor = 1;
        EchoComparison comparison = await EchoComparison.RunAsync(
            () =>
            {
                factor *= 2;
                return Task.FromResult(new EchoRound(factor, factor, factor));
            },
            () => Task.FromResult(new EchoRound(3 * factor, 4 * factor, 5 * factor)),
            3, TimeSpan.FromMinutes(1));

        Assert.AreEqual(new EchoRound(3, 4, 5), comparison.Ratio);
        Assert.AreEqual(new EchoRound(8, 12, 16), comparison.Difference);
        Assert.AreEqual(3, comparison.Pairs);
        Assert.AreEqual(0, comparison.CpuSpread);
    }

    [TestMethod]
    public void Parse_OfALineOfFigures_GivesThemBack()
    {
        var figures = new ProcessFigures(1_234_567_890_123, 42, 7);

        Assert.AreEqual(figures, ProcessFigures.Parse(figures.ToLine()));
        Assert.AreEqual(figures, figures + figures - figures);
    }

    [TestMethod]
    [DoNotParallelize]
    public void Switch_OfASpanRecorder_RecordsWhileItIsOn()
    {
        using var source = new ActivitySource("Net.UnitTests.Recorded");
        using var recorder = new SpanRecorder();

        source.StartActivity("before")?.Dispose();
        Assert.AreEqual(0, recorder.Count);
        recorder.Switch(isOn: true);
        source.StartActivity("while it is on")!.Dispose();
        recorder.Switch(isOn: false);
        long recorded = recorder.Count;
        source.StartActivity("after")?.Dispose();

        Assert.IsGreaterThanOrEqualTo(1, recorded);
        Assert.AreEqual(recorded, recorder.Count);
    }
}
