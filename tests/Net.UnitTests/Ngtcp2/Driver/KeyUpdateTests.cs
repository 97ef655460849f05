using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>New packet protection keys while data flows.</summary>
[TestClass]
public sealed class KeyUpdateTests : DriverTest
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Update_InMidTransferWithReordering_LosesNothing(bool byServer)
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        pair.SetLinks(static link =>
        {
            link.BitsPerSecond = 20_000_000;
            link.Reorder = 0.1;
            link.ReorderDelay = Milliseconds(30);
            link.Loss = 0.01;
        });
        Ngtcp2Connection initiator = byServer ? server : client;
        int done = 0;
        void Update()
        {
            var completion = new TaskCompletionSource<int>();
            initiator.Driver.UpdateKeys(completion);
            completion.Task.ContinueWith(
                task => done += task.Result == 0 ? 1 : 0, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            pair.Network.After(Milliseconds(150), () => initiator.Post(new ActionWork(Update)));
        }

        initiator.Post(new ActionWork(Update));
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sent = Application.SendAsync(stream.Output, 3, 5_000_000);
        Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
        pair.Network.RunAll([sent, echo, Application.EchoAsync(pair.Accept(server))], Seconds(120));
        Assert.AreEqual(sent.Result, echo.Result.Digest);
        Assert.IsGreaterThanOrEqualTo(3, done);
    }

    [TestMethod]
    public void Update_AskedForAtAnyMomentOfTheHandshake_WaitsUntilItIsConfirmed()
    {
        using var pair = new DriverPair();
        Ngtcp2Connection client = pair.Connect();
        List<TaskCompletionSource<int>> updates = [];

        // The library ends the process when it is asked before its time, so that the driver must know the time.
        void Update()
        {
            var completion = new TaskCompletionSource<int>();
            updates.Add(completion);
            client.Driver.UpdateKeys(completion);
        }

        Update();
        pair.ToServer.Filter = _ =>
        {
            Update();
            return true;
        };
        pair.Client.Arrived = (_, _) => client.Post(new ActionWork(Update));
        pair.Network.RunUntil(() => client.HandshakeCompletion.IsCompleted);
        Assert.IsGreaterThan(2, updates.Count);
        Assert.IsFalse(updates.Any(static u => u.Task.IsCompleted));
        pair.ToServer.Filter = null;
        pair.Client.Arrived = null;
        pair.Network.RunUntil(() => updates.All(static u => u.Task.IsCompleted));
        Assert.IsTrue(client.Driver.IsConfirmed);
        Assert.IsTrue(updates.All(static u => u.Task.Result == 0), "All that wait share one update.");
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Update_WaitingWhenTheHandshakeFails_FailsToo()
    {
        using var pair = new DriverPair();
        pair.ToServer.IsUp = false;
        Ngtcp2Connection client = pair.Connect();
        var completion = new TaskCompletionSource<int>();
        client.Driver.UpdateKeys(completion);
        pair.Network.RunUntil(() => client.Closed.IsCompleted);
        Assert.ThrowsExactly<TransportException>(() => completion.Task.GetAwaiter().GetResult());
        pair.CheckEmpty();
    }
}
