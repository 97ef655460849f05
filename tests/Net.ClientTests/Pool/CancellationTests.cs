using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>Nothing leaks, wherever a call is cancelled.</summary>
[TestClass]
public sealed class CancellationTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Cancels_AHundredThousandAtRandomPoints_LeaveEverythingAtZero()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        using var fixture = new PoolFixture(
            new PoolOptions { MinConnections = 1, MaxConnections = 3, MaxWaiters = 50 },
            static o => o with { Breaker = new CircuitBreakerOptions { OpenTime = TimeSpan.FromSeconds(1), MaxOpenTime = TimeSpan.FromSeconds(1) } },
            endPoints: 3,
            protocol: new FakeChannelProtocol { MaxStreams = 4 });
        List<ChannelLease> held = [];
        List<(Task<ChannelLease> Task, CancellationTokenSource Source)> waiting = [];
        int cancelled = 0;
        int served = 0;
        int refused = 0;
        for (int step = 0; cancelled < 100_000; step++)
        {
            Assert.IsLessThan(2_000_000, step, $"only {cancelled} calls came to be cancelled");
            switch (random.Next(12))
            {
                case < 5:
                    var source = new CancellationTokenSource();
                    Task<ChannelLease> renting = fixture.Channel.RentAsync(fixture.Protocol, random.Next(3) == 0 ? fixture.Within(random.NextDouble()) : default, source.Token).AsTask();
                    waiting.Add((renting, source));
                    break;
                case < 9 when waiting.Count > 0:
                    (Task<ChannelLease> task, CancellationTokenSource chosen) = waiting[random.Next(waiting.Count)];
                    cancelled++;
                    chosen.Cancel();
                    break;
                case 9 when held.Count > 0:
                    int index = random.Next(held.Count);
                    ((FakeChannelSession)held[index].Session).End();
                    held[index].Complete(random.Next(20) == 0 ? (CallOutcome)random.Next(8) : CallOutcome.Success);
                    held.RemoveAt(index);
                    break;
                case 10:
                    fixture.Run();
                    break;
                case 11 when random.Next(5) == 0:
                    fixture.Advance(random.NextDouble());
                    break;
            }

            for (int i = waiting.Count - 1; i >= 0; i--)
            {
                (Task<ChannelLease> task, CancellationTokenSource source) = waiting[i];
                if (!task.IsCompleted)
                {
                    continue;
                }

                waiting.RemoveAt(i);
                source.Dispose();
                if (task.IsCompletedSuccessfully && ((FakeChannelSession)task.Result.Session).TryBegin())
                {
                    served++;
                    held.Add(task.Result);
                }
                else if (task.IsCompletedSuccessfully)
                {
                    Assert.Fail("a lease was given without credit");
                }
                else
                {
                    refused += task.IsFaulted ? 1 : 0;
                }
            }
        }

        waiting.ForEach(static w => w.Source.Cancel());
        foreach ((Task<ChannelLease> task, CancellationTokenSource source) in waiting)
        {
            Assert.IsTrue(task.IsCompleted);
            if (task.IsCompletedSuccessfully)
            {
                task.Result.Dispose();
            }

            source.Dispose();
        }

        foreach (ChannelLease lease in held)
        {
            PoolFixture.End(lease);
        }

        fixture.Run();
        ChannelSnapshot snapshot = fixture.Snapshot;
        TestContext.WriteLine($"{cancelled} cancelled, {served} served, {refused} refused");
        Assert.IsGreaterThan(1000, served);
        Assert.AreEqual(0, snapshot.InFlight);
        Assert.AreEqual(0, snapshot.Waiters);
        Assert.IsTrue(snapshot.EndPoints.SelectMany(static e => e.Connections).All(static c => c.Leases == 0));
        Assert.IsTrue(fixture.Protocol.Sessions.All(static s => s.ActiveStreams == 0));

        // All places are there again.
        fixture.Advance(70);
        List<ChannelLease> all = [];
        while (all.Count < 36 && fixture.Channel.TryRent(fixture.Protocol, default, out ChannelLease lease))
        {
            Assert.IsTrue(((FakeChannelSession)lease.Session).TryBegin());
            all.Add(lease);
            fixture.Run();
        }

        Assert.HasCount(36, all);
        all.ForEach(static l => PoolFixture.End(l));
    }
}
