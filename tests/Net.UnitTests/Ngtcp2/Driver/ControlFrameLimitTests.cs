using Net.Ngtcp2;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Peers that send frames which cost work and bring nothing, in packets that are otherwise honest (RFC 9000, section 21.9).</summary>
[TestClass]
public sealed class ControlFrameLimitTests : DriverTest
{
    private const int Limit = 1000;
    private const int PacketBytes = 1100;

    // Of stream 0, on which ten bytes were sent.
    [TestMethod]
    [DataRow("01", true, "PING")]
    [DataRow("0200000000", true, "ACK")]
    [DataRow("0400090a", true, "RESET_STREAM")]
    [DataRow("050009", true, "STOP_SENDING")]
    [DataRow("060000", true, "CRYPTO")]
    [DataRow("1000", true, "MAX_DATA")]
    [DataRow("110000", true, "MAX_STREAM_DATA")]
    [DataRow("1200", true, "MAX_STREAMS")]
    [DataRow("1300", true, "MAX_STREAMS")]
    [DataRow("1400", true, "DATA_BLOCKED")]
    [DataRow("150000", true, "STREAM_DATA_BLOCKED")]
    [DataRow("1600", true, "STREAMS_BLOCKED")]
    [DataRow("1700", true, "STREAMS_BLOCKED")]
    [DataRow("1808080caaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", true, "NEW_CONNECTION_ID")]
    [DataRow("1901", true, "RETIRE_CONNECTION_ID")]
    [DataRow("1a0102030405060708", true, "PATH_CHALLENGE")]
    [DataRow("1b0102030405060708", true, "PATH_RESPONSE")]
    [DataRow("01", false, "PING")]
    [DataRow("070101", false, "NEW_TOKEN")]
    [DataRow("1000", false, "MAX_DATA")]
    [DataRow("110000", false, "MAX_STREAM_DATA")]
    [DataRow("1e", false, "HANDSHAKE_DONE")]
    public void Flood_OfFramesOfOneKind_IsCutOff(string frame, bool fromClient, string kind)
    {
        byte[] one = Convert.FromHexString(frame);
        byte[] many = [.. Enumerable.Repeat(one, PacketBytes / one.Length).SelectMany(static f => f)];
        foreach (bool useIPv6 in (bool[])[false, true])
        {
            string what = useIPv6 ? $"{kind} over IPv6" : $"{kind} over IPv4";
            (ConnectionClose? end, int packets, bool isOtherServed) = Run(many, fromClient, packetsAtMost: 100, useIPv6);
            Assert.IsNotNull(end, $"{what}: {packets} packets full of it were taken.");
            Assert.AreEqual(CloseInitiator.Local, end.Initiator, what);
            Assert.AreEqual((long)Ngtcp2Native.NGTCP2_PROTOCOL_VIOLATION, end.TransportErrorCode, what);
            Assert.AreEqual("too many control frames", end.Reason, what);
            Assert.IsTrue(isOtherServed, what);
            Assert.IsGreaterThanOrEqualTo(Limit / (PacketBytes / one.Length), packets, $"{what}: not before the limit.");
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Flood_BelowTheLimit_IsAllowed(bool useIPv6)
    {
        byte[] pings = new byte[Limit / 20];
        Array.Fill(pings, (byte)0x01);
        (ConnectionClose? end, int packets, bool isOtherServed) = Run(pings, fromClient: true, packetsAtMost: 15, useIPv6);
        Assert.IsNull(end);
        Assert.AreEqual(15, packets);
        Assert.IsTrue(isOtherServed);
    }

    [TestMethod]
    public void BulkTransfer_OnManyStreamsWithSmallWindows_IsNoFlood()
    {
        // Windows of 16 KiB make each side grant credit for every 4 KiB, and say as often that it has none. The limit is below the packets that carry it all: data and acknowledgements
        // must not count.
        const int Streams = 100;
        const int Bytes = 150_000;
        const int MostControlFrames = 9_000;
        using var pair = new DriverPair(listen: static o => o with { Limits = Tight(o.Limits) });
        pair.SetLinks(static l => (l.Latency, l.BitsPerSecond, l.QueueBytes) = (Milliseconds(0.1), 10_000_000_000, 16 << 20));
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(static o => o with { Limits = Tight(o.Limits) });
        Task serving = Application.ServeAsync(server, Application.EchoAsync);
        List<Task<(string Digest, long Length)>> received = [];
        List<Task<string>> sent = [];
        List<Ngtcp2Stream> open = [];
        for (int i = 0; i < Streams; i++)
        {
            Ngtcp2Stream stream = DriverPair.Open(client);
            open.Add(stream);
            sent.Add(Application.SendAsync(stream.Output, i, Bytes));
            received.Add(Application.ReceiveAsync(stream.Input));
        }

        TimeSpan begun = pair.Network.Elapsed;
        pair.Network.RunAll([.. received]);
        Assert.IsLessThan(Seconds(1), pair.Network.Elapsed - begun, "All of it came within one window of the limit.");
        CollectionAssert.AreEqual(sent.ConvertAll(static s => s.Result), received.ConvertAll(static r => r.Result.Digest));
        TestContext.WriteLine($"{pair.ToServer.Sent} and {pair.ToClient.Sent} packets");
        Assert.IsGreaterThan(MostControlFrames, Math.Min(pair.ToServer.Sent, pair.ToClient.Sent), "More packets came than frames are allowed.");
        open.ForEach(static s => Application.Release(s));
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);

        static TransportLimits Tight(TransportLimits limits) =>
            limits with { StreamReceiveWindow = 16 << 10, ConnectionReceiveWindow = 4 << 20, MaxControlFramesPerSecond = MostControlFrames };
    }

    private static (ConnectionClose? End, int Packets, bool IsOtherServed) Run(byte[] flood, bool fromClient, int packetsAtMost, bool useIPv6)
    {
        string directory = Directory.CreateTempSubdirectory("control").FullName;
        try
        {
            string keys = Path.Combine(directory, "keys");
            using var pair = new DriverPair(listen: static o => o with { Limits = o.Limits with { MaxControlFramesPerSecond = Limit } }, useIPv6: useIPv6);
            Ngtcp2Connection other = pair.Connect(from: pair.AddClient());
            pair.Network.RunUntil(() => pair.Accepted.Count == 1);
            _ = Application.ServeAsync(pair.Accepted[0], Application.EchoAsync);
            (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(o => o with
            {
                KeyLogFile = keys,
                Versions = [QuicVersion.Version1],
                Limits = o.Limits with { MaxControlFramesPerSecond = Limit },
            });
            _ = server.AcceptStreamAsync().AsTask();
            Ngtcp2Stream stream = DriverPair.Open(client);
            _ = stream.Output.WriteAsync(new byte[10]).AsTask();

            // Into the second after that of the handshake, whose few frames count too.
            pair.Network.RunFor(Seconds(2));
            using PacketForge forge = PacketForge.FromKeyLog(keys, fromClient ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0");
            int packets = 0;
            SimulatedLink link = fromClient ? pair.ToServer : pair.ToClient;
            link.Filter = datagram =>
            {
                byte[] forged = packets < packetsAtMost ? forge.Change(datagram.Data, frames => [.. flood, .. frames]) : datagram.Data;
                packets += forged == datagram.Data ? 0 : 1;
                pair.Network.ScheduleArrival(pair.Network.Now + 10_000_000, datagram, forged, datagram.Ecn);
                return false;
            };
            (Ngtcp2Connection attacker, Ngtcp2Connection victim) = fromClient ? (client, server) : (server, client);
            for (int i = 0; i < packetsAtMost && packets < packetsAtMost && !victim.Closed.IsCompleted; i++)
            {
                // An honest packet for each forged one.
                attacker.Post(new ActionWork(() => attacker.Driver.Ping(new TaskCompletionSource<TimeSpan>())));
                pair.Network.RunFor(Milliseconds(2));
            }

            pair.Network.RunFor(Milliseconds(100));
            Ngtcp2Stream echoed = DriverPair.Open(other);
            _ = Application.SendAsync(echoed.Output, 1, 1000);
            Task<(string Digest, long Length)> echo = Application.ReceiveAsync(echoed.Input);
            bool isOtherServed = pair.Network.TryRunUntil(() => echo.IsCompletedSuccessfully && echo.Result.Length == 1000, Seconds(5));
            return (victim.Closed.IsCompleted ? victim.Closed.Result : null, packets, isOtherServed);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
