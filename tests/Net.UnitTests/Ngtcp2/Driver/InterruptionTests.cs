using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>A path that is dead for a while and comes back: calls that were under way go on soon after, though QUIC doubles the time between its probes.</summary>
[TestClass]
public sealed class InterruptionTests : DriverTest
{
    // Each probe counts as bytes in flight, and with the congestion window full the library sends nothing but its own probes: messages are as small as most are.
    private const int Length = 300;

    // The interval of a client's PINGs into silence, and what the exchange itself takes.
    private static readonly TimeSpan _soon = Seconds(2.5);

    // The interval of challenges, PINGs and probes on the path a client goes over to, and what 100 kB take.
    private static readonly TimeSpan _soonOnANewPath = Seconds(3.5);

    [TestMethod]
    [DataRow(5, true)]
    [DataRow(13, true)]
    [DataRow(25, true)]
    [DataRow(5, false)]
    [DataRow(13, false)]
    [DataRow(25, false)]
    public void Exchange_UnderWayWhenThePathDies_EndsSoonAfterThePathIsBack(int seconds, bool isRequestLost) => ForSeeds(10, seed =>
    {
        using var pair = new DriverPair(seed);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task serving = Application.ServeAsync(server, Application.EchoAsync);
        WarmUp(pair, client);
        SimulatedLink dead = isRequestLost ? pair.ToServer : pair.ToClient;
        dead.IsUp = false;
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task sending = Application.SendAsync(stream.Output, seed, Length);
        Task<(string Digest, long Length)> receiving = Application.ReceiveAsync(stream.Input);

        // Enough for the way that is not dead.
        pair.Network.RunFor(Milliseconds(15));
        pair.SetLinks(static link => link.IsUp = false);
        pair.Network.RunFor(Seconds(seconds) + Milliseconds(pair.Network.Random.Next(2000)));
        Assert.IsFalse(receiving.IsCompleted, "The call is under way.");
        pair.SetLinks(static link => link.IsUp = true);

        pair.Network.RunAll([sending, receiving, stream.SendCompletion], _soon);

        Assert.AreEqual(Length, receiving.Result.Length);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    });

    [TestMethod]
    [DataRow(8)]
    [DataRow(15)]
    [DataRow(25)]
    public void Upload_UnderWayWhenThePathDies_GoesOnSoonAfterThePathIsBack(int seconds) => ForSeeds(10, seed =>
    {
        using var pair = new DriverPair(seed);
        pair.Client.IsRestless = pair.Server.IsRestless = true;
        pair.SetLinks(static link => link.BitsPerSecond = 20_000_000);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sending = Application.SendAsync(stream.Output, seed, 3_000_000);
        Ngtcp2Stream accepted = pair.Accept(server);
        Task<(string Digest, long Length)> receiving = Application.ReceiveAsync(accepted.Input);
        pair.Network.RunFor(Milliseconds(100 + pair.Network.Random.Next(500)));
        Assert.IsFalse(sending.IsCompleted);
        pair.SetLinks(static link => link.IsUp = false);
        pair.Network.RunFor(Seconds(seconds) + Milliseconds(pair.Network.Random.Next(2000)));
        long before = server.GetPathStatistics().BytesReceived!.Value;
        pair.SetLinks(static link => link.IsUp = true);

        pair.Network.RunUntil(() => server.GetPathStatistics().BytesReceived > before + 100_000, _soonOnANewPath);

        pair.Network.RunAll([sending, receiving]);
        Assert.AreEqual(sending.Result, receiving.Result.Digest);
        pair.CloseAndCheckEmpty(client);
    });

    private static void WarmUp(DriverPair pair, Ngtcp2Connection client)
    {
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task sending = Application.SendAsync(stream.Output, 1, 10_000);
        pair.Network.RunAll([sending, Application.ReceiveAsync(stream.Input), stream.SendCompletion]);
        pair.Network.RunFor(Seconds(1));
    }
}
