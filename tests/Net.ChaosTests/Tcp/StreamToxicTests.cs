using Net.Chaos.Proxy;
using Net.Chaos.Tcp;
using Net.ChaosTests.Udp;
using Net.Testing;

namespace Net.ChaosTests.Tcp;

/// <summary>Each TCP toxic in memory on a manual clock.</summary>
[TestClass]
public sealed class StreamToxicTests
{
    [TestMethod]
    public void Noop_PassesDataAndEnd()
    {
        var bench = new ChainBench();

        bench.Send("ab");
        bench.Chain.ReceiveEnd(StreamEnd.Finished);

        Assert.AreSequenceEqual([(0.0, "ab"), (0.0, "<Finished>")], bench.Output);
    }

    [TestMethod]
    public void Latency_DelaysDataAndKeepsOrderAlsoOfTheEnd()
    {
        var bench = new ChainBench((ulong)TestSeed.Take());
        Toxic toxic = bench.Add("latency", """{"latency":100,"jitter":90}""");

        for (int i = 0; i < 20; i++)
        {
            bench.Send(((char)('a' + i)).ToString());
            bench.Advance(1);
        }

        bench.Chain.ReceiveEnd(StreamEnd.Finished);
        bench.Advance(500);

        Assert.AreEqual("abcdefghijklmnopqrst", bench.AllText);
        Assert.AreEqual("<Finished>", bench.Output[^1].What);
        Assert.IsGreaterThan(9, bench.Output[0].At);
        Assert.AreEqual(20, toxic.CountFaults(FaultKind.Delayed));
    }

    [TestMethod]
    public void Bandwidth_SpreadsInPiecesOfATenthOfASecond()
    {
        var bench = new ChainBench();
        bench.Add("bandwidth", """{"rate":1}""");

        bench.Send(new string('x', 250));
        bench.Advance(1000);

        Assert.AreSequenceEqual([(100.0, 100), (200.0, 100), (250.0, 50)], bench.Output.Select(static o => (o.At, o.What.Length)).ToList());
    }

    [TestMethod]
    public void Bandwidth_OfZero_IsNoLimit()
    {
        var bench = new ChainBench();
        bench.Add("bandwidth");

        bench.Send("abc");

        Assert.AreEqual("abc", bench.AllText);
    }

    [TestMethod]
    public void SlowClose_DelaysOnlyTheEnd()
    {
        var bench = new ChainBench();
        Toxic toxic = bench.Add("slow_close", """{"delay":50}""");

        bench.Send("ab");
        bench.Chain.ReceiveEnd(StreamEnd.Finished);
        bench.Advance(100);

        Assert.AreSequenceEqual([(0.0, "ab"), (50.0, "<Finished>")], bench.Output);
        Assert.AreEqual(1, toxic.CountFaults(FaultKind.Delayed));
    }

    [TestMethod]
    public void Timeout_SwallowsDataAndClosesAfterTheTime()
    {
        var bench = new ChainBench();
        Toxic toxic = bench.Add("timeout", """{"timeout":100}""");

        bench.Send("ab");
        bench.Advance(60);
        bench.Send("cd");
        bench.Advance(100);

        Assert.AreSequenceEqual([(100.0, "<Closed>")], bench.Output);
        Assert.AreEqual(2, toxic.CountFaults(FaultKind.Dropped));
        Assert.AreEqual(1, toxic.CountFaults(FaultKind.Closed));
    }

    [TestMethod]
    public void Timeout_OfZero_HoldsUntilItIsRemovedAndClosesThen()
    {
        var bench = new ChainBench();
        bench.Add("timeout");
        bench.Send("ab");
        bench.Advance(100_000);
        Assert.IsEmpty(bench.Output);

        bench.Chain.Remove("timeout");
        bench.Send("cd");

        Assert.AreEqual("<Closed>", bench.Output[0].What);
    }

    [TestMethod]
    public void ResetPeer_ResetsAfterTheFirstData()
    {
        var bench = new ChainBench();
        Toxic toxic = bench.Add("reset_peer", """{"timeout":30}""");
        bench.Advance(500);

        bench.Send("ab");
        bench.Send("cd");
        bench.Advance(100);

        Assert.AreSequenceEqual([(530.0, "<Reset>")], bench.Output);
        Assert.AreEqual(1, toxic.CountFaults(FaultKind.Reset));
    }

    [TestMethod]
    public void Slicer_CutsDataWithPausesAndLosesNothing()
    {
        var bench = new ChainBench((ulong)TestSeed.Take());
        Toxic toxic = bench.Add("slicer", """{"average_size":10,"size_variation":4,"delay":1000}""");
        string text = string.Concat(Enumerable.Range(0, 100).Select(static i => (char)('A' + (i % 26))));

        bench.Send(text);
        bench.Advance(1000);

        Assert.AreEqual(text, bench.AllText);
        Assert.IsTrue(bench.Output.All(static o => o.What.Length <= 14));
        Assert.AreEqual(bench.Output.Count - 1, toxic.CountFaults(FaultKind.Sliced));
        Assert.AreSequenceEqual(Enumerable.Range(0, bench.Output.Count).Select(static i => (double)i).ToList(), bench.Output.Select(static o => o.At).ToList());
    }

    [TestMethod]
    public void LimitData_ClosesAfterItsBytes_AlsoAcrossAnUpdate()
    {
        var bench = new ChainBench();
        Toxic toxic = bench.Add("limit_data", """{"bytes":10}""");
        bench.Send("abcd");

        bench.Chain.Update(toxic.Update(RelayBench.Parse("""{"bytes":6}"""), null));
        bench.Send("efgh");
        bench.Send("ijkl");

        Assert.AreEqual("abcdef", bench.AllText);
        Assert.AreEqual("<Closed>", bench.Output[^1].What);
        Assert.AreEqual(1, toxic.CountFaults(FaultKind.Closed));
    }

    [TestMethod]
    public void Remove_ToxicThatHoldsData_DeliversItFirst()
    {
        var bench = new ChainBench();
        bench.Add("latency", """{"latency":100000}""");
        bench.Add("slow_close", """{"delay":5}""");
        bench.Send("ab");
        bench.Send("cd");
        bench.Chain.ReceiveEnd(StreamEnd.Finished);

        bench.Chain.Remove("latency");
        bench.Advance(5);

        Assert.AreSequenceEqual([(0.0, "ab"), (0.0, "cd"), (5.0, "<Finished>")], bench.Output);
        Assert.AreEqual(0, bench.Chain.HeldBytes);
    }

    [TestMethod]
    public void Toxicity_OfZero_NeverActs()
    {
        var bench = new ChainBench();
        bench.Add("timeout", """{"timeout":1}""", toxicity: 0);

        bench.Send("ab");
        bench.Advance(10);

        Assert.AreSequenceEqual([(0.0, "ab")], bench.Output);
    }

    [TestMethod]
    public void Schedule_OfTimeout_WaitsForItsStart()
    {
        var bench = new ChainBench();
        bench.Add("timeout", """{"timeout":10,"start":100}""");

        bench.Send("ab");
        bench.Advance(105);
        bench.Send("cd");
        bench.Advance(100);

        Assert.AreSequenceEqual([(0.0, "ab"), (110.0, "<Closed>")], bench.Output);
    }

    [TestMethod]
    public void Seed_TheSame_GivesTheSameSlices()
    {
        ulong seed = (ulong)TestSeed.Take();
        string Run(ulong with)
        {
            var bench = new ChainBench(with);
            bench.Add("slicer", """{"average_size":20,"size_variation":15}""");
            bench.Add("latency", """{"latency":20,"jitter":19}""");
            for (int i = 0; i < 20; i++)
            {
                bench.Send(new string('x', 500));
                bench.Advance(7);
            }

            bench.Advance(1000);
            return string.Join(';', bench.Output.Select(static o => $"{o.At} {o.What.Length}"));
        }

        Assert.AreEqual(Run(seed), Run(seed));
        Assert.AreNotEqual(Run(seed), Run(seed + 1));
    }
}
