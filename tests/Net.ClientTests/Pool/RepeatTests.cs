using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>A second attempt to connect beside one that has no result: transports double the pauses before they send again, and an end point may come back early in one.</summary>
[TestClass]
public sealed class RepeatTests
{
    private static readonly TimeSpan Delay = PoolOptions.Default.ConnectAttemptDelay;

    [TestMethod]
    public void Attempt_WithoutResult_GetsOneBesideIt_AndTheFirstThatOpensIsKept()
    {
        using PoolFixture fixture = Begin();
        FakeConnect first = fixture.Protocol.Pending.Single();
        fixture.Advance(Delay - TimeSpan.FromMilliseconds(1));
        Assert.HasCount(1, fixture.Protocol.Pending);
        fixture.Advance(0.001);
        Assert.HasCount(2, fixture.Protocol.Pending);
        fixture.Advance(2 * Delay);
        Assert.HasCount(2, fixture.Protocol.Pending, "Never more than one beside the other.");

        fixture.Protocol.Pending[1].Succeed();
        fixture.Run();
        Assert.IsTrue(first.CancellationToken.IsCancellationRequested);
        Assert.HasCount(1, fixture.Connections);
        Assert.AreEqual(0, fixture.Snapshot.EndPoints[0].ConnectFailures);
        fixture.Rent().Dispose();
        fixture.Advance(3 * Delay);
        Assert.HasCount(2, fixture.Protocol.Attempts);
    }

    [TestMethod]
    public void Attempt_ThatOpensAfterAll_EndsTheOneBesideIt()
    {
        using PoolFixture fixture = Begin();
        FakeConnect first = fixture.Protocol.Pending.Single();
        fixture.Advance(Delay);
        FakeConnect second = fixture.Protocol.Pending[1];

        first.Succeed();
        fixture.Run();
        Assert.IsTrue(second.CancellationToken.IsCancellationRequested);
        Assert.HasCount(1, fixture.Connections);
    }

    [TestMethod]
    public void SecondAttempt_ThatFailsAtOnce_IsNoFailureOfTheEndPointAndComesAgainAfterTheDelay()
    {
        using PoolFixture fixture = Begin();
        fixture.Advance(Delay);
        for (int i = 0; i < 3; i++)
        {
            Assert.HasCount(2 + i, fixture.Protocol.Attempts);
            fixture.Protocol.Pending[1].Fail();
            fixture.Run();
            Assert.AreEqual(0, fixture.Snapshot.EndPoints[0].ConnectFailures);
            fixture.Advance(Delay / 2);
            Assert.HasCount(1, fixture.Protocol.Pending);
            fixture.Advance(Delay / 2);
        }
    }

    [TestMethod]
    public void FirstAttempt_ThatFailsAtItsTimeout_IsTheEndPointsFailureAndTheSecondGoesOn()
    {
        using PoolFixture fixture = Begin();
        fixture.Advance(Delay);
        FakeConnect second = fixture.Protocol.Pending[1];
        fixture.Advance(PoolOptions.Default.ConnectTimeout - Delay);

        Assert.AreEqual(1, fixture.Snapshot.EndPoints[0].ConnectFailures);
        Assert.IsFalse(second.CancellationToken.IsCancellationRequested);
        fixture.Advance(0.5);
        second.Succeed();
        fixture.Run();
        Assert.HasCount(1, fixture.Connections);
        Assert.AreEqual(0, fixture.Snapshot.EndPoints[0].ConnectFailures);
    }

    [TestMethod]
    public void Attempts_OfAnEndPointThatNeverAnswers_AreTwoAtATimeAndFailOneByOne()
    {
        using PoolFixture fixture = Begin();
        int most = 0;
        for (int i = 0; i < 600; i++)
        {
            fixture.Advance(0.2);
            most = Math.Max(most, fixture.Protocol.Pending.Count);
        }

        Assert.AreEqual(2, most);
        Assert.IsLessThan(30, fixture.Protocol.Attempts.Count, "Each takes its ten seconds, in two minutes.");
        Assert.IsGreaterThan(5, fixture.Snapshot.EndPoints[0].ConnectFailures, "That it cannot be reached is known.");
    }

    [TestMethod]
    public void Attempt_BesideAConnectionThatIsReady_IsNotRepeated()
    {
        using PoolFixture fixture = Begin(new PoolOptions { MinConnections = 2 });
        fixture.Protocol.Pending.Single().Succeed();
        fixture.Run();
        Assert.HasCount(1, fixture.Protocol.Pending);
        fixture.Advance(3 * Delay);
        Assert.HasCount(1, fixture.Protocol.Pending, "Calls have where to go.");
    }

    [TestMethod]
    public void AttemptToFillUp_WhenTheConnectionBesideItIsLost_IsRepeated()
    {
        using PoolFixture fixture = Begin(new PoolOptions { MinConnections = 3 });
        FakeChannelSession only = fixture.Protocol.Pending.Single().Succeed();
        fixture.Run();
        Assert.HasCount(2, fixture.Protocol.Pending);
        fixture.Advance(Delay);
        only.Fail();
        fixture.Run();

        Assert.HasCount(3, fixture.Protocol.Pending);
        fixture.Protocol.Pending[2].Succeed();
        fixture.Run();
        Assert.IsNotEmpty(fixture.Connections);
        fixture.Rent().Dispose();
    }

    [TestMethod]
    public void AttemptOverTcp_WhereNothingElseIsUsed_IsRepeatedToo()
    {
        var tcp = new FakeChannelProtocol("tcp", "tcp") { IsManual = true };
        var quic = new FakeChannelProtocol(fallback: tcp) { IsManual = true };
        using var fixture = new PoolFixture(
            new PoolOptions { MinConnections = 1 }, static o => o with { Race = new ProtocolRaceOptions { Policy = FallbackPolicy.Only } }, protocol: quic);
        fixture.Advance(Delay);
        Assert.HasCount(2, tcp.Pending);
        tcp.Pending[1].Succeed();
        fixture.Run();
        Assert.HasCount(1, fixture.Connections);
        Assert.IsEmpty(tcp.Pending);
        Assert.IsEmpty(quic.Attempts);
    }

    [TestMethod]
    public void Removal_OfTheEndPoint_EndsBothAttempts()
    {
        using PoolFixture fixture = Begin();
        fixture.Advance(Delay);
        FakeConnect[] both = [.. fixture.Protocol.Pending];
        fixture.Channel.RemoveEndPoint(fixture.EndPoints[0]);
        fixture.Run();
        Assert.HasCount(2, both);
        Assert.IsTrue(Array.TrueForAll(both, static a => a.CancellationToken.IsCancellationRequested));
    }

    private static PoolFixture Begin(PoolOptions? pool = null) => new(pool ?? new PoolOptions { MinConnections = 1 }, protocol: new FakeChannelProtocol { IsManual = true });
}
