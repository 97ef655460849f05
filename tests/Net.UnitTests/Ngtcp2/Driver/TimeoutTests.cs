using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Everything that time alone brings about, to the tick.</summary>
[TestClass]
public sealed class TimeoutTests : DriverTest
{
    private static readonly Ngtcp2EngineOptions QuietEngine = new() { PathMtuDiscovery = false };

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Handshake_WithoutAnswer_EndsAtItsTimeout(bool useIPv6)
    {
        using var pair = new DriverPair(useIPv6: useIPv6);
        pair.ToServer.IsUp = false;
        Ngtcp2Connection client = pair.Connect(static o => o with { HandshakeTimeout = Milliseconds(7654.3), IdleTimeout = Seconds(30) });
        pair.Network.RunUntil(() => client.Closed.IsCompleted);
        Assert.AreEqual(Milliseconds(7654.3), pair.Network.Elapsed);
        Assert.AreEqual(TransportError.ConnectFailed, client.Closed.Result.Error);
        Assert.Contains("HandshakeTimeout", client.Closed.Result.Reason);
        Assert.IsTrue(client.HandshakeCompletion.IsFaulted);
        pair.CheckEmpty();
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Handshake_OfAClientThatFallsSilent_EndsAtTheServersTimeout(bool useIPv6)
    {
        using var pair = new DriverPair(listen: static o => o with { HandshakeTimeout = Seconds(3) }, useIPv6: useIPv6);
        Ngtcp2Connection client = pair.Connect();
        pair.Network.RunUntil(() => pair.State.Handshakes == 1);
        TimeSpan begin = pair.Network.Elapsed;
        pair.ToServer.IsUp = false;
        pair.Network.RunUntil(() => pair.State.Handshakes == 0);
        Assert.AreEqual(Seconds(3), pair.Network.Elapsed - begin);
        Assert.AreEqual(0, pair.State.Connections);
        pair.Network.RunUntil(() => client.Closed.IsCompleted);
        pair.CheckEmpty();
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Idle_BothSides_EndTogetherAfterTheSmallerTimeout(bool useIPv6)
    {
        using var pair = new DriverPair(listen: static o => o with { IdleTimeout = Seconds(4) }, engine: QuietEngine, useIPv6: useIPv6);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(static o => o with { IdleTimeout = Seconds(9) });
        pair.Network.RunFor(Seconds(1));
        TimeSpan lastAtClient = pair.Client.LastReceived;
        TimeSpan lastAtServer = pair.Server.LastReceived;
        TimeSpan clientEnd = TimeSpan.Zero;
        TimeSpan serverEnd = TimeSpan.Zero;
        pair.Network.RunUntil(() =>
        {
            Note(client, ref clientEnd, pair);
            Note(server, ref serverEnd, pair);
            return clientEnd > TimeSpan.Zero && serverEnd > TimeSpan.Zero;
        });
        Assert.AreEqual(lastAtClient + Seconds(4), clientEnd);
        Assert.AreEqual(lastAtServer + Seconds(4), serverEnd);
        Assert.AreEqual(TransportError.ConnectionLost, client.Closed.Result.Error);
        Assert.AreEqual(CloseInitiator.None, server.Closed.Result.Initiator);
        pair.CheckEmpty();
    }

    [TestMethod]
    public void Idle_AfterSendingIntoTheVoid_CountsFromTheFirstUnansweredPacket()
    {
        using var pair = new DriverPair(engine: QuietEngine);
        (Ngtcp2Connection client, _) = pair.Establish(static o => o with { IdleTimeout = Seconds(6) });
        pair.Network.RunFor(Seconds(2));
        pair.SetLinks(static link => link.IsUp = false);
        Ngtcp2Stream stream = DriverPair.Open(client);
        TimeSpan begin = pair.Network.Elapsed;
        Task<string> sending = Application.SendAsync(stream.Output, 1, 100_000);
        pair.Network.RunUntil(() => client.Closed.IsCompleted);
        Assert.AreEqual(begin + Seconds(6), pair.Network.Elapsed);
        pair.Network.RunUntil(() => sending.IsCompleted);
        pair.CheckEmpty();
    }

    [TestMethod]
    public void Idle_WithoutTimeout_NeverEnds()
    {
        using var pair = new DriverPair(listen: static o => o with { IdleTimeout = Timeout.InfiniteTimeSpan }, engine: QuietEngine);
        (Ngtcp2Connection client, _) = pair.Establish(static o => o with { IdleTimeout = Timeout.InfiniteTimeSpan });
        pair.Network.RunFor(TimeSpan.FromDays(30));
        Assert.IsFalse(client.Closed.IsCompleted);
        Assert.AreEqual(ulong.MaxValue, pair.Client.Driver.NextExpiry, "Nothing is left to wake up for.");
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void KeepAlive_OnAQuietConnection_KeepsItOpenAndSendsOncePerInterval()
    {
        using var pair = new DriverPair(listen: static o => o with { IdleTimeout = Seconds(3) }, engine: QuietEngine);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(static o => o with { IdleTimeout = Seconds(3), KeepAliveInterval = Seconds(1) });
        long before = pair.ToServer.Sent;
        pair.Network.RunFor(Seconds(100));
        Assert.IsFalse(client.Closed.IsCompleted);
        Assert.IsFalse(server.Closed.IsCompleted);

        // An interval begins when the answer to the last one is there. The library adds a PING to an acknowledgement now and then, which costs one more.
        Assert.IsInRange(90, 150, pair.ToServer.Sent - before);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Ping_OnAQuietConnection_SendsOnePacketAndTellsTheRoundTrip()
    {
        using var pair = new DriverPair(engine: QuietEngine);
        (Ngtcp2Connection client, _) = pair.Establish();
        pair.Network.RunFor(Seconds(1));
        long before = pair.ToServer.Sent;
        var ping = new TaskCompletionSource<TimeSpan>();
        client.Post(new ActionWork(() => client.Driver.Ping(ping)));
        pair.Network.Run(ping.Task);
        pair.Network.RunFor(Seconds(10));

        // The PING; and the peer's library may add one to its acknowledgement, which this side acknowledges.
        Assert.IsInRange(1, 2, pair.ToServer.Sent - before);

        // A peer may wait 25 ms before it acknowledges one packet alone (RFC 9000, section 13.2.1).
        Assert.IsInRange(Milliseconds(20), Milliseconds(45.001), ping.Task.Result);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Partition_OfFiveSeconds_HealsAndTheTransferGoesOn()
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task serving = Application.ServeAsync(server, Application.EchoAsync);
        pair.SetLinks(static link => link.BitsPerSecond = 20_000_000);
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sent = Application.SendAsync(stream.Output, 5, 3_000_000);
        Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
        pair.Network.RunFor(Milliseconds(500));
        Assert.IsFalse(echo.IsCompleted);
        pair.SetLinks(static link => link.IsUp = false);
        pair.Network.RunFor(Seconds(5));
        Assert.IsGreaterThan(2, client.GetPathStatistics().ProbeTimeouts!.Value, "Probe timeouts tell of a path that is gone.");
        pair.SetLinks(static link => link.IsUp = true);
        pair.Network.RunAll([sent, echo]);
        Assert.AreEqual(sent.Result, echo.Result.Digest);
        pair.Network.RunFor(Seconds(1));
        Assert.AreEqual(0, client.GetPathStatistics().ProbeTimeouts!.Value);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    public void ProbeTimeouts_OfATransferAfterAQuietTime_AreNone()
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task serving = Application.ServeAsync(server, Application.EchoAsync);
        for (int i = 0; i < 5; i++)
        {
            // Long enough that the last packet of the peer's is many probe timeouts old when this side asks again.
            pair.Network.RunFor(Seconds(5));
            Ngtcp2Stream stream = DriverPair.Open(client);
            Task<string> sent = Application.SendAsync(stream.Output, i, 100_000);
            Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
            while (!echo.IsCompleted)
            {
                pair.Network.RunFor(Milliseconds(1));
                Assert.AreEqual(0, client.GetPathStatistics().ProbeTimeouts!.Value, "The peer answers within a round trip.");
            }

            Assert.AreEqual(sent.Result, echo.Result.Digest);
        }

        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    public void Partition_OfOneDirection_EndsBothSidesAtTheIdleTimeout()
    {
        using var pair = new DriverPair(listen: static o => o with { IdleTimeout = Seconds(5) });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task serving = Application.ServeAsync(server, Application.EchoAsync);
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sent = Application.SendAsync(stream.Output, 5, 10_000_000);
        Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
        pair.Network.RunFor(Milliseconds(200));
        pair.ToClient.IsUp = false;
        pair.Network.RunUntil(() => client.Closed.IsCompleted && server.Closed.IsCompleted, Seconds(20));
        Assert.AreEqual(TransportError.ConnectionLost, client.Closed.Result.Error);
        Assert.AreEqual(TransportError.ConnectionLost, server.Closed.Result.Error);
        pair.CheckEmpty();
        Assert.AreEqual(TransportError.ConnectionLost, Assert.ThrowsExactly<TransportException>(() => pair.Network.Run(echo)).Error);
        Assert.AreEqual(TransportError.ConnectionLost, Assert.ThrowsExactly<TransportException>(() => pair.Network.Run(sent)).Error);
        pair.Network.Run(serving);
    }

    private static void Note(Ngtcp2Connection connection, ref TimeSpan end, DriverPair pair)
    {
        if (end == TimeSpan.Zero && connection.Closed.IsCompleted)
        {
            end = pair.Network.Elapsed;
        }
    }
}
