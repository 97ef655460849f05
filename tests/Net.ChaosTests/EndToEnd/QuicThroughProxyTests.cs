using System.Text.Json.Nodes;
using Net.Chaos.Proxy;
using Net.Testing;

namespace Net.ChaosTests.EndToEnd;

/// <summary>Real QUIC connections through a UDP proxy: what must survive survives, and the fault has really happened.</summary>
[TestClass]
public sealed class QuicThroughProxyTests
{
    private const int Bytes = 2_000_000;

    [TestMethod]
    public async Task Transfer_ThroughLossBothWays_LosesNothing() =>
        await SurviveAsync(FaultKind.Dropped, ("loss", """{"probability":0.05,"max_burst":3}""", ToxicStream.Upstream), ("loss", """{"probability":0.05,"max_burst":3}""", ToxicStream.Downstream));

    [TestMethod]
    public async Task Transfer_ThroughReorderingAndDuplicates_LosesNothing() =>
        await SurviveAsync(FaultKind.Duplicated, ("reorder", """{"probability":0.25}""", ToxicStream.Upstream), ("duplicate", """{"probability":0.05}""", ToxicStream.Upstream), ("duplicate", """{"probability":0.05}""", ToxicStream.Downstream));

    [TestMethod]
    public async Task Transfer_ThroughCorruption_LosesNothing() =>
        await SurviveAsync(FaultKind.Corrupted, ("corrupt", """{"probability":0.02}""", ToxicStream.Upstream), ("corrupt", """{"probability":0.02}""", ToxicStream.Downstream));

    [TestMethod]
    public async Task Transfer_BelowAnMtuBlackHole_LosesNothing() =>
        await SurviveAsync(FaultKind.Dropped, ("mtu", """{"bytes":1280}""", ToxicStream.Upstream), ("mtu", """{"bytes":1280}""", ToxicStream.Downstream));

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Transfer_ThroughNatRebindings_StaysOneConnection(bool changesAddress) =>
        await SurviveAsync(FaultKind.Rebound, ("nat_rebind", $$"""{"every":300,"count":3,"address":{{(changesAddress ? "true" : "false")}}}""", ToxicStream.Upstream));

    [TestMethod]
    public async Task FirstFlight_ReplayedFromAnotherAddress_MakesNoSecondConnection()
    {
        await using QuicEchoPair pair = await QuicEchoPair.StartAsync((ulong)TestSeed.Take());
        Toxic toxic = await AddAsync(pair, "replay", """{"copies":20,"delay":1,"address":"127.0.0.9"}""", ToxicStream.Upstream);
        await using TransportConnection connection = await pair.ConnectAsync();
        while (toxic.CountFaults(FaultKind.Replayed) < 20)
        {
            await QuicEchoPair.EchoAsync(connection, 1000, 1);
        }

        await QuicEchoPair.EchoAsync(connection, 100_000, 2);

        Assert.AreEqual(1, pair.Accepted);
    }

    [TestMethod]
    public async Task Packets_ReplayedFromAnotherAddress_DoNotMoveTheConnection()
    {
        await using QuicEchoPair pair = await QuicEchoPair.StartAsync((ulong)TestSeed.Take());
        Toxic toxic = await AddAsync(pair, "replay", """{"what":"packets","packets":"1rtt","every":5,"delay":1,"address":"127.0.0.9"}""", ToxicStream.Upstream);
        await using TransportConnection connection = await pair.ConnectAsync();

        await QuicEchoPair.EchoAsync(connection, Bytes, 1);
        while (toxic.CountFaults(FaultKind.Replayed) == 0)
        {
            await QuicEchoPair.EchoAsync(connection, 10_000, 2);
        }

        await QuicEchoPair.EchoAsync(connection, 100_000, 3);
        Assert.AreEqual(1, pair.Accepted);
    }

    [TestMethod]
    [DataRow("version_negotiation", """{"versions":"own,1a2a3a4a","when":"client"}""")]
    [DataRow("version_negotiation", """{"versions":"1a2a3a4a","when":"server"}""")]
    [DataRow("retry_injection", """{"valid":false,"when":"client"}""")]
    [DataRow("retry_injection", """{"valid":true,"when":"server"}""")]
    public async Task ForgedPackets_ThatMustBeIgnored_DoNoHarm(string type, string attributes)
    {
        await using QuicEchoPair pair = await QuicEchoPair.StartAsync((ulong)TestSeed.Take());
        Toxic toxic = await AddAsync(pair, type, attributes, ToxicStream.Downstream);

        await using TransportConnection connection = await pair.ConnectAsync();
        await QuicEchoPair.EchoAsync(connection, 100_000, 1);

        Assert.IsGreaterThan(0, toxic.CountFaults(FaultKind.Injected));
        Assert.AreEqual(1, pair.Accepted);
    }

    [TestMethod]
    public async Task Cut_OfOneConnectionOfTwo_LeavesTheOtherAlone()
    {
        await using QuicEchoPair pair = await QuicEchoPair.StartAsync((ulong)TestSeed.Take());

        // Added first with a late start: it has to see the handshakes, in which connections show their identifiers.
        Toxic toxic = await AddAsync(pair, "quic_cut", """{"connection":0,"start":86400000}""", ToxicStream.Upstream);
        await using TransportConnection first = await pair.ConnectAsync();
        await using TransportConnection second = await pair.ConnectAsync();
        await QuicEchoPair.EchoAsync(first, 1000, 1);
        await QuicEchoPair.EchoAsync(second, 1000, 2);

        await pair.Proxy.UpdateToxicAsync(toxic.Name, new JsonObject { ["start"] = 0 });
        Task cut = QuicEchoPair.EchoAsync(first, 1000, 3);
        await QuicEchoPair.EchoAsync(second, 200_000, 4);

        while (toxic.CountFaults(FaultKind.Dropped) == 0)
        {
            await QuicEchoPair.EchoAsync(second, 1000, 5);
        }

        Assert.IsFalse(cut.IsCompleted);
        await pair.Proxy.RemoveToxicAsync(toxic.Name);
        await cut;
    }

    private static async Task SurviveAsync(FaultKind kind, params (string Type, string Attributes, ToxicStream Stream)[] toxics)
    {
        int seed = TestSeed.Take();
        await using QuicEchoPair pair = await QuicEchoPair.StartAsync((ulong)seed);
        List<Toxic> added = [];
        foreach ((string type, string attributes, ToxicStream stream) in toxics)
        {
            added.Add(await AddAsync(pair, type, attributes, stream));
        }

        await using TransportConnection connection = await pair.ConnectAsync();
        await QuicEchoPair.EchoAsync(connection, Bytes, seed);

        Assert.IsTrue(added.Any(t => t.CountFaults(kind) > 0), "The fault happened.");
        Assert.AreEqual(1, pair.Accepted, "One handshake was enough.");
    }

    private static Task<Toxic> AddAsync(QuicEchoPair pair, string type, string attributes, ToxicStream stream) =>
        pair.Proxy.AddToxicAsync(new ToxicOptions { Type = type, Stream = stream, Attributes = JsonNode.Parse(attributes)!.AsObject() });
}
