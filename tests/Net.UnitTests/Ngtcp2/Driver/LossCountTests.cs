using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>The figure of lost packets against what the network really dropped.</summary>
[TestClass]
public sealed class LossCountTests : DriverTest
{
    private const int Bytes = 3_000_000;

    [TestMethod]
    [DataRow(0.05, false)]
    [DataRow(0.05, true)]
    [DataRow(0.01, false)]
    public void PacketsLost_OnALossyPath_IsWhatWasDropped(double loss, bool useIPv6) => ForSeeds(3, seed =>
    {
        using var pair = new DriverPair(seed, useIPv6: useIPv6);
        (Ngtcp2Connection client, Ngtcp2Connection server) = Settle(pair);
        pair.SetLinks(l => l.Loss = loss);
        (long toServer, long toClient) = (pair.ToServer.Dropped, pair.ToClient.Dropped);
        Exchange(pair, client, server);
        pair.SetLinks(static l => l.Loss = 0);
        (long droppedToServer, long droppedToClient) = (pair.ToServer.Dropped - toServer, pair.ToClient.Dropped - toClient);
        Flush(pair, client, server);
        Check(droppedToServer, client);
        Check(droppedToClient, server);
        pair.CloseAndCheckEmpty(client);
    });

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void PacketsLost_OnACleanPath_IsZero(bool useIPv6)
    {
        using var pair = new DriverPair(useIPv6: useIPv6);
        (Ngtcp2Connection client, Ngtcp2Connection server) = Settle(pair);
        Exchange(pair, client, server);
        Flush(pair, client, server);
        Assert.AreEqual(0, client.GetPathStatistics().PacketsLost);
        Assert.AreEqual(0, server.GetPathStatistics().PacketsLost);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void PacketsLost_OfProbesThatAreTooLarge_IsZero()
    {
        using var pair = new DriverPair();
        pair.SetLinks(static l => l.Mtu = 1300);
        (Ngtcp2Connection client, Ngtcp2Connection server) = Settle(pair);
        Exchange(pair, client, server);
        Flush(pair, client, server);
        Assert.IsGreaterThan(0L, pair.ToServer.TooLarge);
        Assert.AreEqual(0, client.GetPathStatistics().PacketsLost);
        Assert.AreEqual(0, server.GetPathStatistics().PacketsLost);
        pair.CloseAndCheckEmpty(client);
    }

    private static (Ngtcp2Connection Client, Ngtcp2Connection Server) Settle(DriverPair pair)
    {
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        pair.Network.RunFor(Seconds(5));
        return (client, server);
    }

    private static void Exchange(DriverPair pair, Ngtcp2Connection client, Ngtcp2Connection server)
    {
        Task serving = Application.ServeAsync(server, Application.EchoAsync);
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sent = Application.SendAsync(stream.Output, 1, Bytes);
        Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
        pair.Network.Run(echo, TimeSpan.FromMinutes(10));
        Assert.AreEqual(sent.Result, echo.Result.Digest);
        pair.Network.RunUntil(() => stream.SendCompletion.IsCompleted, TimeSpan.FromMinutes(10));
        Application.Release(stream);
        Assert.IsFalse(serving.IsCompleted);
    }

    // The last packets are only judged when later ones are acknowledged.
    private static void Flush(DriverPair pair, Ngtcp2Connection client, Ngtcp2Connection server)
    {
        for (int i = 0; i < 6; i++)
        {
            foreach (Ngtcp2Connection side in new[] { client, server })
            {
                side.Post(new ActionWork(() => side.Driver.Ping(new TaskCompletionSource<TimeSpan>())));
                pair.Network.RunFor(Milliseconds(200));
            }
        }
    }

    private void Check(long dropped, Ngtcp2Connection sender)
    {
        long lost = sender.GetPathStatistics().PacketsLost!.Value;
        TestContext.WriteLine($"{dropped} dropped, {lost} counted");
        Assert.IsGreaterThan(5, dropped, "The path was not lossy.");

        // As a rule they are equal. A peer may leave old ranges out of its acknowledgements when many of these get lost.
        Assert.IsGreaterThanOrEqualTo(dropped - (dropped / 10) - 3, lost);
        Assert.IsLessThanOrEqualTo(dropped + (dropped / 10) + 3, lost);
    }
}
