using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>Identity and trust change while calls run.</summary>
[TestClass]
public sealed class IdentityTests
{
    [TestMethod]
    public void Change_OfIdentity_GivesNoOlderConnectionOnceASuccessorIsUp()
    {
        var protocol = new FakeChannelProtocol();
        using var fixture = new PoolFixture(protocol: protocol);
        ChannelLease stream = fixture.Begin();
        protocol.IsManual = true;
        fixture.Tls.Rotate();
        fixture.Run();

        // Until the successor is ready the old ones serve: nobody waits for a handshake.
        Assert.HasCount(1, protocol.Pending);
        ChannelLease before = fixture.Begin();
        Assert.AreEqual(0, GenerationOf(fixture, before));
        PoolFixture.End(before);

        protocol.Pending[0].Succeed();
        for (int i = 0; i < 50; i++)
        {
            // Also before the pool has looked at anything.
            ChannelLease after = fixture.Begin();
            Assert.AreEqual(1, GenerationOf(fixture, after));
            PoolFixture.End(after);
        }

        fixture.Run();
        protocol.IsManual = false;
        protocol.Pending[0].Succeed();
        fixture.Run();
        Assert.AreEqual(2, fixture.Connections.Count(static c => c is { State: PooledConnectionState.Ready, Generation: 1 }));
        Assert.IsFalse(((FakeChannelSession)stream.Session).IsDraining, "a stream that ran was cut");
        PoolFixture.End(stream);
        fixture.Run();
        Assert.HasCount(2, fixture.Connections);
    }

    [TestMethod]
    public void Change_WhileConnecting_MakesTheConnectionOldOnArrival()
    {
        var protocol = new FakeChannelProtocol { IsManual = true };
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1 }, protocol: protocol);
        fixture.Tls.Rotate();
        fixture.Run();
        protocol.Pending[0].Succeed();
        fixture.Run();

        // It is better than none, and on the way out.
        ChannelLease lease = fixture.Begin();
        Assert.AreEqual(PooledConnectionState.Expiring, fixture.Connections[0].State);
        PoolFixture.End(lease);
        protocol.Pending[0].Succeed();
        fixture.Run();
        Assert.AreEqual(1, fixture.Connections.Single().Generation);
        Assert.AreSame(fixture.Tls.Current, fixture.Protocol.Sessions[1].Context!.Tls);
    }

    [TestMethod]
    public void Change_ThatTheServersRefuse_LeavesTheOldConnectionsInUse()
    {
        var protocol = new FakeChannelProtocol();
        using var fixture = new PoolFixture(protocol: protocol);
        protocol.OnConnect = static attempt =>
        {
            attempt.Fail(TransportError.CertificateRejected);
            return null;
        };
        protocol.IsManual = true;
        fixture.Tls.Rotate();
        fixture.Advance(60);
        PoolFixture.End(fixture.Begin());

        protocol.OnConnect = null;
        protocol.IsManual = false;
        fixture.Tls.Rotate();
        fixture.Run();
        Assert.IsTrue(fixture.Connections.All(static c => c.Generation == 2));
    }

    [TestMethod]
    public void Change_ThatWithdrawsTrust_CutsOlderConnectionsAtOnce()
    {
        var protocol = new FakeChannelProtocol();
        using var fixture = new PoolFixture(protocol: protocol);
        ChannelLease stream = fixture.Begin();
        protocol.IsManual = true;
        fixture.Tls.Rotate(revokes: true);
        fixture.Run();
        Assert.IsTrue(protocol.Sessions.All(static s => s.IsDisposed));
        Assert.IsFalse(fixture.Channel.TryRent(protocol, default, out _));
        stream.Complete(CallOutcome.TransportFailure);

        Task<ChannelLease> next = fixture.RentAsync();
        protocol.Pending[0].Succeed();
        fixture.Run();
        Assert.AreEqual(1, GenerationOf(fixture, next.Result));
        next.Result.Dispose();
    }

    [TestMethod]
    public void Attempt_WhoseTrustIsWithdrawnMeanwhile_IsThrownAway()
    {
        var protocol = new FakeChannelProtocol { IsManual = true };
        using var fixture = new PoolFixture(new PoolOptions { MinConnections = 1 }, protocol: protocol);
        fixture.Tls.Rotate(revokes: true);
        fixture.Run();
        FakeChannelSession old = protocol.Pending[0].Succeed();
        fixture.Run();
        Assert.IsTrue(old.IsDisposed);
        protocol.Pending[0].Succeed();
        fixture.Run();
        Assert.AreEqual(1, fixture.Connections.Single().Generation);
    }

    private static long GenerationOf(PoolFixture fixture, ChannelLease lease) => fixture.Connections.Single(c => c.Id == lease.ConnectionId).Generation;
}
