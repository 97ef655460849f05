using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>What a connection finds out about its path: size of datagrams, ECN, loss.</summary>
[TestClass]
public sealed class PathTests : Ngtcp2Test
{
    private const byte NotCapable = 0;
    private const byte Capable = 2;
    private const byte CongestionExperienced = 3;

    [TestMethod]
    [DataRow("127.0.0.1", 1452, 1452)]
    [DataRow("::1", 1452, 1452)]
    [DataRow("127.0.0.1", 1300, 1300)]
    [DataRow("127.0.0.1", 8952, 8952)]
    [DataRow("::1", 8952, 8952)]
    [DataRow("127.0.0.1", 65507, 65507)]
    [DataRow("::1", 65488, 65488)]
    [DataRow("127.0.0.1", 1200, 1200)]
    public async Task PathMtuDiscovery_OnAPathThatCarriesAll_FindsTheLargestSizeAllowed(string address, int allowed, int expected)
    {
        Ngtcp2Engine engine = NewEngine(o => o with { MaxUdpPayload = allowed });
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        var (client, accepted) = await ConnectAsync(engine, server);
        await SendUntilAsync(client, () => client.GetPathStatistics().MaxUdpPayload == expected && accepted.GetPathStatistics().MaxUdpPayload == expected);
        await Echo.RoundTripAsync(client, Echo.Payload(1_000_000));
    }

    [TestMethod]
    [DataRow("127.0.0.1", 1452, 1300, 1232)]
    [DataRow("::1", 1452, 1300, 1232)]
    [DataRow("127.0.0.1", 9000, 1472, 1452)]
    [DataRow("127.0.0.1", 1452, 1200, 1200)]
    public async Task PathMtuDiscovery_OnANarrowPath_FindsWhatItCarries(string address, int allowed, int carried, int expected)
    {
        Ngtcp2Engine engine = NewEngine(o => o with { MaxUdpPayload = allowed });
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        int lost = 0;
        UdpRelay relay = Own(new UdpRelay(server.EndPoint, (RelayDirection _, ReadOnlySpan<byte> data, ref byte _) =>
        {
            if (data.Length <= carried)
            {
                return true;
            }

            Interlocked.Increment(ref lost);
            return false;
        }));
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(relay.EndPoint)).WithTimeout());
        await SendUntilAsync(client, () => client.GetPathStatistics().MaxUdpPayload == expected && Volatile.Read(ref lost) > 0);
        await Echo.RoundTripAsync(client, Echo.Payload(1_000_000));

        // A pause of the machine looks like a path that swallows large packets, which are tried again after a while.
        await SendUntilAsync(client, () => client.GetPathStatistics().MaxUdpPayload == expected);
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task PathMtuDiscovery_TurnedOff_NeverSendsMoreThanEveryPathCarries(string address)
    {
        Ngtcp2Engine engine = NewEngine(o => o with { PathMtuDiscovery = false, MaxUdpPayload = 9000 });
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        int largest = 0;
        UdpRelay relay = Own(new UdpRelay(server.EndPoint, (RelayDirection _, ReadOnlySpan<byte> data, ref byte _) =>
        {
            largest = Math.Max(largest, data.Length);
            return true;
        }));
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(relay.EndPoint)).WithTimeout());
        await Echo.RoundTripAsync(client, Echo.Payload(500_000));
        Assert.AreEqual(1200, client.GetPathStatistics().MaxUdpPayload);
        Assert.AreEqual(1200, Volatile.Read(ref largest));
    }

    [TestMethod]
    [DataRow("127.0.0.1", true)]
    [DataRow("::1", true)]
    [DataRow("127.0.0.1", false)]
    [DataRow("::1", false)]
    public async Task Ecn_OnAPathThatKeepsMarks_IsUsedAsConfigured(string address, bool isOn)
    {
        Ngtcp2Engine engine = NewEngine(o => o with { ExplicitCongestionNotification = isOn });
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        var marks = new long[2, 4];
        UdpRelay relay = Own(new UdpRelay(server.EndPoint, (RelayDirection direction, ReadOnlySpan<byte> _, ref byte ecn) =>
        {
            Interlocked.Increment(ref marks[(int)direction, ecn]);
            return true;
        }));
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(relay.EndPoint)).WithTimeout());
        await Echo.RoundTripAsync(client, Echo.Payload(2_000_000));

        // The first packets only try whether marks arrive; that most are marked shows that the peer's counts confirmed it (RFC 9000, section 13.4.2).
        foreach (RelayDirection direction in Enum.GetValues<RelayDirection>())
        {
            long marked = Interlocked.Read(ref marks[(int)direction, Capable]);
            long unmarked = Interlocked.Read(ref marks[(int)direction, NotCapable]);
            Assert.IsGreaterThan(500, marked + unmarked);
            Assert.AreEqual(isOn, marked > unmarked, $"{direction}: {marked} marked, {unmarked} not.");
            Assert.IsTrue(isOn || marked == 0);
        }

        Assert.AreEqual(0, client.GetPathStatistics().CongestionMarksReceived);
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Ecn_MarksOfARouter_AreCountedAndSlowTheSender(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        bool isCongested = false;
        long marked = 0;
        UdpRelay relay = Own(new UdpRelay(server.EndPoint, (RelayDirection direction, ReadOnlySpan<byte> _, ref byte ecn) =>
        {
            if (direction == RelayDirection.ToServer && ecn == Capable && Volatile.Read(ref isCongested))
            {
                ecn = CongestionExperienced;
                Interlocked.Increment(ref marked);
            }

            return true;
        }));
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(relay.EndPoint)).WithTimeout());
        TransportConnection accepted = await server.NextConnectionAsync();
        await Echo.RoundTripAsync(client, Echo.Payload(4_000_000));
        long? before = client.GetPathStatistics().CongestionWindow;

        Volatile.Write(ref isCongested, true);
        await Echo.RoundTripAsync(client, Echo.Payload(1_000_000));
        Assert.IsGreaterThan(0, Interlocked.Read(ref marked));
        Assert.IsGreaterThan(0L, accepted.GetPathStatistics().CongestionMarksReceived!.Value);
        Assert.IsLessThan(before!.Value, client.GetPathStatistics().CongestionWindow!.Value, "Each mark counts as a congestion event (RFC 9002, section 7.1).");
    }

    [TestMethod]
    [DataRow("127.0.0.1", CongestionControl.Cubic)]
    [DataRow("::1", CongestionControl.Cubic)]
    [DataRow("127.0.0.1", CongestionControl.Reno)]
    [DataRow("::1", CongestionControl.Reno)]
    [DataRow("127.0.0.1", CongestionControl.Bbr)]
    [DataRow("::1", CongestionControl.Bbr)]
    public async Task CongestionControl_OfEachKind_CompletesATransferOverALossyPath(string address, CongestionControl control)
    {
        int seed = TestSeed.Take(TestContext);
        var random = new Random(seed);
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { CongestionControl = control });
        int lost = 0;
        UdpRelay relay = Own(new UdpRelay(server.EndPoint, (RelayDirection _, ReadOnlySpan<byte> _, ref byte _) =>
        {
            bool passes = random.Next(200) != 0;
            lost += passes ? 0 : 1;
            return passes;
        }));
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(relay.EndPoint) with { CongestionControl = control }).WithTimeout());
        await Echo.RoundTripAsync(client, Echo.Payload(1_500_000, seed));
        Assert.IsGreaterThan(0, Volatile.Read(ref lost));
        Assert.IsGreaterThan(0, client.GetPathStatistics().CongestionWindow!.Value);
    }

    // Probes go with other packets, so something has to be sent while one waits for them.
    private static async Task SendUntilAsync(TransportConnection client, Func<bool> condition)
    {
        await using TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await Waiting.Until(async () =>
        {
            await Echo.ExchangeAsync(stream, Echo.Payload(100));
            return condition();
        });
    }
}
