using Net.Ngtcp2.Driver;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>The rate limit.</summary>
[TestClass]
public sealed class RateWindowTests
{
    private const ulong Second = 1_000_000_000;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void TryCount_WithinOneSecond_AllowsTheLimitAndNoMore()
    {
        var window = new RateWindow(3);
        ulong now = 7 * Second;
        Assert.IsTrue(window.TryCount(now));
        Assert.IsTrue(window.TryCount(now + 1));
        Assert.IsTrue(window.TryCount(now + Second - 1));
        Assert.IsFalse(window.TryCount(now + Second - 1));
        Assert.IsTrue(window.TryCount(now + Second));
    }

    [TestMethod]
    public void TryCount_ManyAtOnce_CountsEach()
    {
        var window = new RateWindow(10);
        ulong now = 7 * Second;
        Assert.IsTrue(window.TryCount(now, 4));
        Assert.IsTrue(window.TryCount(now, 6));
        Assert.IsFalse(window.TryCount(now));
        Assert.IsFalse(window.TryCount(now, int.MaxValue));
        Assert.IsFalse(window.TryCount(now, int.MaxValue), "The count does not begin anew when it is full.");
        Assert.IsFalse(window.TryCount(now + Second, 11));
        Assert.IsTrue(window.TryCount(now + (2 * Second), 10));
    }

    [TestMethod]
    public void TryCount_AtAnyTimes_NeverAllowsMoreThanTwiceTheLimitInAnySecond()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < 50; round++)
        {
            int limit = random.Next(1, 20);
            var window = new RateWindow(limit);
            ulong now = Second;
            var allowed = new Queue<ulong>();
            for (int i = 0; i < 1000; i++)
            {
                now += (ulong)random.NextInt64((long)Second / limit);
                if (window.TryCount(now))
                {
                    allowed.Enqueue(now);
                }

                while (allowed.TryPeek(out ulong first) && now - first >= Second)
                {
                    allowed.Dequeue();
                }

                Assert.IsLessThanOrEqualTo(2 * limit, allowed.Count);
            }
        }
    }

    [TestMethod]
    public void TryCount_BelowTheLimit_IsNeverRefused()
    {
        var window = new RateWindow(10);
        ulong now = Second;
        for (int i = 0; i < 1000; i++)
        {
            now += Second / 10;
            Assert.IsTrue(window.TryCount(now));
        }
    }
}
