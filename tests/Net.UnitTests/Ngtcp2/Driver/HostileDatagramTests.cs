using System.Net;
using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.Ngtcp2.Udp;
using Net.UnitTests.Ngtcp2.Driver.Simulation;
using Net.UnitTests.Ngtcp2.Tls;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Datagrams of somebody who sees packets pass and sends what he likes, but has no keys: he must neither end a connection nor make the server send more than its share.</summary>
[TestClass]
public sealed class HostileDatagramTests : DriverTest
{
    private const int IdLimit = 100;
    private static readonly SocketAddressBuffer Stranger = SocketAddressBuffer.From(IPAddress.Parse("10.9.9.9"), 999);

    [TestMethod]
    public void Garbage_WithTheIdOfAConnection_IsNotHeldAgainstItsPeer()
    {
        ForSeeds(5, static seed =>
        {
            using var pair = new DriverPair(seed, static o => o with { Limits = o.Limits with { MaxIdleDatagramsPerSecond = IdLimit } });
            (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
            byte[] seen = CapturePacket(pair, client);
            for (int i = 0; i < 10 * IdLimit; i++)
            {
                // The id stays, the rest is anything.
                byte[] garbage = new byte[pair.Network.Random.Next(14, 1500)];
                pair.Network.Random.NextBytes(garbage);
                seen.AsSpan(0, 13).CopyTo(garbage);
                pair.Server.Receive(0, i % 2 == 0 ? Stranger : pair.Client.OutsideAddress(0), garbage, 0);
            }

            CheckAlive(pair, client, server);
        });
    }

    [TestMethod]
    public void Copies_OfPacketsOfAConnection_AreNotHeldAgainstItsPeer()
    {
        using var pair = new DriverPair(listen: static o => o with { Limits = o.Limits with { MaxIdleDatagramsPerSecond = IdLimit } });
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        byte[] seen = CapturePacket(pair, client);
        for (int i = 0; i < 10 * IdLimit; i++)
        {
            pair.Server.Receive(0, i % 2 == 0 ? Stranger : pair.Client.OutsideAddress(0), seen, 0);
        }

        CheckAlive(pair, client, server);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(25)]
    [DataRow(600)]
    public void RefusedHandshake_WithMoreDatagramsOfTheSameClient_IsNoAmplifier(int length)
    {
        using var pair = new DriverPair();
        SimulatedHost hostile = pair.AddClient();
        byte[] hello = InitialDatagram.ClientHello(pair.Network.Random, hasTransportParameters: false);
        byte[] first = InitialDatagram.Wrap(hello, pair.Network.Random);
        long sent = 0;
        long received = 0;
        pair.Server.Arrived = (source, bytes) => received += bytes;
        pair.Network.Link(pair.Server, hostile).Filter = datagram =>
        {
            sent += datagram.Data.Length;
            Assert.IsLessThanOrEqualTo(3 * received, sent, "An address that is not validated gets three times what came from it at most (RFC 9000, sections 8.1 and 10.2.1).");
            return true;
        };
        Transmit(pair, hostile, first);
        pair.Network.RunFor(Milliseconds(30));
        long answered = sent;
        Assert.IsGreaterThan(0, answered, "The hello is refused with an answer.");
        byte[] more = new byte[Math.Max(length, 14)];
        first.AsSpan(0, Math.Min(more.Length, first.Length)).CopyTo(more);

        // A packet with a short header and the same id is shorter.
        more[0] = 0x40;
        first.AsSpan(6, 12).CopyTo(more.AsSpan(1));
        for (int i = 0; i < 1000; i++)
        {
            Transmit(pair, hostile, i % 2 == 0 && length > 30 ? first[..length] : more);
        }

        pair.Network.RunFor(Milliseconds(30));
        pair.CheckEmpty();
    }

    [TestMethod]
    public void RefusedHandshakes_MoreThanTheLimit_LeaveNoMoreThanThatBehind()
    {
        const int Limit = 5;
        using var pair = new DriverPair(listen: static o => o with { MaxHandshakes = Limit });
        SimulatedHost hostile = pair.AddClient();
        int ids = 0;
        for (int i = 0; i < 20 * Limit; i++)
        {
            byte[] hello = InitialDatagram.ClientHello(pair.Network.Random, hasTransportParameters: false);
            Transmit(pair, hostile, InitialDatagram.Wrap(hello, pair.Network.Random));
            pair.Network.RunFor(Milliseconds(11));
            Assert.AreEqual(0, pair.State.Handshakes);
            ids = i == Limit - 1 ? pair.Server.Driver.IdCount : ids;
        }

        Assert.IsGreaterThan(0, ids, "The first ones are remembered for their closing periods.");
        Assert.AreEqual(ids, pair.Server.Driver.IdCount);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        CheckAlive(pair, client, server);
    }

    [TestMethod]
    public void Garbage_WhileAPathIsNotValidated_DoesNotRaiseWhatIsSentThere()
    {
        using var pair = new DriverPair();
        pair.SetLinks(static link => link.BitsPerSecond = 20_000_000);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        byte[] seen = CapturePacket(pair, client);
        Ngtcp2Stream stream = DriverPair.Open(server, StreamDirection.Unidirectional);
        Task<string> sending = Application.SendAsync(stream.Output, 1, 3_000_000);
        pair.Network.RunFor(Milliseconds(300));
        IPEndPoint before = server.RemoteEndPoint;
        pair.Client.Rebind();
        SocketAddressBuffer outside = pair.Client.OutsideAddress(0);
        long sent = 0;
        long received = 0;
        bool moved = false;
        pair.Server.Arrived = (source, length) => received += source == outside ? length : 0;
        pair.ToClient.Filter = datagram =>
        {
            sent += datagram.Destination == outside ? datagram.Data.Length : 0;
            if (server.RemoteEndPoint.Equals(before))
            {
                moved |= sent > 0;
                Assert.IsLessThanOrEqualTo(3 * received, sent, "What others send counts for nobody's address.");
                byte[] garbage = new byte[1400];
                seen.AsSpan(0, 13).CopyTo(garbage);
                pair.Network.ScheduleArrival(pair.Network.Now, datagram with { Source = Stranger, Destination = SocketAddressBuffer.From(pair.ServerEndPoint) }, garbage, 0);
            }

            return true;
        };
        Task<TransportStream> accept = client.AcceptStreamAsync().AsTask();
        pair.Network.Run(accept);
        Task<(string Digest, long Length)> receiving = Application.ReceiveAsync(accept.Result.Input);
        pair.Network.Run(receiving);
        Assert.AreEqual(sending.Result, receiving.Result.Digest);
        Assert.IsTrue(moved, "Something was sent to the new address before it was validated.");
        Assert.AreEqual(outside.ToIPEndPoint(), server.RemoteEndPoint);
        pair.CloseAndCheckEmpty(client);
    }

    private static byte[] CapturePacket(DriverPair pair, Ngtcp2Connection client)
    {
        byte[]? seen = null;
        pair.ToServer.Filter = datagram =>
        {
            seen ??= datagram.HasLongHeader ? null : datagram.Data;
            return true;
        };
        Ngtcp2Stream stream = DriverPair.Open(client);
        _ = stream.Output.WriteAsync(new byte[100]).AsTask();
        pair.Network.RunUntil(() => seen is not null);
        pair.Network.RunFor(Seconds(2));
        pair.ToServer.Filter = null;
        return seen!;
    }

    private static void CheckAlive(DriverPair pair, Ngtcp2Connection client, Ngtcp2Connection server)
    {
        pair.Network.RunFor(Milliseconds(1));
        Assert.IsFalse(server.Closed.IsCompleted, server.Closed.IsCompleted ? server.Closed.Result.Reason : "");
        Task serving = Application.ServeAsync(server, Application.EchoAsync);
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sent = Application.SendAsync(stream.Output, 1, 50_000);
        Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
        pair.Network.Run(echo);
        Assert.AreEqual(sent.Result, echo.Result.Digest);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    private static void Transmit(DriverPair pair, SimulatedHost from, byte[] data) =>
        pair.Network.Transmit(from, from.OutsideAddress(0), SocketAddressBuffer.From(pair.ServerEndPoint), 0, data);
}
