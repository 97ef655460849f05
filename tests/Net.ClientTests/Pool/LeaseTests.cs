using System.Runtime.CompilerServices;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>A lease counts from the pick to the end of the call, once, whatever is done with it.</summary>
[TestClass]
public sealed class LeaseTests
{
    [TestMethod]
    public void Complete_OftenAndOnCopies_CountsOnce()
    {
        using var fixture = new PoolFixture();
        ChannelLease first = fixture.Rent();
        ChannelLease second = fixture.Rent();
        ChannelLease copy = first;
        Assert.AreEqual(2, fixture.Snapshot.InFlight);
        first.Complete(CallOutcome.Success);
        copy.Complete(CallOutcome.ServerFailure);
        copy.Dispose();
        Assert.AreEqual(1, fixture.Snapshot.InFlight);
        Assert.IsTrue(copy.IsCompleted);
        Assert.IsFalse(second.IsCompleted);
        Assert.ThrowsExactly<ObjectDisposedException>(() => copy.Session);
        second.Dispose();
        Assert.AreEqual(0, fixture.Snapshot.InFlight);
    }

    [TestMethod]
    public void Complete_OfALeaseWhoseObjectServesAnother_LeavesThatAlone()
    {
        using var fixture = new PoolFixture();
        ChannelLease old = fixture.Rent();
        old.Complete(CallOutcome.Success);
        ChannelLease current = fixture.Rent();
        old.Complete(CallOutcome.Success);
        old.Dispose();
        Assert.AreEqual(0, old.EndPointId);
        Assert.AreEqual(0L, old.ConnectionId);
        Assert.AreNotEqual(old, current);
        Assert.IsFalse(current.IsCompleted);
        Assert.AreEqual(1, fixture.Snapshot.InFlight);
        current.Dispose();
    }

    [TestMethod]
    public void DefaultLease_CountsAsCompleted()
    {
        ChannelLease none = default;
        none.Complete(CallOutcome.Success);
        none.NoteFirstAnswer();
        Assert.IsTrue(none.IsCompleted);
        Assert.AreEqual("", none.Choice);
        Assert.ThrowsExactly<ObjectDisposedException>(() => none.EndPoint);
    }

    [TestMethod]
    public async Task Complete_ByManyThreadsAtOnce_CountsOnce()
    {
        await using var channel = NewChannel(out FakeChannelProtocol protocol);
        await channel.WarmUpAsync(protocol).WithTimeout();
        for (int i = 0; i < 300; i++)
        {
            ChannelLease lease = await channel.RentAsync(protocol, default).AsTask().WithTimeout();
            Parallel.For(0, 4, _ => lease.Complete(CallOutcome.Success));
            Assert.AreEqual(0, channel.GetSnapshot().InFlight);
        }
    }

    [TestMethod]
    public async Task Lease_ThatIsLost_IsGivenBack()
    {
        await using var channel = NewChannel(out FakeChannelProtocol protocol);
        await channel.WarmUpAsync(protocol).WithTimeout();

        // On a thread that is over afterwards: whatever its stack and registers still hold keeps nothing alive.
        var loser = new Thread(() => Lose(channel, protocol));
        loser.Start();
        loser.Join();
        long started = TimeProvider.System.GetTimestamp();
        while (channel.GetSnapshot().InFlight > 0)
        {
            Assert.IsLessThan(TestDeadline.Limit, TimeProvider.System.GetElapsedTime(started), "the lost lease was not given back");
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    [TestMethod]
    public void Rent_WithBreakerAndBalancer_AllocatesNothing()
    {
        using var fixture = new PoolFixture(endPoints: 4);
        for (int i = 0; i < 1000; i++)
        {
            fixture.Rent().Complete(CallOutcome.Success);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            fixture.Channel.TryRent(fixture.Protocol, default, out ChannelLease lease);
            lease.Complete(CallOutcome.Success);
        }

        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [TestMethod]
    public void TriedEndPoints_ArePickedAgainOnlyWhenNoOtherCanBe()
    {
        using var fixture = new PoolFixture(endPoints: 3);
        var tried = new TriedEndPoints();
        HashSet<int> seen = [];
        for (int i = 0; i < 3; i++)
        {
            ChannelLease lease = fixture.Rent(new LeaseRequest { Tried = tried });
            Assert.IsTrue(seen.Add(lease.EndPointId));
            tried.Add(lease.EndPointId);
            lease.Dispose();
        }

        ChannelLease again = fixture.Rent(new LeaseRequest { Tried = tried });
        Assert.Contains(again.EndPointId, seen);
        again.Dispose();
    }

    [TestMethod]
    public void Breaker_OfAnEndPointThatFails_KeepsCallsAwayAndComesBack()
    {
        using var fixture = new PoolFixture(endPoints: 2, change: static o => o with { Balancing = Net.Client.Balancing.RoundRobin, Breaker = new CircuitBreakerOptions { OpenTime = TimeSpan.FromSeconds(10), OpenTimeJitter = 0 } });
        for (int i = 0; i < 20; i++)
        {
            ChannelLease lease = fixture.Begin();
            PoolFixture.End(lease, lease.EndPointId == 1 ? CallOutcome.ServerFailure : CallOutcome.Success);
        }

        fixture.Run();
        Assert.AreEqual(BreakerState.Open, fixture.Snapshot.EndPoints[0].Breaker);
        for (int i = 0; i < 20; i++)
        {
            ChannelLease lease = fixture.Begin();
            Assert.AreEqual(2, lease.EndPointId);
            PoolFixture.End(lease);
        }

        fixture.Advance(10);
        int probes = 0;
        for (int i = 0; i < 400 && probes < 2; i++)
        {
            ChannelLease lease = fixture.Begin();
            probes += lease.EndPointId == 1 ? 1 : 0;
            PoolFixture.End(lease);
        }

        Assert.AreEqual(2, probes);
        Assert.AreEqual(BreakerState.Closed, fixture.Snapshot.EndPoints[0].Breaker);
        Assert.IsTrue(fixture.Events.Any(static e => e.Kind == ChannelEventKind.BreakerChanged));
    }

    [TestMethod]
    [DataRow("least_connections")]
    [DataRow("power_of_two_choices")]
    [DataRow("peak_ewma")]
    public void Breaker_UnderALoadThatHardlyEverHasTwoCallsInFlight_IsProbedWhenItsTimeIsOverAndCloses(string policy)
    {
        using var fixture = new PoolFixture(endPoints: 2, change: o => o with
        {
            Balancing = Net.Client.Balancing.Parse(policy),
            Breaker = new CircuitBreakerOptions { OpenTime = TimeSpan.FromSeconds(1), OpenTimeJitter = 0 },
        });
        ChannelLease[] leases = [.. Enumerable.Range(0, 40).Select(_ => fixture.Begin())];
        ChannelLease[] bad = [.. leases.Where(l => l.EndPoint == fixture.EndPoints[0])];
        Array.ForEach([.. leases.Except(bad)], static l => PoolFixture.End(l));
        fixture.Advance(2);
        Array.ForEach(bad[..^2], static l => PoolFixture.End(l, CallOutcome.TimedOut));
        Assert.AreEqual(BreakerState.Open, fixture.Snapshot.EndPoints[0].Breaker);

        fixture.Advance(1.1);
        Array.ForEach(bad[^2..], static l => PoolFixture.End(l, CallOutcome.TimedOut));
        for (int i = 0; i < 200; i++)
        {
            ChannelLease lease = fixture.Begin();
            fixture.Advance(0.01);
            PoolFixture.End(lease);
        }

        Assert.AreEqual(BreakerState.Closed, fixture.Snapshot.EndPoints[0].Breaker, "Calls that began before it was cut off kept probes away.");
    }

    [TestMethod]
    public void Breakers_WhenAllAreOpen_RefuseAtOnceWithTheTimeOfTheNextProbe()
    {
        using var fixture = new PoolFixture(change: static o => o with { Breaker = new CircuitBreakerOptions { OpenTime = TimeSpan.FromSeconds(10), OpenTimeJitter = 0 } });
        for (int i = 0; i < 5; i++)
        {
            PoolFixture.End(fixture.Begin(), CallOutcome.TransportFailure);
        }

        fixture.Advance(1);
        TransportException refusal = PoolFixture.Refusal(fixture.RentAsync());
        Assert.AreEqual(TransportError.CircuitOpen, refusal.Error);
        Assert.AreEqual(TimeSpan.FromSeconds(9), refusal.RetryAfter);
        Assert.AreEqual(0, fixture.Snapshot.InFlight);
        fixture.Channel.FindBreaker(fixture.EndPoints[0])!.Reset();
        fixture.Run();
        fixture.Rent().Dispose();
    }

    [TestMethod]
    public void Breaker_IsolatedByHand_TakesItsEndPointOutUntilItIsReset()
    {
        using var fixture = new PoolFixture(endPoints: 2, change: static o => o with { Breaker = CircuitBreakerOptions.Default, Balancing = Net.Client.Balancing.RoundRobin });
        CircuitBreaker breaker = fixture.Channel.FindBreaker(fixture.EndPoints[0])!;
        breaker.Isolate();
        fixture.Advance(60);
        Assert.IsTrue(Enumerable.Range(0, 6).All(_ => Use(fixture) == fixture.EndPoints[1]), "the other one has all calls, however long it takes");

        breaker.Reset();
        fixture.Run();
        Assert.HasCount(2, Enumerable.Range(0, 200).Select(_ => Use(fixture)).Distinct().ToArray());
    }

    [TestMethod]
    public void Rent_WithTheSameAffinity_GoesToTheSameEndPoint()
    {
        using var fixture = new PoolFixture(endPoints: 4, change: static o => o with { Balancing = Net.Client.Balancing.RingHash() });
        ChannelEndPoint Of(ulong hash) => Use(fixture, new LeaseRequest { AffinityHash = hash });
        ulong[] hashes = [.. Enumerable.Range(1, 40).Select(static i => (ulong)i * 0x9e37_79b9_7f4a_7c15)];
        ChannelEndPoint[] first = [.. hashes.Select(Of)];

        CollectionAssert.AreEqual(first, hashes.Select(Of).ToArray());
        Assert.HasCount(4, first.Distinct().ToArray());
    }

    [TestMethod]
    public void EndPoint_OfSeveralProtocols_HasOneLoadAndOneBreaker()
    {
        var other = new FakeChannelProtocol("other");
        using var fixture = new PoolFixture(change: o => o with { WarmUp = [.. o.WarmUp, other] });
        ChannelLease first = fixture.Rent();
        ChannelLease second = fixture.Rent(protocol: other);
        Assert.AreEqual(2, fixture.Snapshot.EndPoints[0].InFlight);
        Assert.AreEqual("other", second.Session.Protocol);
        first.Dispose();
        second.Dispose();
        for (int i = 0; i < 5; i++)
        {
            fixture.Rent().Complete(CallOutcome.TransportFailure);
        }

        fixture.Run();
        Assert.AreEqual(TransportError.CircuitOpen, PoolFixture.Refusal(fixture.RentAsync(protocol: other)).Error);
    }

    private static ChannelEndPoint Use(PoolFixture fixture, LeaseRequest request = default)
    {
        using ChannelLease lease = fixture.Rent(request);
        return lease.EndPoint;
    }

    private static NetChannel NewChannel(out FakeChannelProtocol protocol)
    {
        protocol = new FakeChannelProtocol();
        return new NetChannel(new NetChannelOptions { EndPoints = [ChannelEndPoint.Parse("10.0.0.1:443")], WarmUp = [protocol], Tls = new FakeTlsSource(), Health = null });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Lose(NetChannel channel, FakeChannelProtocol protocol)
    {
        Assert.IsTrue(channel.TryRent(protocol, default, out ChannelLease lease));
        Assert.AreEqual(1, channel.GetSnapshot().InFlight);
        _ = lease;
    }
}
