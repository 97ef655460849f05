using System.Net;
using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.Ngtcp2.Udp;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Connections that move: a NAT that forgets, a client that migrates, and somebody who only pretends to.</summary>
[TestClass]
public sealed class PathChangeTests : DriverTest
{
    [TestMethod]
    public void Rebinding_InMidTransfer_IsFollowedAfterValidationOnly()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task download = Download(pair, server, client, 3_000_000);
        pair.Network.RunFor(Milliseconds(300));
        IPEndPoint before = server.RemoteEndPoint;
        pair.Client.Rebind();
        SocketAddressBuffer outside = pair.Client.OutsideAddress(0);
        long sent = 0;
        long sentBeforeValidation = 0;
        long received = 0;
        pair.Server.Arrived = (source, length) => received += source == outside ? length : 0;
        pair.ToClient.Filter = datagram =>
        {
            sent += datagram.Destination == outside ? datagram.Data.Length : 0;
            if (server.RemoteEndPoint.Equals(before))
            {
                sentBeforeValidation = sent;
                Assert.IsLessThanOrEqualTo(3 * received, sent, "An address that is not validated gets three times what came from it at most (RFC 9000, section 8.1).");
            }

            return true;
        };
        pair.Network.Run(download);
        Assert.AreEqual(outside.ToIPEndPoint(), server.RemoteEndPoint);
        Assert.IsGreaterThan(1000, sentBeforeValidation, "The challenge went to the new address.");
        Assert.IsGreaterThan(3 * received, sent, "Once validated, the path carries the transfer.");
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Rebinding_ThereAndBackAgain_LosesNothing(bool discovery)
    {
        using DriverPair pair = NewPair(new Ngtcp2EngineOptions { PathMtuDiscovery = discovery });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        SocketAddressBuffer home = pair.Client.OutsideAddress(0);
        Task download = Download(pair, server, client, 3_000_000);
        for (int i = 0; i < 6; i++)
        {
            // Sometimes back before the new path is validated, sometimes after.
            pair.Network.RunFor(Milliseconds(i % 2 == 0 ? 100 : 15));
            pair.Client.Rebind(i % 2 == 0 ? null : home);
        }

        pair.Network.Run(download);
        Assert.AreEqual(home.ToIPEndPoint(), server.RemoteEndPoint);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Rebinding_PretendedBySomebodyElse_EndsOnTheOldPath()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task download = Download(pair, server, client, 3_000_000);
        pair.Network.RunFor(Milliseconds(300));
        IPEndPoint home = server.RemoteEndPoint;
        var stranger = SocketAddressBuffer.From(IPAddress.Parse("10.9.9.9"), 999);
        bool done = false;
        pair.ToServer.Filter = datagram =>
        {
            if (!done)
            {
                // Somebody on the way copies a packet, and the copy arrives first.
                done = true;
                pair.Network.ScheduleArrival(pair.Network.Now + 1_000_000, datagram with { Source = stranger }, datagram.Data, 0);
            }

            return true;
        };
        pair.Network.RunUntil(() => pair.Network.Unroutable > 0);
        pair.Network.Run(download);
        Assert.AreEqual(home, server.RemoteEndPoint);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Migration_InMidTransfer_MovesBothSidesAndKeepsTheStreams()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task download = Download(pair, server, client, 3_000_000);
        Task upload = Download(pair, client, server, 3_000_000);
        for (int i = 0; i < 4; i++)
        {
            pair.Network.RunFor(Milliseconds(200));
            IPEndPoint old = client.LocalEndPoint;
            Task migration = client.MigrateAsync().AsTask();
            pair.Network.RunUntil(() => !client.LocalEndPoint.Equals(old), Seconds(5));
            Assert.AreEqual(2, pair.Client.OpenSockets, "The shared socket, and the connection's own.");
            Wait(migration);
        }

        pair.Network.RunAll([download, upload]);
        Assert.AreEqual(client.LocalEndPoint, server.RemoteEndPoint);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Migration_ToAPathThatDoesNotWork_FailsAndTheOldOneStays()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        IPEndPoint home = client.LocalEndPoint;
        var elsewhere = new IPEndPoint(IPAddress.Parse("10.0.7.7"), 7777);
        pair.ToServer.Filter = datagram => datagram.Source != SocketAddressBuffer.From(elsewhere);
        Task migration = client.MigrateAsync(elsewhere).AsTask();
        pair.Network.RunUntil(() => pair.Client.OpenSockets == 2);
        pair.Network.RunUntil(() => pair.Client.OpenSockets == 1, Seconds(10));
        TransportException failure = Assert.ThrowsExactly<TransportException>(() => Wait(migration));
        Assert.Contains("validated", failure.Message);
        Assert.AreEqual(home, client.LocalEndPoint);
        pair.Network.Run(Download(pair, server, client, 100_000));
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Migration_WhileAnotherIsUnderWay_IsRefused()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, _) = pair.Establish();
        Task first = client.MigrateAsync().AsTask();
        Task second = client.MigrateAsync().AsTask();
        pair.Network.RunFor(Seconds(1));
        Wait(first);
        Assert.Contains("under way", Assert.ThrowsExactly<TransportException>(() => Wait(second)).Message);
        Assert.AreEqual(2, pair.Client.OpenSockets);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Migration_WhileTheConnectionEnds_FailsAndGivesItsSocketBack()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, _) = pair.Establish();
        Task migration = client.MigrateAsync().AsTask();
        pair.Network.RunUntil(() => pair.Client.OpenSockets == 2);
        pair.CloseAndCheckEmpty(client);
        Assert.AreEqual(TransportError.ConnectionClosed, Assert.ThrowsExactly<TransportException>(() => Wait(migration)).Error);
    }

    [TestMethod]
    public void Migration_BeforeTheHandshakeIsConfirmed_WaitsForIt()
    {
        using DriverPair pair = NewPair();
        Ngtcp2Connection client = pair.Connect();
        IPEndPoint home = client.LocalEndPoint;
        Task migration = client.MigrateAsync().AsTask();
        pair.Network.RunUntil(() => client.Driver.IsConfirmed);
        Assert.AreEqual(home, client.LocalEndPoint);
        pair.Network.RunUntil(() => !client.LocalEndPoint.Equals(home), Seconds(2));
        Wait(migration);
        pair.Network.Run(Download(pair, pair.Accepted[0], client, 100_000));
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Migration_OfAClientWhoseServerFallsSilent_EndsWithinItsLimit()
    {
        using DriverPair pair = NewPair();
        Ngtcp2Connection client = pair.Connect();
        Task migration = client.MigrateAsync().AsTask();
        pair.Network.RunUntil(() => pair.Client.OpenSockets == 2);
        pair.ToClient.IsUp = false;
        TimeSpan begin = pair.Network.Elapsed;
        pair.Network.RunUntil(() => pair.Client.OpenSockets == 1, Seconds(5));
        Assert.AreEqual(Seconds(3), pair.Network.Elapsed - begin);
        Assert.ThrowsExactly<TransportException>(() => Wait(migration));
        pair.CloseAndCheckEmpty(client);
    }

    private static DriverPair NewPair(Ngtcp2EngineOptions? engine = null)
    {
        var pair = new DriverPair(engine: engine);
        pair.SetLinks(static link => link.BitsPerSecond = 20_000_000);
        return pair;
    }

    // One unidirectional stream, checked by digest.
    private static async Task Download(DriverPair pair, Ngtcp2Connection from, Ngtcp2Connection to, int length)
    {
        Ngtcp2Stream stream = DriverPair.Open(from, StreamDirection.Unidirectional);
        Task<string> sent = Application.SendAsync(stream.Output, length, length);
        TransportStream arrived = await to.AcceptStreamAsync();
        (string digest, long received) = await Application.ReceiveAsync(arrived.Input);
        Assert.AreEqual(length, received);
        Assert.AreEqual(await sent, digest);
        await arrived.DisposeAsync();
        await stream.DisposeAsync();
        Assert.IsLessThan(Seconds(60), pair.Network.Elapsed);
    }

    // The driver has done its part; the rest is a hop of the thread pool's.
    private static void Wait(Task task)
    {
        try
        {
            task.Wait(Seconds(30));
        }
        catch (AggregateException)
        {
            // Thrown again as it is.
        }

        Assert.IsTrue(task.IsCompleted);
        task.GetAwaiter().GetResult();
    }
}
