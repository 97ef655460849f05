using System.Net;
using Net.IntegrationTests.Ngtcp2;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Robustness;

/// <summary>A hundred thousand datagrams that no QUIC implementation would send, while honest clients are served.</summary>
[TestClass]
[DoNotParallelize]
public sealed class MalformedDatagramTests : Ngtcp2Test
{
    private const int Sources = 24;
    private const int Burst = 96;
    private const int HonestClients = 3;
    private const int BurstsBetweenNewClients = 50;
    private const int MoreRounds = 4;
    private const long NativeTolerance = 1 << 20;

    [TestMethod]
    [DataRow("127.0.0.1", 26_000, 80_000)]
    [DataRow("::1", 0, 8_000)]
    public async Task MalformedDatagrams_OfAllKinds_HarmNobodyAndLeaveNothing(string address, int warmUp, int datagrams)
    {
        int seed = TestSeed.Take(TestContext);

        // An engine is disposed when its threads have let go of all they had; the threads themselves end a moment later.
        await Waiting.Until(static () => ProcessResources.CountLoopThreads() == 0, "the threads of the engines of tests before this one end");
        int descriptors = ProcessResources.CountDescriptors();
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { HandshakeTimeout = TimeSpan.FromSeconds(3) });
        var relay = new NoisyRelay(server.EndPoint, seed);
        AttackSource[] sources = [.. Enumerable.Range(0, Sources).Select(i => new AttackSource(AddressOf(address, i), server.EndPoint))];
        var malformed = new MalformedDatagrams(new Random(seed), relay.ToServer);
        await using (var pace = await engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout())
        {
            var run = new Run(engine, pace, relay, sources, malformed);

            if (warmUp > 0)
            {
                // What the first round leaves in native memory is the runtime's own, as for code it compiles.
                await run.ExecuteAsync(warmUp);
                await QuietAsync(engine, server);
            }

            long before = ProcessResources.NativeBytes();
            await run.ExecuteAsync(datagrams);
            await QuietAsync(engine, server);
            long grown = ProcessResources.NativeBytes() - before;

            // The runtime allocates now and then for itself, which stands in some rounds only; a leak stands in all.
            for (int more = 0; more < MoreRounds && warmUp > 0 && grown >= NativeTolerance; more++)
            {
                before = ProcessResources.NativeBytes();
                await run.ExecuteAsync(warmUp);
                await QuietAsync(engine, server);
                grown = ProcessResources.NativeBytes() - before;
            }

            TestContext.WriteLine(
                $"{run.Sent} datagrams and {relay.Noise} beside real ones; {run.Echoes} echoes, {run.Connects} connections; {sources.Sum(static s => s.Answers)} answers; native memory grew by {grown} bytes.");
            Assert.IsGreaterThanOrEqualTo(warmUp + datagrams, run.Sent);
            Assert.IsTrue(warmUp == 0 || grown < NativeTolerance, $"Native memory grew by {grown} bytes.");
            long received = server.Loops[0].Sockets[0]!.Socket.Counters.ReceivedDatagrams;
            Assert.IsGreaterThan(run.Sent, received, "The server did not see what was sent.");
            Array.ForEach(sources, static s => s.CheckAnswers());
            await Echo.RoundTripAsync(pace, "still served");
        }

        var (late, _) = await ConnectAsync(engine, server);
        await Echo.RoundTripAsync(late, "and so are newcomers");
        await late.CloseAsync(0).WithTimeout();
        await server.EmptyAsync();
        Array.ForEach(sources, static s => s.Dispose());
        await relay.DisposeAsync();
        await server.DisposeAsync();
        await engine.DisposeAsync();
        await Waiting.Until(static () => ProcessResources.CountLoopThreads() == 0);
        await Waiting.Until(() => ProcessResources.CountDescriptors() <= descriptors);
    }

    // Every address in 127.0.0.0/8 is this machine; of IPv6 there is one.
    private static IPAddress AddressOf(string address, int number) => address == "::1" ? IPAddress.IPv6Loopback : IPAddress.Parse($"127.0.{number}.{1 + number}");

    // Until only the connection that sets the pace is left, and nothing of handshakes that failed or came to nothing.
    private static async Task QuietAsync(Ngtcp2Engine engine, EchoServer server)
    {
        await Waiting.Until(() => server.State is { Connections: 1, Handshakes: 0 }, "half-open connections end");
        await Waiting.Until(
            async () => await OnLoop(server.Loops[0], static d => d is { ConnectionCount: 1, Timers.Count: <= 1 } && d.IdCount <= 10), "the server forgets what it answered");
        await Waiting.Until(async () => (await CountAsync(engine.ClientLoops)).Connections == 1, "the clients' side is over too");
    }

    private sealed class Run(Ngtcp2Engine engine, TransportConnection pace, NoisyRelay relay, AttackSource[] sources, MalformedDatagrams malformed)
    {
        private readonly Random _order = new(sources.Length);
        private long _echoes;

        internal int Sent { get; private set; }

        internal int Connects { get; private set; }

        internal long Echoes => _echoes;

        internal async Task ExecuteAsync(int datagrams)
        {
            var clients = new List<TransportConnection>();
            for (int i = 0; i < HonestClients; i++)
            {
                clients.Add(await ConnectAsync());
            }

            using var stop = new CancellationTokenSource();
            Task[] honest = [.. clients.Select((c, i) => EchoAsync(c, i, stop.Token))];
            for (int burst = 0, left = datagrams; left > 0; burst++)
            {
                int count = Math.Min(left, Burst);
                left -= count;
                for (int i = 0; i < count; i++)
                {
                    sources[_order.Next(sources.Length)].Send(malformed.Next(_order.Next(MalformedDatagrams.Kinds)));
                }

                Sent += count;

                // The answer tells that the server has dealt with all of them.
                await Echo.RoundTripAsync(pace, "pace");
                Array.ForEach(sources, static s => s.CheckAnswers());
                if (burst % BurstsBetweenNewClients == 0)
                {
                    await using TransportConnection visitor = await ConnectAsync();
                    await Echo.RoundTripAsync(visitor, "in the middle of it");
                }

                foreach (Task task in honest.Where(static t => t.IsCompleted))
                {
                    await task;
                }
            }

            await stop.CancelAsync();
            await Task.WhenAll(honest).WithTimeout();
            foreach (TransportConnection client in clients)
            {
                Assert.IsFalse(client.Closed.IsCompleted);
                await client.DisposeAsync();
            }
        }

        private async Task<TransportConnection> ConnectAsync()
        {
            Connects++;
            return await engine.ConnectAsync(ConnectTo(relay.EndPoint)).WithTimeout();
        }

        private async Task EchoAsync(TransportConnection client, int number, CancellationToken stop)
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await Echo.RoundTripAsync(client, Echo.Payload(100 + (i % 50 * 100), number));
                Interlocked.Increment(ref _echoes);
            }
        }
    }
}
