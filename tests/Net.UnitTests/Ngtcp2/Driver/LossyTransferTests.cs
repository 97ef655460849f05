using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Bad networks: whatever is lost, doubled, mixed up or damaged, what the applications see is whole, and nothing is left behind.</summary>
[TestClass]
public sealed class LossyTransferTests : DriverTest
{
    private const int Seeds = 200;

    [TestMethod]
    public void Transfer_OverRandomlyBadLinks_ArrivesWholeAndLeavesNothing()
    {
        TimeSpan longest = TimeSpan.Zero;
        ForSeeds(Seeds, seed =>
        {
            using DriverPair pair = NewPair(seed);
            (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(Patient, TimeSpan.FromMinutes(3));
            var random = new Random(seed);
            List<Task> tasks = [];
            List<Ngtcp2Stream> streams = [];
            int exchanges = random.Next(1, 6);
            Task serving = Application.ServeAsync(server, stream => AnswerAsync(stream, seed));
            for (int i = 0; i < exchanges; i++)
            {
                Ngtcp2Stream stream = DriverPair.Open(client);
                streams.Add(stream);
                tasks.Add(ExchangeAsync(stream, seed, random.Next(0, 60_000), random.Next(1, 20_000)));
            }

            Task pushed = PushAsync(server, client, seed, random.Next(1, 30_000));
            tasks.Add(pushed);
            pair.Network.RunAll(tasks, TimeSpan.FromMinutes(10));
            pair.Network.RunUntil(() => streams.All(static s => s.SendCompletion.IsCompleted && s.Completion.IsCompleted), TimeSpan.FromMinutes(10));
            Assert.IsTrue(streams.All(static s => s.SendCompletion.IsCompletedSuccessfully));
            longest = pair.Network.Elapsed > longest ? pair.Network.Elapsed : longest;
            pair.CloseAndCheckEmpty(client, TimeSpan.FromMinutes(10));
            pair.Network.Run(serving);
        });
        TestContext.WriteLine($"longest took {longest}");
    }

    [TestMethod]
    public void Run_WithTheSameSeed_IsTheSameToTheByte()
    {
        string First(int seed)
        {
            var trace = new System.Text.StringBuilder();
            using DriverPair pair = NewPair(seed);
            pair.Network.Tap = datagram => trace.Append(System.Globalization.CultureInfo.InvariantCulture, $"{pair.Network.Now} {datagram.Source} {datagram.Data.Length}\n");
            (Ngtcp2Connection client, Ngtcp2Connection server) = pair.Establish(Patient, TimeSpan.FromMinutes(3));
            Task serving = Application.ServeAsync(server, stream => AnswerAsync(stream, seed));
            pair.Network.Run(ExchangeAsync(DriverPair.Open(client), seed, 100_000, 5000), TimeSpan.FromMinutes(5));
            pair.CloseAndCheckEmpty(client, TimeSpan.FromMinutes(10));
            pair.Network.Run(serving);
            return trace.ToString();
        }

        ForSeeds(3, seed => Assert.AreEqual(First(seed), First(seed)));
    }

    private static DriverPair NewPair(int seed)
    {
        var pair = new DriverPair(
            seed,
            static o => o with { HandshakeTimeout = TimeSpan.FromMinutes(2), IdleTimeout = TimeSpan.FromMinutes(2) },
            new ServerTlsOptions { Identity = SimulatedIdentities.EvenServer });
        Random random = pair.Network.Random;
        pair.SetLinks(link =>
        {
            link.Latency = Milliseconds(random.Next(1, 50));
            link.Jitter = Milliseconds(random.Next(0, 20));
            link.Loss = random.NextDouble() * 0.2;
            link.LongestLoss = 4;
            link.Reorder = random.NextDouble() * 0.2;
            link.ReorderDelay = Milliseconds(random.Next(1, 60));
            link.Duplicate = random.NextDouble() * 0.1;
            link.Corrupt = random.NextDouble() * 0.05;
        });
        return pair;
    }

    private static ConnectOptions Patient(ConnectOptions options) =>
        options with { HandshakeTimeout = TimeSpan.FromMinutes(2), IdleTimeout = TimeSpan.FromMinutes(2) };

    // The client's side: sends one thing, expects another, which both ends make of the seed and the stream's id.
    private static async Task ExchangeAsync(TransportStream stream, int seed, int length, int chunk)
    {
        Task<string> sent = Application.SendAsync(stream.Output, SeedOf(seed, stream.Id), length, chunk);
        (string digest, long received) = await Application.ReceiveAsync(stream.Input);
        await sent;
        (string expected, long expectedLength) = await AnswerOf(seed, stream.Id);
        Assert.AreEqual(expectedLength, received);
        Assert.AreEqual(expected, digest);
        await stream.DisposeAsync();
    }

    private static async Task AnswerAsync(TransportStream stream, int seed)
    {
        (string digest, long length) = await Application.ReceiveAsync(stream.Input);
        using var expected = new MemoryStream();
        Assert.AreEqual(await Application.SendAsync(System.IO.Pipelines.PipeWriter.Create(expected), SeedOf(seed, stream.Id), length), digest);
        (int answerSeed, int answerLength) = AnswerShape(seed, stream.Id);
        await Application.SendAsync(stream.Output, answerSeed, answerLength);
        await stream.DisposeAsync();
    }

    // A unidirectional stream from the server to the client.
    private static async Task PushAsync(Ngtcp2Connection server, Ngtcp2Connection client, int seed, int length)
    {
        Ngtcp2Stream stream = DriverPair.Open(server, StreamDirection.Unidirectional);
        Task<string> sent = Application.SendAsync(stream.Output, seed, length);
        TransportStream arrived = await client.AcceptStreamAsync();
        (string digest, long received) = await Application.ReceiveAsync(arrived.Input);
        Assert.AreEqual(length, received);
        Assert.AreEqual(await sent, digest);
        await arrived.DisposeAsync();
        await stream.DisposeAsync();
    }

    private static async Task<(string Digest, long Length)> AnswerOf(int seed, long id)
    {
        (int answerSeed, int length) = AnswerShape(seed, id);
        using var expected = new MemoryStream();
        return (await Application.SendAsync(System.IO.Pipelines.PipeWriter.Create(expected), answerSeed, length), length);
    }

    private static (int Seed, int Length) AnswerShape(int seed, long id)
    {
        int own = SeedOf(seed, id) ^ 0x5555;
        return (own, new Random(own).Next(0, 60_000));
    }

    private static int SeedOf(int seed, long id) => unchecked((seed * 31) + (int)id);
}
