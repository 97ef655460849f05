using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>How a channel ends. That nothing is left is checked by the fixture at the end of every test.</summary>
[TestClass]
public sealed class ClosingTests
{
    [TestMethod]
    public void Drain_WithACallInFlight_WaitsForItAndRefusesOthers()
    {
        using var fixture = new PoolFixture();
        ChannelLease stream = fixture.Begin();
        Task<bool> draining = fixture.Channel.DrainAsync(TimeSpan.FromSeconds(30));
        Assert.AreEqual(ChannelState.Draining, fixture.Channel.State);
        Assert.IsFalse(fixture.Channel.TryRent(fixture.Protocol, default, out _));
        Assert.AreEqual(TransportError.NoEndPoint, PoolFixture.Refusal(fixture.RentAsync()).Error);
        fixture.Advance(10);
        Assert.IsFalse(draining.IsCompleted);
        Assert.IsFalse(((FakeChannelSession)stream.Session).IsDraining);
        PoolFixture.End(stream);
        fixture.Run();
        Assert.IsTrue(draining.Result);
        Assert.AreEqual(ChannelState.Closed, fixture.Channel.State);
        Assert.AreEqual(0, fixture.Time.ActiveTimers);
    }

    [TestMethod]
    public void Drain_OfACallThatNeverEnds_CutsItAtTheTimeout()
    {
        using var fixture = new PoolFixture();
        ChannelLease stream = fixture.Begin();
        Task<bool> draining = fixture.Channel.DrainAsync(TimeSpan.FromSeconds(30));
        fixture.Advance(30);
        Assert.IsFalse(draining.Result);
        Assert.IsTrue(fixture.Protocol.Sessions.All(static s => s.IsDisposed));
        stream.Complete(CallOutcome.TransportFailure);
        Assert.AreEqual(0, fixture.Snapshot.InFlight);
    }

    [TestMethod]
    public void Drain_WhenCancelled_CutsAtOnce()
    {
        using var fixture = new PoolFixture();
        using var cancellation = new CancellationTokenSource();
        ChannelLease stream = fixture.Begin();
        Task<bool> draining = fixture.Channel.DrainAsync(Timeout.InfiniteTimeSpan, cancellation.Token);
        fixture.Run();
        cancellation.Cancel();
        fixture.Run();
        Assert.IsFalse(draining.Result);
        stream.Dispose();
    }

    [TestMethod]
    public void Dispose_WhileDraining_TellsTheDrainThatCallsWereCut()
    {
        using var fixture = new PoolFixture();
        ChannelLease stream = fixture.Begin();
        Task<bool> draining = fixture.Channel.DrainAsync(Timeout.InfiniteTimeSpan);
        fixture.Run();
        Task closing = fixture.Channel.DisposeAsync().AsTask();
        fixture.Run();
        Assert.IsTrue(closing.IsCompletedSuccessfully);
        Assert.IsFalse(draining.Result);
        stream.Dispose();
    }

    [TestMethod]
    public void Dispose_WithWaitersAttemptsAndLeases_EndsThemAll()
    {
        Task<ChannelLease> waiting;
        ChannelLease stream;
        using (var fixture = new PoolFixture(new PoolOptions { MinConnections = 1, MaxConnections = 2 }, protocol: new FakeChannelProtocol { MaxStreams = 1 }))
        {
            stream = fixture.Begin();
            fixture.Protocol.IsManual = true;
            waiting = fixture.RentAsync();
            Assert.HasCount(1, fixture.Protocol.Pending);
        }

        Assert.AreEqual(TransportError.NoEndPoint, PoolFixture.Refusal(waiting).Error);
        stream.Complete(CallOutcome.TransportFailure);
    }

    [TestMethod]
    public void Dispose_Twice_IsOver()
    {
        using var fixture = new PoolFixture();
        Task first = fixture.Channel.DisposeAsync().AsTask();
        Task second = fixture.Channel.DisposeAsync().AsTask();
        fixture.Run();
        Assert.IsTrue(first.IsCompletedSuccessfully);
        Assert.IsTrue(second.IsCompletedSuccessfully);
        fixture.Channel.AddEndPoint(ChannelEndPoint.Parse("10.0.0.7:443"));
        fixture.Run();
        Assert.IsFalse(fixture.Protocol.Attempts.Any(static a => a.Context.EndPoint.Address.Host == "10.0.0.7"));
    }

    [TestMethod]
    public async Task Dispose_OnTheThreadPoolUnderLoad_LeavesNothing()
    {
        var protocol = new FakeChannelProtocol { MaxStreams = 3 };
        var channel = new NetChannel(new NetChannelOptions
        {
            EndPoints = [ChannelEndPoint.Parse("10.0.0.1:443"), ChannelEndPoint.Parse("10.0.0.2:443")],
            WarmUp = [protocol],
            Tls = new FakeTlsSource(),
            Pool = new PoolOptions { MaxConnections = 2 },
        });
        await channel.WarmUpAsync(protocol, 2).WithTimeout();
        int served = 0;
        var enough = new TaskCompletionSource();
        Task[] callers = [.. Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                ChannelLease lease;
                try
                {
                    lease = await channel.RentAsync(protocol, default);
                }
                catch (TransportException exception)
                {
                    Assert.AreEqual(TransportError.NoEndPoint, exception.Error);
                    return;
                }

                var session = (FakeChannelSession)lease.Session;
                if (session.TryBegin())
                {
                    await Task.Yield();
                    session.End();
                }

                lease.Complete(CallOutcome.Success);
                if (Interlocked.Increment(ref served) == 5000)
                {
                    enough.TrySetResult();
                }
            }
        }))];
        await enough.Task.WithTimeout();
        await channel.DisposeAsync().WithTimeout();
        await Task.WhenAll(callers).WithTimeout();
        ChannelSnapshot snapshot = channel.GetSnapshot();
        Assert.AreEqual(0, snapshot.InFlight);
        Assert.AreEqual(0, snapshot.Waiters);
        Assert.IsTrue(protocol.Sessions.All(static s => s.IsClosed && s.MostStreams <= 3));
    }

    [TestMethod]
    public void Listener_ThatThrows_HarmsNobody()
    {
        using var fixture = new PoolFixture(start: false);
        int heard = 0;
        fixture.Channel.Changed += static (_, _) => throw new InvalidOperationException("a listener's fault");
        fixture.Channel.Changed += (_, _) => heard++;
        fixture.Run();
        Assert.HasCount(2, fixture.Connections);
        Assert.AreEqual(fixture.Events.Count, heard);
        Assert.IsGreaterThan(2, heard);
    }
}
