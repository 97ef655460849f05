using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>The order in which streams share a link that is too narrow for all (RFC 9218).</summary>
[TestClass]
public sealed class PriorityTests : DriverTest
{
    private const int Bulk = 900_000;

    [TestMethod]
    public void Urgent_BesideABulkStream_OvertakesIt()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        var received = new Dictionary<long, long>();
        Task serving = Application.ServeAsync(server, stream => CountAsync(stream, received));
        Ngtcp2Stream bulk = DriverPair.Open(client, StreamDirection.Unidirectional);
        Task<string> sending = Application.SendAsync(bulk.Output, 1, Bulk);
        pair.Network.RunFor(Milliseconds(200));
        Ngtcp2Stream urgent = DriverPair.Open(client, StreamDirection.Unidirectional);
        urgent.Priority = new StreamPriority(0, false);
        long inFlight = client.GetPathStatistics().BytesInFlight!.Value;
        long before = received[bulk.Id];
        _ = Application.SendAsync(urgent.Output, 2, 50_000);
        pair.Network.RunUntil(() => received.GetValueOrDefault(urgent.Id) == 50_000);

        // Only what was on its way already, and one batch, comes in between.
        Assert.IsLessThanOrEqualTo(inFlight + 20_000, received[bulk.Id] - before);
        pair.Network.Run(sending);
        pair.Network.RunUntil(() => received[bulk.Id] == Bulk);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    public void Urgency_RaisedWhileTheStreamWaitsInLine_CountsAtOnce()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        var received = new Dictionary<long, long>();
        Task serving = Application.ServeAsync(server, stream => CountAsync(stream, received));
        Ngtcp2Stream bulk = DriverPair.Open(client, StreamDirection.Unidirectional);
        Ngtcp2Stream last = DriverPair.Open(client, StreamDirection.Unidirectional);
        last.Priority = new StreamPriority(7, false);
        _ = Application.SendAsync(bulk.Output, 1, Bulk);
        _ = Application.SendAsync(last.Output, 2, 50_000);
        pair.Network.RunFor(Milliseconds(200));
        Assert.AreEqual(0, received.GetValueOrDefault(last.Id));
        last.Priority = new StreamPriority(0, false);
        long inFlight = client.GetPathStatistics().BytesInFlight!.Value;
        long before = received[bulk.Id];
        pair.Network.RunUntil(() => received.GetValueOrDefault(last.Id) == 50_000);
        Assert.IsLessThanOrEqualTo(inFlight + 20_000, received[bulk.Id] - before);
        pair.Network.RunUntil(() => received[bulk.Id] == Bulk);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    public void Urgency_LoweredWhileTheStreamIsSending_LetsOthersPass()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        var received = new Dictionary<long, long>();
        Task serving = Application.ServeAsync(server, stream => CountAsync(stream, received));
        Ngtcp2Stream bulk = DriverPair.Open(client, StreamDirection.Unidirectional);
        bulk.Priority = new StreamPriority(1, false);
        _ = Application.SendAsync(bulk.Output, 1, Bulk);
        Ngtcp2Stream other = DriverPair.Open(client, StreamDirection.Unidirectional);
        other.Priority = new StreamPriority(2, false);
        _ = Application.SendAsync(other.Output, 2, 50_000);
        pair.Network.RunFor(Milliseconds(200));
        Assert.AreEqual(0, received.GetValueOrDefault(other.Id));
        bulk.Priority = new StreamPriority(6, false);
        pair.Network.RunUntil(() => received.GetValueOrDefault(other.Id) == 50_000);
        Assert.IsLessThan(Bulk / 2, received[bulk.Id]);
        pair.Network.RunUntil(() => received[bulk.Id] == Bulk);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    public void Incremental_StreamsOfOneUrgency_ShareEvenly()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        var received = new Dictionary<long, long>();
        Task serving = Application.ServeAsync(server, stream => CountAsync(stream, received));
        for (int i = 0; i < 5; i++)
        {
            // Written in pieces of different sizes, which must not matter.
            _ = Application.SendAsync(DriverPair.Open(client, StreamDirection.Unidirectional).Output, i, Bulk, 1000 + (i * 3000));
        }

        pair.Network.RunUntil(() => received.Values.Sum() > 1_500_000);
        double mean = received.Values.Average();
        foreach ((long id, long length) in received)
        {
            Assert.IsInRange(0.9 * mean, 1.1 * mean, length, $"Stream {id}");
        }

        Assert.HasCount(5, received);
        pair.Network.RunUntil(() => received.Values.Sum() == 5 * Bulk);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    public void NotIncremental_StreamsOfOneUrgency_GoOneAfterTheOther()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        var received = new Dictionary<long, long>();
        Task serving = Application.ServeAsync(server, stream => CountAsync(stream, received));
        List<Ngtcp2Stream> streams = [];
        for (int i = 0; i < 4; i++)
        {
            Ngtcp2Stream stream = DriverPair.Open(client, StreamDirection.Unidirectional);
            stream.Priority = new StreamPriority(3, false);
            streams.Add(stream);
            _ = Application.SendAsync(stream.Output, i, Bulk / 2, Bulk / 2);
        }

        for (int i = 1; i < 4; i++)
        {
            pair.Network.RunUntil(() => received.GetValueOrDefault(streams[i].Id) > 0);

            // The link keeps the order, and nothing is lost: one packet holds the end of one and the begin of the next.
            Assert.AreEqual(Bulk / 2, received[streams[i - 1].Id], $"Stream {i}");
        }

        pair.Network.RunUntil(() => received.Values.Sum() == 4 * (Bulk / 2));
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    public void Incremental_BesideOneThatIsNot_BothGetThrough()
    {
        using DriverPair pair = NewPair();
        (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish();
        var received = new Dictionary<long, long>();
        Task serving = Application.ServeAsync(server, stream => CountAsync(stream, received));
        Ngtcp2Stream whole = DriverPair.Open(client, StreamDirection.Unidirectional);
        whole.Priority = new StreamPriority(3, false);
        Ngtcp2Stream shared = DriverPair.Open(client, StreamDirection.Unidirectional);
        _ = Application.SendAsync(whole.Output, 1, Bulk, Bulk);
        _ = Application.SendAsync(shared.Output, 2, Bulk, Bulk);
        pair.Network.RunUntil(() => received.Values.Sum() == 2 * Bulk);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    private static DriverPair NewPair()
    {
        var pair = new DriverPair(listen: static o => o with
        {
            Limits = o.Limits with { StreamReceiveWindow = 8 << 20, ConnectionReceiveWindow = 64 << 20 },
        });
        pair.SetLinks(static link =>
        {
            link.BitsPerSecond = 10_000_000;
            link.QueueBytes = 10 << 20;
        });
        return pair;
    }

    private static async Task CountAsync(TransportStream stream, Dictionary<long, long> received)
    {
        while (true)
        {
            System.IO.Pipelines.ReadResult read = await stream.Input.ReadAsync();
            received[stream.Id] = received.GetValueOrDefault(stream.Id) + read.Buffer.Length;
            stream.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                await stream.DisposeAsync();
                return;
            }
        }
    }
}
