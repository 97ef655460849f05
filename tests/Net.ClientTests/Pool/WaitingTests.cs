using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>Who waits, in which order, how long, and how a wait ends.</summary>
[TestClass]
public sealed class WaitingTests
{
    private static readonly PoolOptions One = new() { MinConnections = 1, MaxConnections = 1 };

    [TestMethod]
    public void Waiters_WhenPlacesComeFree_AreServedInTheirOrder()
    {
        using var fixture = new PoolFixture(One, protocol: new FakeChannelProtocol { MaxStreams = 1 });
        ChannelLease held = fixture.Begin();
        Task<ChannelLease>[] waiting = [.. Enumerable.Range(0, 5).Select(_ => fixture.RentAsync())];
        Assert.AreEqual(5, fixture.Snapshot.Waiters);
        Assert.IsFalse(fixture.Channel.TryRent(fixture.Protocol, default, out _), "it went past those who wait");
        for (int i = 0; i < waiting.Length; i++)
        {
            PoolFixture.End(held);
            Assert.IsTrue(waiting[i].IsCompletedSuccessfully);
            Assert.IsTrue(waiting.Skip(i + 1).All(static w => !w.IsCompleted));
            held = waiting[i].Result;
            Assert.IsTrue(((FakeChannelSession)held.Session).TryBegin());
        }

        PoolFixture.End(held);
        Assert.AreEqual(0, fixture.Snapshot.InFlight);
    }

    [TestMethod]
    public void Waiter_WhenThePeerGivesCredit_IsWoken()
    {
        using var fixture = new PoolFixture(One, protocol: new FakeChannelProtocol { MaxStreams = 0 });
        Task<ChannelLease> waiting = fixture.RentAsync();
        Assert.IsFalse(waiting.IsCompleted);
        fixture.Session(0).SetCredit(1);
        Assert.IsTrue(waiting.IsCompletedSuccessfully);
        waiting.Result.Dispose();
    }

    [TestMethod]
    public void Waiter_WhenItsConnectionIsReady_IsServed()
    {
        using var fixture = new PoolFixture(protocol: new FakeChannelProtocol { IsManual = true });
        Task<ChannelLease> waiting = fixture.RentAsync();
        fixture.Protocol.Pending[0].Succeed();
        fixture.Run();
        Assert.IsTrue(waiting.IsCompletedSuccessfully);
        waiting.Result.Dispose();
    }

    [TestMethod]
    public void Waiter_WhoGivesUp_LeavesNothingBehindAndTheOthersInOrder()
    {
        using var fixture = new PoolFixture(One, protocol: new FakeChannelProtocol { MaxStreams = 1 });
        using var cancellation = new CancellationTokenSource();
        ChannelLease held = fixture.Begin();
        Task<ChannelLease> first = fixture.RentAsync(cancellationToken: cancellation.Token);
        Task<ChannelLease> second = fixture.RentAsync();
        cancellation.Cancel();
        Assert.IsTrue(first.IsCanceled);
        Assert.AreEqual(cancellation.Token, Assert.ThrowsExactly<TaskCanceledException>(() => first.GetAwaiter().GetResult()).CancellationToken);
        Assert.AreEqual(1, fixture.Snapshot.Waiters);
        PoolFixture.End(held);
        second.Result.Dispose();
        Assert.AreEqual(0, fixture.Snapshot.InFlight);
    }

    [TestMethod]
    public void Rent_WithACancelledToken_TakesNothing()
    {
        using var fixture = new PoolFixture();
        Task<ChannelLease> renting = fixture.RentAsync(cancellationToken: new CancellationToken(true));
        Assert.IsTrue(renting.IsCanceled);
        Assert.AreEqual(0, fixture.Snapshot.InFlight);
    }

    [TestMethod]
    public void Queue_WhenFull_RefusesAtOnce()
    {
        using var fixture = new PoolFixture(One with { MaxWaiters = 2 }, protocol: new FakeChannelProtocol { MaxStreams = 1 });
        ChannelLease held = fixture.Begin();
        Task<ChannelLease>[] waiting = [fixture.RentAsync(), fixture.RentAsync()];
        TransportException refusal = PoolFixture.Refusal(fixture.RentAsync());
        Assert.AreEqual(TransportError.PoolExhausted, refusal.Error);
        Assert.IsTrue(refusal.IsSafeToRetry);
        StringAssert.Contains(refusal.Message, nameof(PoolOptions.MaxWaiters));
        PoolFixture.End(held);
        waiting[0].Result.Dispose();
        waiting[1].Result.Dispose();
    }

    [TestMethod]
    public void Wait_ThatWouldOutlastTheDeadlineByThePaceOfLate_IsRefusedAtOnceWithRetryAfter()
    {
        using var fixture = new PoolFixture(One, protocol: new FakeChannelProtocol { MaxStreams = 1 });
        ChannelLease held = fixture.Begin();
        Queue<Task<ChannelLease>> waiting = new(Enumerable.Range(0, 20).Select(_ => fixture.RentAsync()));
        for (int i = 0; i < 10; i++)
        {
            fixture.Advance(0.1);
            PoolFixture.End(held);
            held = waiting.Dequeue().Result;
            ((FakeChannelSession)held.Session).TryBegin();
        }

        // Ten wait, a tenth of a second each.
        TransportException refusal = PoolFixture.Refusal(fixture.RentAsync(fixture.Within(0.5)));
        Assert.AreEqual(TransportError.PoolExhausted, refusal.Error);
        Assert.AreEqual(1.1, refusal.RetryAfter!.Value.TotalSeconds, 0.2);
        Task<ChannelLease> patient = fixture.RentAsync(fixture.Within(2));
        Assert.IsFalse(patient.IsCompleted);
        waiting.Enqueue(patient);
        while (waiting.Count > 0)
        {
            PoolFixture.End(held);
            held = waiting.Dequeue().Result;
            ((FakeChannelSession)held.Session).TryBegin();
        }

        PoolFixture.End(held);
    }

    [TestMethod]
    public void Wait_ForAnEndPointWhoseNextAttemptComesTooLate_IsRefusedAtOnce()
    {
        using var fixture = new PoolFixture(new PoolOptions { ConnectBackoff = TimeSpan.FromSeconds(2) }, protocol: new FakeChannelProtocol { IsManual = true });
        fixture.Protocol.Pending[0].Fail();
        fixture.Run();
        TransportException refusal = PoolFixture.Refusal(fixture.RentAsync(fixture.Within(0.5)));
        Assert.AreEqual(TransportError.ConnectFailed, refusal.Error);
        Assert.IsInstanceOfType<TransportException>(refusal.InnerException);
        Assert.IsTrue(refusal.RetryAfter > TimeSpan.FromSeconds(0.9) && refusal.RetryAfter <= TimeSpan.FromSeconds(2));
        Task<ChannelLease> patient = fixture.RentAsync(fixture.Within(5));
        fixture.Advance(2);
        fixture.Protocol.Pending[0].Succeed();
        fixture.Run();
        patient.Result.Dispose();
    }

    [TestMethod]
    public void Waiters_WhenTheAttemptTheyWaitForFails_AreRefusedIfTheNextComesTooLate()
    {
        using var fixture = new PoolFixture(new PoolOptions { ConnectBackoff = TimeSpan.FromSeconds(2) }, protocol: new FakeChannelProtocol { IsManual = true });
        Task<ChannelLease> hasty = fixture.RentAsync(fixture.Within(0.5));
        Task<ChannelLease> patient = fixture.RentAsync(fixture.Within(20));
        fixture.Protocol.Pending[0].Fail();
        fixture.Run();
        Assert.AreEqual(TransportError.ConnectFailed, PoolFixture.Refusal(hasty).Error);
        Assert.IsFalse(patient.IsCompleted);
        fixture.Advance(2);
        fixture.Protocol.Pending[0].Succeed();
        fixture.Run();
        patient.Result.Dispose();
    }

    [TestMethod]
    public void Wait_UntilTheDeadline_EndsWithDeadlineExceededAndIsSafeToRetry()
    {
        using var fixture = new PoolFixture(One, protocol: new FakeChannelProtocol { MaxStreams = 1 });
        ChannelLease held = fixture.Begin();
        Task<ChannelLease> waiting = fixture.RentAsync(fixture.Within(2));
        fixture.Advance(1.99);
        Assert.IsFalse(waiting.IsCompleted);
        fixture.Advance(0.02);
        TransportException refusal = PoolFixture.Refusal(waiting);
        Assert.AreEqual(TransportError.DeadlineExceeded, refusal.Error);
        Assert.IsTrue(refusal.IsSafeToRetry);
        Assert.AreEqual(0, fixture.Snapshot.Waiters);
        Assert.AreEqual(TransportError.DeadlineExceeded, PoolFixture.Refusal(fixture.RentAsync(new LeaseRequest { Deadline = fixture.Time.GetTimestamp() - 1 })).Error);
        PoolFixture.End(held);
    }

    [TestMethod]
    public void Wait_WithoutADeadline_EndsAtTheWaitTimeout()
    {
        using var fixture = new PoolFixture(One, protocol: new FakeChannelProtocol { MaxStreams = 1 });
        ChannelLease held = fixture.Begin();
        Task<ChannelLease> waiting = fixture.RentAsync();
        fixture.Advance(29.9);
        Assert.IsFalse(waiting.IsCompleted);
        fixture.Advance(0.2);
        TransportException refusal = PoolFixture.Refusal(waiting);
        Assert.AreEqual(TransportError.PoolExhausted, refusal.Error);
        StringAssert.Contains(refusal.Message, nameof(PoolOptions.WaitTimeout));
        PoolFixture.End(held);
    }

    [TestMethod]
    public void FailFast_WithoutRoomOrConnection_IsRefusedAtOnce()
    {
        using (var fixture = new PoolFixture(One, protocol: new FakeChannelProtocol { MaxStreams = 1 }))
        {
            ChannelLease held = fixture.Begin();
            Assert.AreEqual(TransportError.PoolExhausted, PoolFixture.Refusal(fixture.RentAsync(new LeaseRequest { FailFast = true })).Error);
            PoolFixture.End(held);
        }

        using (var fixture = new PoolFixture(protocol: new FakeChannelProtocol { IsManual = true }))
        {
            Assert.AreEqual(TransportError.ConnectFailed, PoolFixture.Refusal(fixture.RentAsync(new LeaseRequest { FailFast = true })).Error);
        }
    }

    [TestMethod]
    public void Certificates_RefusedByEveryEndPoint_FailThoseWhoWaitAtOnceUntilTheyChange()
    {
        using var fixture = new PoolFixture(endPoints: 2, protocol: new FakeChannelProtocol { IsManual = true });
        Task<ChannelLease> waiting = fixture.RentAsync();
        foreach (FakeConnect attempt in fixture.Protocol.Pending)
        {
            attempt.Fail(TransportError.CertificateRejected);
        }

        fixture.Run();
        TransportException refusal = PoolFixture.Refusal(waiting);
        Assert.AreEqual(TransportError.CertificateRejected, refusal.Error);
        Assert.IsFalse(refusal.IsSafeToRetry);
        Assert.AreEqual(TransportError.CertificateRejected, PoolFixture.Refusal(fixture.RentAsync()).Error);

        // A new identity is tried at once, whatever the pause was to be.
        fixture.Tls.Rotate();
        fixture.Run();
        Task<ChannelLease> again = fixture.RentAsync();
        fixture.Protocol.Pending[0].Succeed();
        fixture.Run();
        again.Result.Dispose();
    }

    [TestMethod]
    public void Rent_WithoutEndPoints_IsRefusedAndServedOnceThereIsOne()
    {
        using var fixture = new PoolFixture(endPoints: 0);
        Assert.AreEqual(TransportError.NoEndPoint, PoolFixture.Refusal(fixture.RentAsync()).Error);
        fixture.Channel.AddEndPoint(ChannelEndPoint.Parse("10.0.0.9:443"));
        fixture.Run();
        fixture.Rent().Dispose();
    }

    [TestMethod]
    public void Waiters_WhenTheLastEndPointIsRemoved_AreRefused()
    {
        using var fixture = new PoolFixture(protocol: new FakeChannelProtocol { IsManual = true });
        Task<ChannelLease> waiting = fixture.RentAsync();
        fixture.Channel.RemoveEndPoint(fixture.EndPoints[0]);
        fixture.Run();
        Assert.AreEqual(TransportError.NoEndPoint, PoolFixture.Refusal(waiting).Error);
    }
}
