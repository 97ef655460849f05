using System.Net;
using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.Ngtcp2.Udp;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>The end of connections: what the peer learns, how often it is told, and what remains (RFC 9000, section 10).</summary>
[TestClass]
public sealed class CloseTests : DriverTest
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Close_WithCodeAndReason_ReachesThePeerAfterHalfARoundTrip(bool byServer)
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        (Ngtcp2Connection closer, Ngtcp2Connection other) = byServer ? (server, client) : (client, server);
        TimeSpan begin = pair.Network.Elapsed;
        _ = closer.CloseAsync(77, "that is all").AsTask();
        pair.Network.RunUntil(() => closer.Closed.IsCompleted);
        Assert.AreEqual(begin, pair.Network.Elapsed);
        Assert.AreEqual(CloseInitiator.Local, closer.Closed.Result.Initiator);
        pair.Network.RunUntil(() => other.Closed.IsCompleted);
        Assert.AreEqual(begin + Milliseconds(10), pair.Network.Elapsed);
        Assert.AreEqual(new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectionClosed, 77, null, "that is all"), other.Closed.Result);
        pair.CheckEmpty();
    }

    [TestMethod]
    public void Close_WithOverlongReason_IsCutBetweenCharacters()
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        _ = client.CloseAsync(1, "x" + new string('ü', 400)).AsTask();
        pair.Network.RunUntil(() => server.Closed.IsCompleted);
        Assert.AreEqual("x" + new string('ü', 255), server.Closed.Result.Reason);
        pair.CheckEmpty();
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Close_WithControlCharactersInItsReason_CannotForgeLinesOfALog(bool byServer)
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        (Ngtcp2Connection closer, Ngtcp2Connection other) = byServer ? (server, client) : (client, server);
        _ = closer.CloseAsync(1, "all good\r\nerror: none\u001b[31m\u0085").AsTask();
        pair.Network.RunUntil(() => other.Closed.IsCompleted);
        Assert.AreEqual("all good\ufffd\ufffderror: none\ufffd[31m\ufffd", other.Closed.Result.Reason);
        pair.CheckEmpty();
    }

    [TestMethod]
    public void Close_ThatGetsLost_IsRepeatedEverMoreRarely()
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        pair.ToServer.IsUp = false;
        _ = client.CloseAsync(5, "lost").AsTask();
        pair.Network.RunUntil(() => client.Closed.IsCompleted);
        int answers = 0;
        pair.ToServer.Filter = _ => ++answers == 4;
        pair.ToServer.IsUp = true;

        // The server knows nothing and sends a whole congestion window.
        long before = pair.ToClient.Sent;
        Ngtcp2Stream stream = DriverPair.Open(server, StreamDirection.Unidirectional);
        Task<string> sending = Application.SendAsync(stream.Output, 1, 10_000);
        pair.Network.RunFor(Milliseconds(11));
        int arrived = (int)(pair.ToClient.Sent - before);
        Assert.IsInRange(8, 15, arrived);
        Assert.AreEqual(4, answers, "Answered are the 1st, 2nd, 4th and 8th datagram.");
        pair.Network.RunFor(Milliseconds(10));
        Assert.IsTrue(server.Closed.IsCompleted);
        Assert.AreEqual("lost", server.Closed.Result.Reason);
        pair.CheckEmpty();
        Assert.IsTrue(sending.IsCompleted);
    }

    [TestMethod]
    public void Close_Received_IsNotAnswered()
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sending = Application.SendAsync(stream.Output, 1, 1_000_000);
        pair.Network.RunFor(Milliseconds(60));
        _ = server.CloseAsync(5).AsTask();
        pair.Network.RunUntil(() => client.Closed.IsCompleted);
        long before = pair.ToServer.Sent;
        int records = pair.Client.Driver.IdCount;
        Assert.IsGreaterThan(0, records, "The draining side remembers its ids.");
        pair.CheckEmpty();
        Assert.AreEqual(before, pair.ToServer.Sent, "A draining endpoint sends nothing (RFC 9000, section 10.2.2).");
        Assert.IsTrue(sending.IsCompleted);
    }

    [TestMethod]
    public void Closing_Period_LastsThreeProbeTimeouts()
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection client, _) = pair.Establish();
        pair.Network.RunFor(Seconds(1));
        TimeSpan begin = pair.Network.Elapsed;
        PathStatistics path = client.GetPathStatistics();
        _ = client.CloseAsync(0).AsTask();
        pair.Network.RunUntil(() => pair.Client.Driver.IdCount == 0);

        // A probe timeout is the round trip, four times its deviation (1 ms at least), and the peer's longest wait (RFC 9002, section 6.2.1).
        TimeSpan deviation = 4 * path.RttVariance!.Value;
        TimeSpan timeout = path.SmoothedRtt!.Value + (deviation > Milliseconds(1) ? deviation : Milliseconds(1)) + Milliseconds(25);
        Assert.IsInRange((3 * timeout) - Milliseconds(0.01), (3 * timeout) + Milliseconds(0.01), pair.Network.Elapsed - begin);
        pair.CheckEmpty();
    }

    [TestMethod]
    public void Abandon_DuringTheHandshake_FreesTheServersSideToo()
    {
        using var pair = new DriverPair();
        Ngtcp2Connection client = pair.Connect();
        pair.Network.RunUntil(() => pair.State.Handshakes == 1);
        client.Abandon("the caller gave up");
        TimeSpan begin = pair.Network.Elapsed;
        pair.Network.RunUntil(() => client.Closed.IsCompleted && pair.State.Handshakes == 0);
        Assert.IsLessThanOrEqualTo(Milliseconds(30), pair.Network.Elapsed - begin);
        Assert.IsEmpty(pair.Accepted);
        pair.CheckEmpty();
    }

    [TestMethod]
    public void Abandon_BeforeTheFirstPacket_LeavesNothing()
    {
        using var pair = new DriverPair();
        Ngtcp2Connection client = pair.Connect();
        client.Abandon("the caller gave up at once");
        pair.Network.RunUntil(() => client.Closed.IsCompleted);
        Assert.AreEqual(CloseInitiator.Local, client.Closed.Result.Initiator);
        pair.CheckEmpty();
    }

    [TestMethod]
    public void StatelessReset_OfAServerThatForgot_EndsTheClientAfterOneRoundTrip()
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection client, _) = pair.Establish();
        pair.Server.Restart();
        Assert.AreEqual(0, pair.Server.Driver.ConnectionCount);
        TimeSpan begin = pair.Network.Elapsed;
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sending = Application.SendAsync(stream.Output, 1, 500);
        Task<(string Digest, long Length)> reading = Application.ReceiveAsync(stream.Input);
        pair.Network.RunUntil(() => client.Closed.IsCompleted);
        Assert.AreEqual(Milliseconds(20), pair.Network.Elapsed - begin);
        Assert.IsInRange(1, 2, pair.State.StatelessResets, "The stream's packet, and perhaps a probe of the path's size.");
        Assert.AreEqual(TransportError.ConnectionLost, client.Closed.Result.Error);
        Assert.Contains("stateless reset", client.Closed.Result.Reason);
        Assert.AreEqual(TransportError.ConnectionLost, Assert.ThrowsExactly<TransportException>(() => pair.Network.Run(reading)).Error);
        pair.CheckEmpty();
        Assert.IsTrue(sending.IsCompleted);
    }

    [TestMethod]
    public void StatelessReset_NeverAnswersAnother()
    {
        // Two servers that know nothing of each other's packets: what one sends as a reset must not make the other send one back for ever.
        using var pair = new DriverPair();
        (Ngtcp2Connection client, _) = pair.Establish();
        pair.Server.Restart();
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sending = Application.SendAsync(stream.Output, 1, 500);
        pair.ToClient.Filter = datagram =>
        {
            Assert.IsLessThanOrEqualTo(43, datagram.Data.Length);
            pair.Network.ScheduleArrival(pair.Network.Now + 1_000_000, datagram with { Source = datagram.Destination, Destination = datagram.Source }, datagram.Data, 0);
            return false;
        };
        pair.Network.RunUntil(() => client.Closed.IsCompleted);
        Assert.IsLessThanOrEqualTo(22 * pair.ToServer.Sent, pair.State.StatelessResets);
        pair.CheckEmpty();
        Assert.IsTrue(sending.IsCompleted);
    }

    [TestMethod]
    public void Unreachable_BeforeAnyAnswer_EndsTheAttempt()
    {
        using var pair = new DriverPair();
        pair.ToServer.IsUp = false;
        Ngtcp2Connection client = pair.Connect();
        pair.Network.RunFor(Milliseconds(50));
        pair.Client.Driver.HandleUnreachable(SocketAddressBuffer.From(IPAddress.Parse("10.0.0.77"), 443), "another one");
        Assert.IsFalse(client.Closed.IsCompleted);
        pair.Client.Driver.HandleUnreachable(SocketAddressBuffer.From(pair.ServerEndPoint), "nobody listens");
        Assert.AreEqual(TransportError.ConnectFailed, client.Closed.Result.Error);
        pair.CheckEmpty();
    }

    [TestMethod]
    public void Unreachable_AfterAnAnswer_IsTakenForForged()
    {
        using var pair = new DriverPair();
        (Ngtcp2Connection client, _) = pair.Establish();
        pair.Client.Driver.HandleUnreachable(SocketAddressBuffer.From(pair.ServerEndPoint), "forged");
        Assert.IsFalse(client.Closed.IsCompleted);
        pair.CloseAndCheckEmpty(client);
    }
}
