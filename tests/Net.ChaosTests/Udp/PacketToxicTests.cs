using Net.Chaos.Proxy;
using Net.Testing;

namespace Net.ChaosTests.Udp;

/// <summary>Each UDP toxic in memory on a manual clock: what passes, when, and that the counters tell what happened.</summary>
[TestClass]
public sealed class PacketToxicTests
{
    [TestMethod]
    public void Noop_BothDirections_PassesAllUnchangedWithTheirMarks()
    {
        var bench = new RelayBench();

        bench.FromClient([1, 2, 3], ecn: 2);
        bench.FromServer([4, 5], ecn: 1);
        bench.FromClient([]);

        Assert.AreSequenceEqual((byte[])[1, 2, 3], bench.Port.ToServer[0].Data);
        Assert.AreEqual(2, bench.Port.ToServer[0].Ecn);
        Assert.AreEqual(RelayBench.Client, bench.Port.ToClient.Single().To);
        Assert.AreEqual(1, bench.Port.ToClient.Single().Ecn);
        Assert.IsEmpty(bench.Port.ToServer[1].Data);
        Assert.AreEqual(2, bench.Traffic.SentDatagrams(ToxicStream.Upstream));
        Assert.AreEqual(2, bench.Traffic.ReceivedBytes(ToxicStream.Downstream));
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(0.2)]
    [DataRow(1.0)]
    public void Loss_Random_LosesAboutItsPartAndCountsEach(double probability)
    {
        var bench = new RelayBench((ulong)TestSeed.Take());
        Toxic toxic = bench.Add("loss", $$"""{"probability":{{probability.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}""");

        bench.SendNumbered(10_000);

        long lost = toxic.CountFaults(FaultKind.Dropped);
        Assert.AreEqual(10_000 - lost, bench.Port.Sent.Count);

        // Six deviations of a binomial of 10,000: one run in 10^9 would fail.
        double deviation = Math.Sqrt(10_000 * probability * (1 - probability));
        Assert.AreEqual(10_000 * probability, lost, 6 * deviation + 0.5);
    }

    [TestMethod]
    public void Loss_GilbertElliott_LosesInBursts()
    {
        var bench = new RelayBench((ulong)TestSeed.Take());
        Toxic toxic = bench.Add("loss", """{"p_bad":0.02,"p_good":0.2,"loss_bad":1,"loss_good":0}""");

        bench.SendNumbered(20_000);

        long lost = toxic.CountFaults(FaultKind.Dropped);
        int bursts = 0;
        int expected = 0;
        foreach (SentDatagram sent in bench.Port.Sent)
        {
            bursts += sent.First != (byte)expected ? 1 : 0;
            expected = sent.First + 1;
        }

        // The bad state holds 1/0.2 = 5 datagrams on average and has 0.02/(0.02+0.2) = 9 % of the time.
        Assert.AreEqual(20_000 * 0.0909, lost, 600);
        Assert.AreEqual(5.0, (double)lost / bursts, 1.5);
    }

    [TestMethod]
    public void Loss_WithMaxBurst_NeverLosesMoreInARow()
    {
        var bench = new RelayBench((ulong)TestSeed.Take());
        bench.Add("loss", """{"probability":0.9,"max_burst":3}""");

        bench.SendNumbered(200);

        int[] gaps = [.. bench.Port.Sent.Zip(bench.Port.Sent.Skip(1), static (a, b) => b.First - a.First - 1)];
        Assert.AreEqual(3, gaps.Max(), "Nine in ten are lost, so a burst of three comes.");
    }

    [TestMethod]
    public void Latency_WithoutJitter_DelaysEachByThatMuch()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("latency", """{"latency":100}""");

        bench.SendNumbered(3, gap: TimeSpan.FromMilliseconds(10));
        bench.Advance(1000);

        Assert.AreSequenceEqual((double[])[100.0, 110, 120], bench.Port.Sent.Select(static d => d.At.TotalMilliseconds).ToArray());
        Assert.AreEqual(3, toxic.CountFaults(FaultKind.Delayed));
        Assert.AreEqual(0, bench.Relay.HeldBytes);
    }

    [TestMethod]
    [DataRow("uniform", 80.0, 120.0)]
    [DataRow("normal", 0.0, 400.0)]
    [DataRow("pareto", 100.0, 2200.0)]
    public void Latency_WithJitter_FollowsItsDistribution(string distribution, double least, double most)
    {
        var bench = new RelayBench((ulong)TestSeed.Take());
        bench.Add("latency", $$"""{"latency":100,"jitter":20,"distribution":"{{distribution}}"}""");

        bench.SendNumbered(5000);
        bench.Advance(10_000);

        double[] delays = [.. bench.Port.Sent.Select(static d => d.At.TotalMilliseconds)];
        Assert.HasCount(5000, delays);
        Assert.IsGreaterThanOrEqualTo(least, delays.Min());
        Assert.IsLessThanOrEqualTo(most, delays.Max());
        Assert.AreEqual(distribution == "pareto" ? 110 : 100, delays.Average(), 3);
        Assert.AreNotEqual(delays.Min(), delays.Max());
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Latency_WithJitter_KeepsOrderOnlyWhenTold(bool keepsOrder)
    {
        var bench = new RelayBench((ulong)TestSeed.Take());
        bench.Add("latency", $$"""{"latency":100,"jitter":90,"keep_order":{{(keepsOrder ? "true" : "false")}}}""");

        bench.SendNumbered(200, gap: TimeSpan.FromMilliseconds(1));
        bench.Advance(1000);

        int[] order = [.. bench.Port.Sent.Select(static d => d.First)];
        Assert.HasCount(200, order);
        Assert.AreEqual(keepsOrder, order.SequenceEqual(order.Order()));
    }

    [TestMethod]
    public void Reorder_WithProbabilityOne_LetsLaterOnesOvertake()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("reorder", """{"probability":1,"distance":1,"delay":50}""");

        bench.SendNumbered(4);

        // One waits at a time; the next passes and frees it.
        Assert.AreSequenceEqual((int[])[1, 0, 3, 2], bench.Port.Sent.Select(static d => d.First).ToArray());
        Assert.AreEqual(2, toxic.CountFaults(FaultKind.Reordered));
    }

    [TestMethod]
    public void Reorder_WithNothingBehind_GoesOnAfterTheDelayAndIsNoFault()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("reorder", """{"probability":1,"delay":50}""");

        bench.SendNumbered(1);
        bench.Advance(49);
        Assert.IsEmpty(bench.Port.Sent);
        bench.Advance(1);

        Assert.HasCount(1, bench.Port.Sent);
        Assert.AreEqual(0, toxic.CountFaults(FaultKind.Reordered));
    }

    [TestMethod]
    public void Duplicate_WithDelay_SendsCopiesLater()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("duplicate", """{"probability":1,"copies":2,"delay":10}""");

        bench.FromClient([7, 8, 9], ecn: 2);
        bench.Advance(100);

        Assert.AreSequenceEqual((double[])[0.0, 10, 20], bench.Port.Sent.Select(static d => d.At.TotalMilliseconds).ToArray());
        Assert.IsTrue(bench.Port.Sent.All(static d => d.Data.AsSpan().SequenceEqual((byte[])[7, 8, 9]) && d.Ecn == 2));
        Assert.AreEqual(2, toxic.CountFaults(FaultKind.Duplicated));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(5)]
    public void Corrupt_ChangesExactlySoManyBytesFromTheOffsetOn(int bytes)
    {
        var bench = new RelayBench((ulong)TestSeed.Take());
        Toxic toxic = bench.Add("corrupt", $$"""{"probability":1,"bytes":{{bytes}},"offset":20}""");

        for (int i = 0; i < 200; i++)
        {
            bench.FromClient(new byte[40]);
        }

        Assert.AreEqual(200, toxic.CountFaults(FaultKind.Corrupted));
        Assert.IsTrue(bench.Port.Sent.All(d => d.Data.Count(static b => b != 0) == bytes && d.Data.AsSpan(0, 20).IndexOfAnyExcept((byte)0) < 0));
    }

    [TestMethod]
    public void Bandwidth_SpreadsDatagramsAndDropsWhatFindsTheQueueFull()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("bandwidth", """{"rate":10,"queue":3000}""");

        // 10 bytes in a millisecond: each of 1,000 takes 100 ms.
        bench.SendNumbered(5, length: 1000);
        bench.Advance(1000);

        Assert.AreSequenceEqual((double[])[100.0, 200, 300], bench.Port.Sent.Select(static d => d.At.TotalMilliseconds).ToArray());
        Assert.AreEqual(2, toxic.CountFaults(FaultKind.QueueFull));

        bench.SendNumbered(1, length: 1000);
        bench.Advance(1000);
        Assert.HasCount(4, bench.Port.Sent, "The queue is free again.");
    }

    [TestMethod]
    public void Mtu_LosesOnlyWhatIsLarger()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("mtu", """{"bytes":1280}""");

        bench.FromClient(new byte[1280]);
        bench.FromClient(new byte[1281]);

        Assert.HasCount(1, bench.Port.Sent);
        Assert.AreEqual(1, toxic.CountFaults(FaultKind.Dropped));
    }

    [TestMethod]
    [DataRow(true, 0, 0)]
    [DataRow(false, 1, 0)]
    public void Partition_FullOrOneWay_CutsTheRightDirections(bool isFull, int toServer, int toClient)
    {
        var bench = new RelayBench();
        bench.FromClient([1]);
        bench.Port.Sent.Clear();
        Toxic toxic = bench.Add("partition", $$"""{"full":{{(isFull ? "true" : "false")}}}""", ToxicStream.Downstream);

        bench.FromClient([1]);
        bench.FromServer([2]);

        Assert.HasCount(toServer, bench.Port.ToServer);
        Assert.HasCount(toClient, bench.Port.ToClient);
        Assert.AreEqual(isFull ? 2 : 1, toxic.CountFaults(FaultKind.Dropped));
        bench.Relay.Remove("partition");
        bench.FromServer([3]);
        Assert.HasCount(1, bench.Port.ToClient);
    }

    [TestMethod]
    [DataRow("bleach", 2, 0)]
    [DataRow("bleach", 3, 0)]
    [DataRow("ce", 2, 3)]
    [DataRow("ce", 0, 0)]
    [DataRow("ect1", 2, 1)]
    [DataRow("ect0", 0, 2)]
    public void Ecn_ChangesTheMark(string mode, int before, int after)
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("ecn", $$"""{"mode":"{{mode}}"}""");

        bench.FromClient([1], ecn: (byte)before);

        Assert.AreEqual(after, bench.Port.Sent.Single().Ecn);
        Assert.AreEqual(before == after ? 0 : 1, toxic.CountFaults(FaultKind.Marked));
    }

    [TestMethod]
    public void NatRebind_ByTime_GivesNewPortsAndSilencesTheOldOnes()
    {
        var bench = new RelayBench();
        Toxic toxic = bench.Add("nat_rebind", """{"interval":1000}""");

        bench.SendNumbered(35, gap: TimeSpan.FromMilliseconds(100));

        Assert.AreEqual(3, toxic.CountFaults(FaultKind.Rebound));
        Assert.HasCount(4, bench.Port.ToServer.Select(static d => d.From!.Port).Distinct().ToList());
        Assert.AreEqual(3, bench.Port.Upstreams.Count(static u => u.IsMuted));
        bench.FromServer([9]);
        Assert.HasCount(1, bench.Port.ToClient);
    }

    [TestMethod]
    public void NatRebind_WithAddress_MovesAlong127()
    {
        var bench = new RelayBench();
        bench.Add("nat_rebind", """{"every":2,"count":2,"address":true}""");

        bench.SendNumbered(10);

        Assert.AreSequenceEqual(
            (string[])["127.0.0.1", "127.0.0.2", "127.0.0.3"], bench.Port.ToServer.Select(static d => d.From!.Address.ToString()).Distinct().ToArray());
    }

    [TestMethod]
    public void NatRebind_WhenTheSystemRefuses_KeepsTheOldAddressAndCountsNothing()
    {
        var bench = new RelayBench();
        bench.Port.Refused.Add(System.Net.IPAddress.Parse("127.0.0.2"));
        Toxic toxic = bench.Add("nat_rebind", """{"every":1,"address":true}""");

        bench.SendNumbered(3);

        Assert.HasCount(3, bench.Port.ToServer);
        Assert.AreEqual(0, toxic.CountFaults(FaultKind.Rebound));
    }
}
