using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>How a large minimum of connections comes about, at first and after the server's end.</summary>
[TestClass]
public sealed class FillingTests
{
    private static readonly PoolOptions Many = new() { MinConnections = 20, MaxConnections = 20, MaxConcurrentConnects = 8 };

    [TestMethod]
    public void Minimum_OnceOneIsReady_IsOpenedSideBySideWithinTheBound()
    {
        using var fixture = new PoolFixture(Many, protocol: new FakeChannelProtocol { IsManual = true });
        Assert.HasCount(1, fixture.Protocol.Pending, "Nobody knows yet whether it answers.");
        Succeed(fixture);
        for (int ready = 1; ready < 20; ready++)
        {
            Assert.HasCount(Math.Min(8, 20 - ready), fixture.Protocol.Pending);
            Succeed(fixture);
        }

        Assert.IsEmpty(fixture.Protocol.Pending);
        Assert.HasCount(20, fixture.Connections);
    }

    [TestMethod]
    public void AttemptsBegunTogether_ThatFail_CountOnceAndLeaveOneAtATime()
    {
        using var fixture = new PoolFixture(Many, protocol: new FakeChannelProtocol { IsManual = true });
        Succeed(fixture);
        foreach (FakeConnect attempt in fixture.Protocol.Pending)
        {
            attempt.Fail();
        }

        fixture.Run();
        Assert.AreEqual(1, fixture.Snapshot.EndPoints[0].ConnectFailures);
        int tried = 0;
        for (int i = 0; i < 100; i++)
        {
            fixture.Advance(0.1);
            Assert.IsLessThanOrEqualTo(1, fixture.Protocol.Pending.Count);
            if (fixture.Protocol.Pending.Count == 1)
            {
                tried++;
                fixture.Protocol.Pending[0].Fail();
            }
        }

        Assert.IsGreaterThan(2, tried);
        while (fixture.Protocol.Pending.Count == 0)
        {
            fixture.Advance(0.1);
        }

        Succeed(fixture);
        Assert.HasCount(8, fixture.Protocol.Pending);
    }

    [TestMethod]
    public void Connections_ThatEndTogetherSoonAfterTheyWereOpened_BackOffOnce()
    {
        using var fixture = new PoolFixture(Many);
        Assert.HasCount(20, fixture.Connections);
        fixture.Protocol.IsManual = true;
        foreach (FakeChannelSession session in fixture.Protocol.Sessions)
        {
            session.Fail();
        }

        fixture.Advance(0.1);
        Assert.HasCount(1, fixture.Protocol.Pending, "The longest pause after one failure is the first backoff.");
        Succeed(fixture);
        Assert.HasCount(8, fixture.Protocol.Pending);
    }

    [TestMethod]
    public void Channel_ThatClosesWhileItFills_GivesUpEveryAttempt()
    {
        var fixture = new PoolFixture(Many, protocol: new FakeChannelProtocol { IsManual = true });
        Succeed(fixture);
        Assert.HasCount(8, fixture.Protocol.Pending);

        // Checks that none of them is left.
        fixture.Dispose();
    }

    private static void Succeed(PoolFixture fixture)
    {
        fixture.Protocol.Pending[0].Succeed();
        fixture.Run();
    }
}
