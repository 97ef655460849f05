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
    [DataRow(false, null)]
    [DataRow(false, "10.0.77.1")]
    [DataRow(true, null)]
    [DataRow(true, "fd00::77:1")]
    public void Rebinding_InMidTransfer_IsFollowedAfterValidationOnly(bool useIPv6, string? address)
    {
        using DriverPair pair = NewPair(useIPv6: useIPv6);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task download = Download(pair, server, client, 3_000_000);
        pair.Network.RunFor(Milliseconds(300));
        IPEndPoint before = server.RemoteEndPoint;
        pair.Client.Rebind(address is null ? null : SocketAddressBuffer.From(IPAddress.Parse(address), before.Port));
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
    [DataRow(true, false)]
    [DataRow(false, false)]
    [DataRow(true, true)]
    [DataRow(false, true)]
    public void Rebinding_ThereAndBackAgain_LosesNothing(bool discovery, bool useIPv6)
    {
        using DriverPair pair = NewPair(new Ngtcp2EngineOptions { PathMtuDiscovery = discovery }, useIPv6);
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
    [DataRow(false, "10.9.9.9")]
    [DataRow(true, "fd00::9:9")]
    public void Rebinding_PretendedBySomebodyElse_EndsOnTheOldPath(bool useIPv6, string strangersAddress)
    {
        using DriverPair pair = NewPair(useIPv6: useIPv6);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task download = Download(pair, server, client, 3_000_000);
        pair.Network.RunFor(Milliseconds(300));
        IPEndPoint home = server.RemoteEndPoint;
        var stranger = SocketAddressBuffer.From(IPAddress.Parse(strangersAddress), 999);
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
    [DataRow(false, null)]
    [DataRow(false, "10.0.88.")]
    [DataRow(true, null)]
    [DataRow(true, "fd00::88:")]
    public void Migration_InMidTransfer_MovesBothSidesAndKeepsTheStreams(bool useIPv6, string? prefix)
    {
        using DriverPair pair = NewPair(useIPv6: useIPv6);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        Task download = Download(pair, server, client, 3_000_000);
        Task upload = Download(pair, client, server, 3_000_000);
        for (int i = 0; i < 4; i++)
        {
            pair.Network.RunFor(Milliseconds(200));
            IPEndPoint old = client.LocalEndPoint;
            IPEndPoint? target = prefix is null ? null : new IPEndPoint(IPAddress.Parse($"{prefix}{i + 1}"), 0);
            Task migration = client.MigrateAsync(target).AsTask();
            pair.Network.RunUntil(() => !client.LocalEndPoint.Equals(old), Seconds(5));
            Assert.AreEqual(target?.Address ?? old.Address, client.LocalEndPoint.Address);
            Assert.AreEqual(2, pair.Client.OpenSockets, "The shared socket, and the connection's own.");
            Wait(migration);
        }

        pair.Network.RunAll([download, upload]);
        Assert.AreEqual(client.LocalEndPoint, server.RemoteEndPoint);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    [DataRow(false, "10.0.7.7")]
    [DataRow(true, "fd00::7:7")]
    public void Migration_ToAPathThatDoesNotWork_FailsAndTheOldOneStays(bool useIPv6, string address)
    {
        using DriverPair pair = NewPair(useIPv6: useIPv6);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        IPEndPoint home = client.LocalEndPoint;
        var elsewhere = new IPEndPoint(IPAddress.Parse(address), 7777);
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

    [TestMethod]
    public void Rebinding_OfAClientThatOnlyWaits_IsFoundOutByThePingIntoTheSilence()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(static o => o with { IdleTimeout = Seconds(60) });
        Ngtcp2Stream stream = DriverPair.Open(client);
        _ = stream.Output.WriteAsync(new byte[100]).AsTask();
        Ngtcp2Stream accepted = pair.Accept(server);
        pair.Network.RunFor(Milliseconds(200));
        pair.Client.Rebind();
        TimeSpan begin = pair.Network.Elapsed;
        Task<string> sent = Application.SendAsync(accepted.Output, 1, 20_000);
        Task<(string Digest, long Length)> received = Application.ReceiveAsync(stream.Input);
        pair.Network.RunAll([sent, received], Seconds(5));
        Assert.AreEqual(sent.Result, received.Result.Digest);
        Assert.IsGreaterThan(0, pair.Network.Unroutable, "The answer went to the address that was.");
        Assert.IsLessThan(Seconds(3), pair.Network.Elapsed - begin);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Silence_OnAnOpenStream_CostsAFewPacketsAndEndsAtTheIdleTimeout()
    {
        using var pair = new DriverPair(listen: static o => o with { IdleTimeout = Seconds(30) }, engine: new Ngtcp2EngineOptions { PathMtuDiscovery = false });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(static o => o with { IdleTimeout = Seconds(30) });
        Ngtcp2Stream stream = DriverPair.Open(client);
        _ = stream.Output.WriteAsync(new byte[100]).AsTask();
        pair.Accept(server);
        pair.Network.RunFor(Milliseconds(500));
        long sent = pair.ToServer.Sent;
        TimeSpan begin = pair.Network.Elapsed;
        pair.Network.RunUntil(() => client.Closed.IsCompleted, Seconds(100));

        // After 1, 3, 7 and 15 seconds; half of the idle timeout is 15. The library asks for an acknowledgement of its acknowledgements now and then.
        Assert.IsInRange(4L, 8L, pair.ToServer.Sent - sent);
        Assert.IsInRange(Seconds(44), Seconds(46), pair.Network.Elapsed - begin);
        Assert.AreEqual(TransportError.ConnectionLost, client.Closed.Result.Error);
        pair.CheckEmpty();
    }

    // libngtcp2 1.11 counts a connection id that it has retired when moves overtake each other, and closed the connection when the client gave the one that was due. It also goes back to
    // a path whose id it has retired; then the connection ends, and both sides know why.
    [TestMethod]
    public void Migrations_ThatOvertakeEachOther_BreakNoRuleAndLoseHardlyAnything()
    {
        const int Seeds = 40;
        int lost = 0;
        ForSeeds(Seeds, seed =>
        {
            using var pair = new DriverPair(seed);
            var random = new Random(seed);
            (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
            pair.SetLinks(static link =>
            {
                link.BitsPerSecond = 20_000_000;
                link.Loss = 0.1;
                link.LongestLoss = 3;
                link.Reorder = 0.2;
                link.ReorderDelay = Milliseconds(40);
            });
            Task transfers = Task.WhenAll(Download(pair, server, client, 2_000_000), Download(pair, client, server, 2_000_000));
            for (int i = 0; i < 12 && !client.Closed.IsCompleted; i++)
            {
                Move(pair, client, random);
            }

            pair.SetLinks(static link => link.Loss = 0);
            pair.Network.RunUntil(() => transfers.IsCompleted, TimeSpan.FromMinutes(3));
            if (transfers.IsFaulted)
            {
                lost++;
                pair.Network.RunUntil(() => client.Closed.IsCompleted && server.Closed.IsCompleted, TimeSpan.FromMinutes(2));
                Assert.AreEqual(TransportError.ConnectionLost, client.Closed.Result.Error, client.Closed.Result.ToString());
                Assert.AreEqual(TransportError.ConnectionLost, server.Closed.Result.Error, server.Closed.Result.ToString());
                pair.CheckEmpty();
                return;
            }

            pair.CloseAndCheckEmpty(client);
        });
        TestContext.WriteLine($"{lost} of {Seeds} connections were lost");
        Assert.IsLessThan(Seeds / 8, lost, "One in some 700 is lost.");
    }

    // Begins a move, sometimes with a silent path at first, so that the server gives up what it kept for it; and goes on before it is over, sometimes.
    private static void Move(DriverPair pair, Ngtcp2Connection client, Random random)
    {
        Task migration = client.MigrateAsync().AsTask();
        if (random.Next(3) == 0)
        {
            pair.ToServer.IsUp = false;
            pair.Network.RunFor(Milliseconds(random.Next(50, 900)));
            pair.ToServer.IsUp = true;
        }

        pair.Network.TryRunUntil(() => migration.IsCompleted, Milliseconds(random.Next(1, 4000)));
        pair.Network.RunFor(Milliseconds(random.Next(0, 60)));
    }

    private static DriverPair NewPair(Ngtcp2EngineOptions? engine = null, bool useIPv6 = false)
    {
        var pair = new DriverPair(engine: engine, useIPv6: useIPv6);
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
