using Net.Chaos.Proxy;
using Net.Chaos.Quic;
using Net.ChaosTests.Udp;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Tls;

namespace Net.ChaosTests.Quic;

/// <summary>The toxics that read QUIC, in memory on a manual clock.</summary>
[TestClass]
public sealed class QuicToxicTests
{
    private static byte[] Coalesced => [.. QuicBytes.Long(QuicPacketKinds.Initial, 60), .. QuicBytes.Long(QuicPacketKinds.Handshake, 50), .. QuicBytes.Short(40)];

    [TestMethod]
    [DataRow("initial", 90)]
    [DataRow("handshake", 100)]
    [DataRow("1rtt", 110)]
    [DataRow("initial,1rtt", 50)]
    [DataRow("0rtt", 150)]
    public void Drop_OfOneKind_CutsItOutOfADatagram(string kinds, int left)
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("quic_drop", $$"""{"packets":"{{kinds}}"}""");

        bench.FromClient(Coalesced);

        Assert.HasCount(left, bench.Port.Sent.Single().Data);
        Assert.AreEqual(kinds == "0rtt" ? 0 : kinds.Split(',').Length, toxic.CountFaults(FaultKind.Dropped));
        Assert.AreEqual(QuicPacketKinds.None, QuicDatagram.KindsOf(bench.Port.Sent[0].Data) & QuicPacketKinds.Other);
    }

    [TestMethod]
    public void Drop_OfAll_SendsNoEmptyDatagram()
    {
        var bench = new RelayBench();
        bench.Add("quic_drop");

        bench.FromClient(Coalesced);

        Assert.IsEmpty(bench.Port.Sent);
    }

    [TestMethod]
    public void Drop_OfTheNth_HitsThatOneOnly()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("quic_drop", """{"packets":"1rtt","nth":3}""");

        for (int i = 0; i < 6; i++)
        {
            bench.FromClient(QuicBytes.Short(30 + i));
        }

        Assert.AreSequenceEqual((int[])[30, 31, 33, 34, 35], bench.Port.Sent.Select(static d => d.Data.Length).ToArray());
        Assert.AreEqual(1, toxic.CountFaults(FaultKind.Dropped));
    }

    [TestMethod]
    public void Drop_EveryAndCount_HitAsToldAndThenNoMore()
    {
        var bench = new RelayBench();
        bench.Add("quic_drop", """{"packets":"1rtt","every":2,"count":2}""");

        for (int i = 0; i < 8; i++)
        {
            bench.FromClient(QuicBytes.Short(30 + i));
        }

        Assert.AreSequenceEqual((int[])[30, 32, 34, 35, 36, 37], bench.Port.Sent.Select(static d => d.Data.Length).ToArray());
    }

    [TestMethod]
    public void Delay_OfHandshake_SplitsTheDatagram()
    {
        var bench = new RelayBench();
        bench.Add("quic_delay", """{"packets":"handshake","latency":25}""");

        bench.FromClient(Coalesced);
        bench.Advance(100);

        Assert.AreSequenceEqual([(0.0, 100), (25.0, 50)], bench.Port.Sent.Select(static d => (d.At.TotalMilliseconds, d.Data.Length)).ToList());
    }

    [TestMethod]
    public void Cut_ByNumber_CutsOneConnectionOfAClientAmongSeveral()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("quic_cut", """{"connection":1,"start":100}""");
        byte[][] clientIds = [[1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3]];
        byte[][] serverIds = [[9, 1, 1], [9, 2, 2], [9, 3, 3]];
        for (int i = 0; i < 3; i++)
        {
            bench.FromClient(QuicBytes.Long(QuicPacketKinds.Initial, 60, [7, 7, 7, (byte)i], clientIds[i]));
            bench.FromServer(QuicBytes.Long(QuicPacketKinds.Initial, 60, clientIds[i], serverIds[i]));
        }

        bench.Advance(200);
        bench.Port.Sent.Clear();
        for (int i = 0; i < 3; i++)
        {
            bench.FromClient(QuicBytes.Short(30 + i, serverIds[i]));
            bench.FromServer(QuicBytes.Short(40 + i, clientIds[i]));
        }

        Assert.AreSequenceEqual((int[])[30, 40, 32, 42], bench.Port.Sent.Select(static d => d.Data.Length).ToArray());
        Assert.AreEqual(2, toxic.CountFaults(FaultKind.Dropped));
        Assert.HasCount(3, bench.Relay.Sessions.Single().Quic.Connections);
    }

    [TestMethod]
    [DataRow("cut.example", 0)]
    [DataRow("other.example", 1)]
    public void Cut_ByServerName_ReadsTheFirstFlight(string name, int passed)
    {
        var random = new Random(TestSeed.Take());
        var bench = new RelayBench();
        bench.Add("quic_cut", """{"sni":"cut.example"}""");

        bench.FromClient(InitialDatagram.Wrap(InitialDatagram.ClientHello(random, serverName: name), random));

        Assert.HasCount(passed, bench.Port.Sent);
    }

    [TestMethod]
    public void Cut_ByIdentifier_CutsWhatBeginsWithIt()
    {
        var bench = new RelayBench();
        bench.Add("quic_cut", """{"cid":"5152"}""");

        bench.FromClient(QuicBytes.Long(QuicPacketKinds.Initial, 60));
        bench.FromClient(QuicBytes.Long(QuicPacketKinds.Initial, 60, [1, 2, 3], [4, 5, 6]));

        Assert.HasCount(1, bench.Port.Sent);
    }

    [TestMethod]
    public void Replay_OfTheFirstFlight_ComesFromElsewhereAndItsAnswersGoNowhere()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("replay", """{"copies":2,"delay":50,"address":"127.0.0.9"}""");
        bench.FromClient(QuicBytes.Long(QuicPacketKinds.Initial, 60));
        bench.FromClient(QuicBytes.Long(QuicPacketKinds.ZeroRtt, 70));
        bench.FromServer(QuicBytes.Long(QuicPacketKinds.Initial, 80, QuicBytes.ClientId, QuicBytes.ServerId));
        bench.FromClient(QuicBytes.Short(30));

        bench.Advance(500);

        List<SentDatagram> replayed = [.. bench.Port.ToServer.Where(static d => d.From!.Address.ToString() == "127.0.0.9")];
        Assert.AreSequenceEqual([(50.0, 60), (50.0, 70), (100.0, 60), (100.0, 70)], replayed.Select(static d => (d.At.TotalMilliseconds, d.Data.Length)).ToList());
        Assert.AreEqual(4, toxic.CountFaults(FaultKind.Replayed));

        int before = bench.Port.ToClient.Count;
        bench.Relay.ReceiveFromUpstream(bench.Port.Upstreams.Single(static u => u.IsStray), [1, 2, 3], 3, 0);
        Assert.HasCount(before, bench.Port.ToClient);
        Assert.AreEqual(3, bench.Traffic.StrayBytes);
    }

    [TestMethod]
    public void Replay_OfTheFirstFlight_OfALaterConnectionFromTheSameSocket_HappensToo()
    {
        var bench = new RelayBench();
        bench.FromClient(QuicBytes.Long(QuicPacketKinds.Initial, 60));
        bench.FromServer(QuicBytes.Long(QuicPacketKinds.Initial, 80, QuicBytes.ClientId, QuicBytes.ServerId));
        Toxic toxic = bench.Add("replay", """{"copies":2,"delay":50,"address":"127.0.0.9"}""");
        byte[] firstId = [9, 9, 9, 9, 9, 9, 9, 9];
        byte[] clientId = [8, 8, 8, 8];
        byte[] chosenId = [7, 7, 7, 7, 7];
        bench.FromClient(QuicBytes.Long(QuicPacketKinds.Initial, 61, firstId, clientId));
        bench.FromClient(QuicBytes.Long(QuicPacketKinds.ZeroRtt, 71, firstId, clientId));
        bench.FromServer(QuicBytes.Long(QuicPacketKinds.Initial, 81, clientId, chosenId));
        bench.FromClient(QuicBytes.Long(QuicPacketKinds.Initial, 62, chosenId, clientId));
        bench.FromClient(QuicBytes.Long(QuicPacketKinds.Handshake, 63, chosenId, clientId));
        bench.FromClient(QuicBytes.Short(30));

        bench.Advance(500);

        List<SentDatagram> replayed = [.. bench.Port.ToServer.Where(static d => d.From!.Address.ToString() == "127.0.0.9")];
        Assert.AreSequenceEqual([(50.0, 61), (50.0, 71), (100.0, 61), (100.0, 71)], replayed.Select(static d => (d.At.TotalMilliseconds, d.Data.Length)).ToList());
        Assert.AreEqual(4, toxic.CountFaults(FaultKind.Replayed));
    }

    [TestMethod]
    public void Replay_OfChosenPackets_RepeatsTheirDatagrams()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("replay", """{"what":"packets","packets":"1rtt","nth":2,"copies":3,"delay":10}""");
        for (int i = 0; i < 4; i++)
        {
            bench.FromClient(QuicBytes.Short(30 + i));
        }

        bench.Advance(100);

        Assert.AreSequenceEqual((int[])[30, 31, 32, 33, 31, 31, 31], bench.Port.ToServer.Select(static d => d.Data.Length).ToArray());
        Assert.AreEqual(3, toxic.CountFaults(FaultKind.Replayed));
        Assert.HasCount(2, bench.Port.ToServer.Select(static d => d.From!.Port).Distinct().ToList());
    }

    [TestMethod]
    public void Replay_RemovedBeforeItsTime_ReplaysNothingOnTheClientsOwnWay()
    {
        var bench = new RelayBench();
        bench.Add("replay", """{"what":"packets","delay":100}""");
        bench.FromClient(QuicBytes.Short(30));

        bench.Relay.Remove("replay");
        bench.Advance(1000);

        Assert.HasCount(1, bench.Port.ToServer);
    }

    [TestMethod]
    public void VersionNegotiation_AnswersTheFirstInitialWithSwappedIdentifiers()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("version_negotiation", """{"versions":"own,1a2a3a4a"}""");

        bench.FromClient(QuicBytes.Long(QuicPacketKinds.Initial, 60));
        bench.FromClient(QuicBytes.Long(QuicPacketKinds.Initial, 60));

        QuicPacketView forged = QuicPacketView.Read(bench.Port.ToClient.Single().Data, 0);
        Assert.AreEqual(QuicPacketKinds.VersionNegotiation, forged.Kind);
        Assert.AreSequenceEqual(QuicBytes.ClientId, forged.DestinationId.ToArray());
        Assert.AreSequenceEqual(QuicBytes.ServerId, forged.SourceId.ToArray());
        Assert.AreEqual("000000011A2A3A4A", Convert.ToHexString(forged.Bytes[^8..]));
        Assert.AreEqual(1, toxic.CountFaults(FaultKind.Injected));
        Assert.HasCount(2, bench.Port.ToServer);
    }

    [TestMethod]
    public void Retry_BehindTheServersAnswer_ComesAfterIt()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("retry_injection", """{"when":"server","valid":true,"copies":2}""");
        bench.FromClient(QuicBytes.Long(QuicPacketKinds.Initial, 60));
        Assert.IsEmpty(bench.Port.ToClient);

        bench.FromServer(QuicBytes.Long(QuicPacketKinds.Initial, 80, QuicBytes.ClientId, QuicBytes.ServerId));

        Assert.AreSequenceEqual(
            [QuicPacketKinds.Initial, QuicPacketKinds.Retry, QuicPacketKinds.Retry], bench.Port.ToClient.Select(static d => QuicDatagram.KindsOf(d.Data)).ToList());
        Assert.AreEqual(2, toxic.CountFaults(FaultKind.Injected));
    }

    [TestMethod]
    [DataRow("quic_drop", """{"packets":"nonsense"}""", "packets is 'nonsense'")]
    [DataRow("quic_cut", """{"cid":"xyz"}""", "cid is 'xyz'")]
    [DataRow("version_negotiation", """{"versions":"hello"}""", "versions is 'hello'")]
    [DataRow("replay", """{"address":"nowhere"}""", "address is 'nowhere'")]
    [DataRow("nat_rebind", "{}", "needs an interval or every")]
    [DataRow("loss", """{"probability":2,"p_good":-1}""", "probability is 2; it must be 0 to 1; p_good is -1")]
    [DataRow("loss", """{"propability":0.1}""", "there is no attribute 'propability'; there are probability")]
    [DataRow("loss", """{"start":5,"stop":5}""", "stop must be later than start")]
    [DataRow("loss", """{"period":5}""", "period needs a duration")]
    [DataRow("ecn", """{"mode":"off"}""", "mode is 'off'; it must be one of bleach, ce")]
    public void Attributes_ThatMakeNoSense_AreRefusedWithTheReason(string type, string attributes, string reason)
    {
        var refusal = Assert.ThrowsExactly<ChaosException>(() => RelayBench.Make(type, attributes));

        Assert.AreEqual(ChaosError.BadRequest, refusal.Error);
        Assert.Contains(reason, refusal.Message);
    }
}
