using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Peers that have the keys and send any frames: at worst their own connection ends. A fault in here may end the process that runs the tests.</summary>
[TestClass]
public sealed class HostileFrameTests : DriverTest
{
    private const int Seeds = 40;

    [TestMethod]
    [DataRow(true, false)]
    [DataRow(true, true)]
    [DataRow(false, false)]
    [DataRow(false, true)]
    public void Frames_OfAnyKindFromAPeer_EndItsConnectionAtWorst(bool fromClient, bool isPlausible)
    {
        string directory = Directory.CreateTempSubdirectory("frames").FullName;
        var ends = new SortedDictionary<string, int>(StringComparer.Ordinal);
        try
        {
            ForSeeds(Seeds, seed => Run(seed, fromClient, isPlausible, Path.Combine(directory, "keys"), ends));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        foreach ((string what, int count) in ends)
        {
            TestContext.WriteLine($"{count,5} {what}");
        }

        Assert.IsTrue(ends.Values.Sum() == 1 || ends.Count > 1, "All connections came to the same end: what was forged did not reach the frames.");
    }

    private static void Run(int seed, bool fromClient, bool isPlausible, string keys, SortedDictionary<string, int> ends)
    {
        using var pair = new DriverPair(seed, static o => o with { Limits = o.Limits with { MaxDatagramSize = 1000 } });
        Ngtcp2Connection honest = pair.Connect(from: pair.AddClient());
        pair.Network.RunUntil(() => pair.Accepted.Count == 1);
        List<Task> work = [Application.ServeAsync(pair.Accepted[0], Application.EchoAsync)];
        (Ngtcp2Connection client, Ngtcp2Connection server) =
            pair.Establish(o => o with { KeyLogFile = keys, Versions = [QuicVersion.Version1], Limits = o.Limits with { MaxDatagramSize = 1000 } });
        using PacketForge forge = PacketForge.FromKeyLog(keys, fromClient ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0");
        var frames = new RandomFrames(new Random(seed), isPlausible);
        SimulatedLink link = fromClient ? pair.ToServer : pair.ToClient;
        bool isForging = false;
        link.Filter = datagram =>
        {
            // Each packet is opened, so that the forge knows the numbers.
            byte[] changed = forge.Change(datagram.Data, f => isForging && pair.Network.Random.Next(3) == 0 ? frames.Change(f) : f);
            pair.Network.ScheduleArrival(pair.Network.Now + 10_000_000, datagram, changed, datagram.Ecn);
            return false;
        };
        Ngtcp2Connection victim = fromClient ? server : client;
        work.Add(Application.ServeAsync(server, Application.EchoAsync));
        work.Add(Application.ServeAsync(client, Application.EchoAsync));
        List<Ngtcp2Stream> open = [];
        foreach (Ngtcp2Connection connection in new[] { client, server, client })
        {
            Ngtcp2Stream stream = DriverPair.Open(connection);
            open.Add(stream);
            work.Add(stream.Output.WriteAsync(new byte[30_000]).AsTask());
            connection.TrySendDatagram(new byte[100]);
        }

        pair.Network.RunFor(Milliseconds(30));
        isForging = true;
        for (int i = 0; i < 20 && !victim.Closed.IsCompleted; i++)
        {
            _ = client.TrySendDatagram(new byte[10]) && server.TrySendDatagram(new byte[10]);
            pair.Network.RunFor(Milliseconds(20));
        }

        string end = victim.Closed.IsCompleted ? $"{victim.Closed.Result.Initiator} {victim.Closed.Result.TransportErrorCode} {victim.Closed.Result.Reason}" : "still open";
        ends[end] = ends.GetValueOrDefault(end) + 1;
        CheckServed(pair, honest);
        _ = client.CloseAsync(0).AsTask();
        _ = server.CloseAsync(0).AsTask();
        _ = honest.CloseAsync(0).AsTask();
        pair.CheckEmpty();
        open.ForEach(static s => Application.Release(s));
    }

    private static void CheckServed(DriverPair pair, Ngtcp2Connection honest)
    {
        Ngtcp2Stream stream = DriverPair.Open(honest);
        Task<string> sent = Application.SendAsync(stream.Output, 1, 1000);
        Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
        pair.Network.Run(echo);
        Assert.AreEqual(sent.Result, echo.Result.Digest);
        Application.Release(stream);
    }
}
