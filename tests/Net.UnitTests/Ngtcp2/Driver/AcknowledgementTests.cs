using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>When acknowledgements go out.</summary>
[TestClass]
public sealed class AcknowledgementTests : DriverTest
{
    // Probes of the path's size would be answered, too.
    private static readonly Ngtcp2EngineOptions QuietEngine = new() { PathMtuDiscovery = false };

    [TestMethod]
    public void Acknowledgement_OfOnePacketOnAShortPath_WaitsAMomentForAnAnswer()
    {
        // An eighth of the round trip, and then half a step of the timers to one and a half.
        TimeSpan back = TimeUntilAcknowledged(Milliseconds(0.1));

        Assert.IsInRange(Milliseconds(0.1 + 0.5), Milliseconds(0.1 + 0.1 + 1.5), back);
    }

    [TestMethod]
    public void Acknowledgement_OfOnePacketOnALongPath_KeepsToWhatThePeerWasTold()
    {
        // 25 ms when nothing else was told (RFC 9000, section 18.2).
        TimeSpan back = TimeUntilAcknowledged(Milliseconds(150));

        Assert.IsInRange(Milliseconds(150), Milliseconds(150 + 25.001), back);
    }

    private static DriverPair MakePair(TimeSpan latency)
    {
        var pair = new DriverPair(engine: QuietEngine);
        pair.SetLinks(link => link.Latency = latency);
        return pair;
    }

    // From the client's write until the first packet of the server's leaves, plus the way there.
    private static TimeSpan TimeUntilAcknowledged(TimeSpan latency)
    {
        using DriverPair pair = MakePair(latency);
        (Ngtcp2Connection client, _) = pair.Establish();
        Ngtcp2Stream stream = DriverPair.Open(client);
        pair.Network.RunFor(Seconds(2));
        long before = pair.ToClient.Sent;
        TimeSpan written = pair.Network.Elapsed;
        Assert.IsTrue(stream.Output.WriteAsync(new byte[] { 1, 2, 3 }).AsTask().IsCompletedSuccessfully);
        pair.Network.RunUntil(() => pair.ToClient.Sent > before);
        TimeSpan back = pair.Network.Elapsed - written;

        // After a second the client breaks the silence.
        pair.Network.RunFor(Milliseconds(900));
        Assert.AreEqual(1, pair.ToClient.Sent - before);
        return back;
    }
}
