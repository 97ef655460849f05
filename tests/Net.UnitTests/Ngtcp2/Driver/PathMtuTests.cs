using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Packet sizes: what discovery finds, and links that swallow what is too large for them without a word.</summary>
[TestClass]
public sealed class PathMtuTests : DriverTest
{
    [TestMethod]
    [DataRow(true, 1500, 1452, 1452)]
    [DataRow(false, 1500, 1452, 1452)]
    [DataRow(false, 1500, 1472, 1472)]
    [DataRow(true, 1492, 1452, 1444)]
    [DataRow(true, 1400, 1452, 1332)]
    [DataRow(true, 1280, 1452, 1232)]
    [DataRow(true, 9000, 8952, 8952)]
    [DataRow(true, 1500, 65_000, 1452)]
    [DataRow(false, 65_535, 65_507, 65_507)]
    [DataRow(true, 1500, 1200, 1200)]
    [DataRow(true, 1500, 1300, 1300)]
    public void Discovery_OnALink_FindsWhatItCarriesAndNeverSendsMoreAfterwards(bool useIPv6, int mtu, int largest, int expected)
    {
        using var pair = new DriverPair(useIPv6: useIPv6, engine: new Ngtcp2EngineOptions { MaxUdpPayload = largest });
        pair.SetLinks(link => link.Mtu = mtu);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        pair.Network.RunFor(Seconds(20));
        Assert.AreEqual(expected, client.GetPathStatistics().MaxUdpPayload);
        Assert.AreEqual(expected, server.GetPathStatistics().MaxUdpPayload);
        long tooLarge = pair.ToServer.TooLarge + pair.ToClient.TooLarge;
        pair.SetLinks(static link => link.LargestPayload = 0);
        Echo(pair, client, server, 300_000);
        Assert.AreEqual(expected, pair.ToServer.LargestPayload);
        Assert.AreEqual(expected, pair.ToClient.LargestPayload);
        Assert.AreEqual(tooLarge, pair.ToServer.TooLarge + pair.ToClient.TooLarge);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Discovery_SwitchedOff_SendsNothingLargerThanEveryPathCarries()
    {
        using var pair = new DriverPair(engine: new Ngtcp2EngineOptions { PathMtuDiscovery = false });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Echo(pair, client, server, 300_000);
        Assert.AreEqual(1200, pair.ToServer.LargestPayload);
        Assert.AreEqual(1200, pair.ToClient.LargestPayload);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void BlackHole_FromTheStart_OnlyCostsTheProbes()
    {
        using var pair = new DriverPair();
        pair.SetLinks(static link => link.Mtu = 1280);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Echo(pair, client, server, 2_000_000);
        Assert.IsInRange(1200, 1252, client.GetPathStatistics().MaxUdpPayload!.Value);
        Assert.IsLessThanOrEqualTo(2 * 5 * 3, (int)(pair.ToServer.TooLarge + pair.ToClient.TooLarge), "Each size is probed for three times at most.");
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    [DataRow(true, true)]
    [DataRow(true, false)]
    [DataRow(false, true)]
    public void BlackHole_InMidTransfer_IsPassedWithSmallerPackets(bool towardsServer, bool towardsClient)
    {
        using var pair = new DriverPair();
        pair.SetLinks(static link => link.Mtu = 1500);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        pair.SetLinks(static link => link.BitsPerSecond = 20_000_000);
        pair.Network.RunFor(Seconds(1));
        Assert.AreEqual(1452, client.GetPathStatistics().MaxUdpPayload);
        pair.Network.After(Milliseconds(300), () =>
        {
            pair.ToServer.Mtu = towardsServer ? 1280 : 1500;
            pair.ToClient.Mtu = towardsClient ? 1280 : 1500;
        });
        TimeSpan begin = pair.Network.Elapsed;
        Echo(pair, client, server, 3_000_000);
        Assert.IsLessThan(Seconds(15), pair.Network.Elapsed - begin);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Outage_ThatIsNoBlackHole_DoesNotShrinkPacketsForGood()
    {
        using var pair = new DriverPair();
        pair.SetLinks(static link => link.Mtu = 1500);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        pair.SetLinks(static link => link.BitsPerSecond = 20_000_000);
        pair.Network.RunFor(Seconds(1));
        pair.Network.After(Milliseconds(300), () => pair.SetLinks(static link => link.IsUp = false));
        pair.Network.After(Seconds(5), () => pair.SetLinks(static link => link.IsUp = true));
        Echo(pair, client, server, 3_000_000);
        pair.Network.RunFor(Seconds(2));
        pair.SetLinks(static link => link.LargestPayload = 0);
        Echo(pair, client, server, 100_000);
        Assert.AreEqual(1452, pair.ToServer.LargestPayload);
        pair.CloseAndCheckEmpty(client);
    }

    private static void Echo(DriverPair pair, Ngtcp2Connection client, Ngtcp2Connection server, int length)
    {
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sent = Application.SendAsync(stream.Output, length, length);
        Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
        Ngtcp2Stream accepted = pair.Accept(server);
        pair.Network.RunAll([sent, echo, Application.EchoAsync(accepted)]);
        Assert.AreEqual(sent.Result, echo.Result.Digest);
        pair.Network.RunUntil(() => stream.Completion.IsCompleted);
        Application.Release(stream);
    }
}
