using Net.Hosting.Benchmarking;
using Net.Testing;

namespace Net.UnitTests.Host;

[TestClass]
public sealed class LatencyHistogramTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void GetPercentile_RandomLatencies_IsExactToOnePercent()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        foreach (int magnitude in new[] { 100, 10_000, 1_000_000, 100_000_000 })
        {
            var histogram = new LatencyHistogram();
            long[] all = new long[20_000];
            for (int i = 0; i < all.Length; i++)
            {
                all[i] = (long)(magnitude * Math.Exp(3 * random.NextDouble()));
                histogram.Record(all[i]);
            }

            Array.Sort(all);
            foreach (double share in new[] { 0.001, 0.5, 0.9, 0.99, 0.999, 1 })
            {
                long exact = all[Math.Max(1, (int)Math.Ceiling(share * all.Length)) - 1];
                Assert.AreEqual(exact, histogram.GetPercentile(share), (0.01 * exact) + 1, $"share {share} of latencies about {magnitude} ns");
            }

            Assert.AreEqual(all[0], histogram.ShortestNanoseconds);
            Assert.AreEqual(all[^1], histogram.LongestNanoseconds);
            Assert.AreEqual(all.Average(), histogram.MeanNanoseconds, 0.001);
        }
    }

    [TestMethod]
    public void Record_ExtremeLatencies_AreClampedAndCounted()
    {
        var histogram = new LatencyHistogram();

        histogram.Record(-5);
        histogram.Record(long.MaxValue);

        Assert.AreEqual(2, histogram.Count);
        Assert.AreEqual(0, histogram.ShortestNanoseconds);
        Assert.AreEqual(2, histogram.GetRows(10).Sum(static row => row.Count));
    }

    [TestMethod]
    public void GetRows_AnyLatencies_CoverAllOfThemWithoutGaps()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        var histogram = new LatencyHistogram();
        for (int i = 0; i < 5000; i++)
        {
            histogram.Record(random.NextInt64(1L << random.Next(1, 40)));
        }

        IReadOnlyList<(double From, double To, long Count)> rows = histogram.GetRows(16);

        Assert.IsLessThanOrEqualTo(16, rows.Count);
        Assert.AreEqual(5000, rows.Sum(static row => row.Count));
        for (int i = 1; i < rows.Count; i++)
        {
            Assert.AreEqual(rows[i - 1].To, rows[i].From);
        }
    }

    [TestMethod]
    public void Add_TwoHistograms_CountsBoth()
    {
        var first = new LatencyHistogram();
        first.Record(1000);
        var second = new LatencyHistogram();
        second.Record(10);
        second.Record(100_000);

        first.Add(second);
        first.Add(new LatencyHistogram());

        Assert.AreEqual(3, first.Count);
        Assert.AreEqual(10, first.ShortestNanoseconds);
        Assert.AreEqual(100_000, first.LongestNanoseconds);
        Assert.AreEqual(1000, first.GetPercentile(0.5), 10);
    }

    [TestMethod]
    public void GetPercentile_NothingRecorded_IsZero()
    {
        var histogram = new LatencyHistogram();

        Assert.AreEqual(0, histogram.GetPercentile(0.5));
        Assert.AreEqual(0, histogram.ShortestNanoseconds);
        Assert.IsEmpty(histogram.GetRows(5));
    }

    [TestMethod]
    public void Record_AnyLatency_AllocatesNothing()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(5);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (long i = 0; i < 10_000; i++)
        {
            histogram.Record(i * i);
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
