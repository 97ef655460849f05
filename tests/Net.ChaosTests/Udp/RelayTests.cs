using System.Net;
using Net.Chaos.Proxy;
using Net.Chaos.Udp;
using Net.Testing;

namespace Net.ChaosTests.Udp;

/// <summary>Sessions, chains, schedules, seeds and limits of a relay.</summary>
[TestClass]
public sealed class RelayTests
{
    private static readonly PeerAddress Other = PeerAddress.From(new IPEndPoint(IPAddress.Parse("127.0.0.1"), 5001));

    [TestMethod]
    public void Receive_SeveralClients_HaveWaysOfTheirOwn()
    {
        var bench = new RelayBench();

        bench.FromClient([1]);
        bench.FromClient([2], Other);
        bench.Relay.ReceiveFromUpstream(bench.Port.Upstreams[1], [3], 1, 0);

        Assert.AreNotEqual(bench.Port.ToServer[0].From, bench.Port.ToServer[1].From);
        Assert.AreEqual(Other, bench.Port.ToClient.Single().To);
    }

    [TestMethod]
    public void Receive_BeyondTheLimitOfSessions_IsRefusedAndCounted()
    {
        var bench = new RelayBench(maxSessions: 1);

        bench.FromClient([1]);
        bench.FromClient([2], Other);

        Assert.HasCount(1, bench.Port.Sent);
        Assert.AreEqual(1, bench.Traffic.RefusedSessions);
    }

    [TestMethod]
    public void Sweep_SilentSession_EndsAndAnotherMayCome()
    {
        var bench = new RelayBench(maxSessions: 1, idle: TimeSpan.FromSeconds(10));
        bench.FromClient([1]);
        bench.Advance(9_000);
        bench.FromServer([1]);
        bench.Advance(9_000);
        Assert.HasCount(1, bench.Relay.Sessions, "An answer of the server counts, too.");

        bench.Advance(3_000);

        Assert.IsEmpty(bench.Relay.Sessions);
        Assert.IsTrue(bench.Port.Upstreams[0].IsClosed);
        bench.FromClient([2], Other);
        Assert.HasCount(1, bench.Relay.Sessions);
    }

    [TestMethod]
    public void Hold_BeyondTheLimitOfBytes_IsLostAndCounted()
    {
        var bench = new RelayBench(maxHeldBytes: 2500);
        bench.Add("latency", """{"latency":1000}""");

        bench.SendNumbered(4, length: 1000);
        bench.Advance(2000);

        Assert.HasCount(2, bench.Port.Sent);
        Assert.AreEqual(2, bench.Traffic.Overflows);
    }

    [TestMethod]
    public void Remove_ToxicThatHoldsPackets_DeliversThemInOrderBeforeLaterOnes()
    {
        var bench = new RelayBench();
        bench.Add("latency", """{"latency":60000}""");
        bench.SendNumbered(3);

        bench.Relay.Remove("latency");
        bench.FromClient([99]);

        Assert.AreSequenceEqual((int[])[0, 1, 2, 99], bench.Port.Sent.Select(static d => d.First).ToArray());
        Assert.AreEqual(0, bench.Relay.HeldBytes);
        bench.Advance(120_000);
        Assert.HasCount(4, bench.Port.Sent, "Nothing comes twice.");
    }

    [TestMethod]
    public void Update_Toxic_ActsAtOnceAndKeepsItsCounters()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("loss", """{"probability":1}""");
        bench.SendNumbered(2);

        bench.Relay.Update(toxic.Update(RelayBench.Parse("""{"probability":0}"""), null));
        bench.SendNumbered(2);

        Assert.HasCount(2, bench.Port.Sent);
        Assert.AreEqual(2, toxic.CountFaults(FaultKind.Dropped));
    }

    [TestMethod]
    public void Chain_SeveralToxics_ActInTheOrderInWhichTheyCame()
    {
        var bench = new RelayBench();
        bench.Add("duplicate", """{"probability":1}""");
        Toxic mtu = bench.Add("mtu", """{"bytes":5}""");
        bench.Add("latency", """{"latency":10}""");

        bench.FromClient(new byte[5]);
        bench.FromClient(new byte[6]);
        bench.Advance(10);

        Assert.HasCount(2, bench.Port.Sent);
        Assert.AreEqual(2, mtu.CountFaults(FaultKind.Dropped), "Both copies met it.");
        Assert.IsTrue(bench.Port.Sent.All(static d => d.At == TimeSpan.FromMilliseconds(10)));
    }

    [TestMethod]
    public void Schedule_StartDurationPeriod_ActsOnlyThen()
    {
        var bench = new RelayBench();
        bench.Add("partition", """{"start":100,"duration":50,"period":200}""");

        bench.SendNumbered(60, gap: TimeSpan.FromMilliseconds(10));

        int[] lost = [.. Enumerable.Range(0, 60).Except(bench.Port.Sent.Select(static d => d.First))];
        Assert.AreSequenceEqual((int[])[10, 11, 12, 13, 14, 30, 31, 32, 33, 34, 50, 51, 52, 53, 54], lost);
    }

    [TestMethod]
    public void Schedule_Stop_IsTheEndCountedFromTheBeginning()
    {
        var bench = new RelayBench();
        bench.Add("partition", """{"start":10,"stop":20}""");

        bench.SendNumbered(4, gap: TimeSpan.FromMilliseconds(10));

        Assert.AreSequenceEqual((int[])[0, 2, 3], bench.Port.Sent.Select(static d => d.First).ToArray());
    }

    [TestMethod]
    public void Toxicity_IsDecidedOnceForEachSessionAndForBothDirections()
    {
        var bench = new RelayBench((ulong)TestSeed.Take(), maxSessions: 1000);
        bench.Add("partition", """{"full":true}""", toxicity: 0.5f);

        for (int i = 0; i < 1000; i++)
        {
            PeerAddress client = PeerAddress.From(new IPEndPoint(IPAddress.Loopback, 6000 + i));
            bench.FromClient([1], client);
            bench.FromClient([1], client);
            bench.FromServer([2]);
        }

        int[] toServer = [.. bench.Port.ToServer.GroupBy(static d => d.From).Select(static g => g.Count())];
        Assert.IsTrue(toServer.All(static n => n == 2), "All of a session or nothing.");
        Assert.AreEqual(500, toServer.Length, 100);
        Assert.HasCount(toServer.Length, bench.Port.ToClient);
    }

    [TestMethod]
    public void Seed_TheSame_GivesTheSameFaultsAndAnotherOthers()
    {
        ulong seed = (ulong)TestSeed.Take();

        string first = Run(seed, sessions: 3);
        Assert.AreEqual(first, Run(seed, sessions: 3));
        Assert.AreNotEqual(first, Run(seed + 1, sessions: 3));
    }

    [TestMethod]
    public void Seed_OneSessionsFaults_DoNotDependOnOthersNorOnToxicsBeforeIt()
    {
        ulong seed = (ulong)TestSeed.Take();

        string[] alone = [.. Run(seed, sessions: 1).Split('\n').Where(static l => l.Contains(":40000 ", StringComparison.Ordinal))];
        string[] among = [.. Run(seed, sessions: 5).Split('\n').Where(static l => l.Contains(":40000 ", StringComparison.Ordinal))];
        Assert.AreSequenceEqual(alone, among);
    }

    [TestMethod]
    public void Rebind_OnCommand_MovesAllSessions()
    {
        var bench = new RelayBench();
        bench.FromClient([1]);
        bench.FromClient([1], Other);

        Assert.AreEqual(2, bench.Relay.Rebind(IPAddress.Parse("127.0.0.7")));
        bench.FromClient([2]);

        Assert.AreEqual("127.0.0.7", bench.Port.ToServer[^1].From!.Address.ToString());
    }

    [TestMethod]
    public void Rebind_Often_KeepsABoundedNumberOfOldPorts()
    {
        var bench = new RelayBench();
        bench.FromClient([1]);

        for (int i = 0; i < 100; i++)
        {
            bench.Relay.Rebind(null);
        }

        Assert.IsLessThanOrEqualTo(17, bench.Port.Upstreams.Count(static u => !u.IsClosed));
        bench.Relay.Close();
        Assert.IsTrue(bench.Port.Upstreams.All(static u => u.IsClosed));
    }

    private static string Run(ulong seed, int sessions)
    {
        var bench = new RelayBench(seed);
        bench.Add("loss", """{"p_bad":0.1,"p_good":0.3}""");
        bench.Add("duplicate", """{"probability":0.1,"delay":3}""");
        bench.Add("corrupt", """{"probability":0.2}""");
        bench.Add("reorder", """{"probability":0.2}""");
        bench.Add("latency", """{"latency":20,"jitter":10,"distribution":"normal"}""");
        bench.Add("quic_drop", """{"packets":"1rtt","probability":0.05}""");
        for (int i = 0; i < 300; i++)
        {
            for (int session = 0; session < sessions; session++)
            {
                bench.FromClient([(byte)(i & 0x3f), (byte)session, .. new byte[20]], PeerAddress.From(new IPEndPoint(IPAddress.Loopback, 7000 + session)));
            }

            bench.Advance(1);
        }

        bench.Advance(1000);
        return string.Join('\n', bench.Port.Sent);
    }
}
