using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>The figures of packets, which are more than the datagrams while a handshake coalesces them.</summary>
[TestClass]
public sealed class PacketCountTests : DriverTest
{
    private const int Bytes = 300_000;

    [TestMethod]
    [DataRow(QuicVersion.Version1, false)]
    [DataRow(QuicVersion.Version1, true)]
    [DataRow(QuicVersion.Version2, false)]
    public void PacketsSent_OnALosslessPath_AreThosePeerReceived(QuicVersion version, bool useIPv6)
    {
        using var pair = new DriverPair(listen: o => o with { Versions = [version] }, useIPv6: useIPv6);
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(o => o with { Versions = [version] });
        (PathStatistics early, PathStatistics earlyServer) = (client.GetPathStatistics(), server.GetPathStatistics());
        Assert.IsGreaterThan(early.DatagramsSent!.Value, early.PacketsSent!.Value);
        Assert.IsGreaterThan(earlyServer.DatagramsSent!.Value, earlyServer.PacketsSent!.Value);

        Task serving = Application.ServeAsync(server, Application.EchoAsync);
        Ngtcp2Stream stream = DriverPair.Open(client);
        Task<string> sent = Application.SendAsync(stream.Output, 1, Bytes);
        Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
        pair.Network.Run(echo);
        Assert.AreEqual(sent.Result, echo.Result.Digest);
        Application.Release(stream);
        pair.Network.RunFor(Seconds(5));

        (PathStatistics last, PathStatistics lastServer) = (client.GetPathStatistics(), server.GetPathStatistics());
        Check(last, lastServer, pair.ToServer);
        Check(lastServer, last, pair.ToClient);

        // Behind the handshake each datagram is one packet.
        Assert.AreEqual(last.DatagramsReceived - early.DatagramsReceived, last.PacketsReceived - early.PacketsReceived);
        Assert.IsGreaterThan(Bytes / 1500, last.PacketsReceived!.Value - early.PacketsReceived!.Value);
        Assert.IsFalse(serving.IsCompleted);
        pair.CloseAndCheckEmpty(client);
    }

    private static void Check(in PathStatistics sender, in PathStatistics receiver, SimulatedLink link)
    {
        Assert.AreEqual(0, link.Dropped);
        Assert.AreEqual(sender.PacketsSent, receiver.PacketsReceived);
        Assert.AreEqual(sender.DatagramsSent, receiver.DatagramsReceived);
    }
}
