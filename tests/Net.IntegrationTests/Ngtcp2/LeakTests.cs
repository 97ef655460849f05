using Net.Ngtcp2;
using Net.Ngtcp2.Loop;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Connections come and go, and everything they took comes back.</summary>
[TestClass]
[DoNotParallelize]
public sealed class LeakTests : Ngtcp2Test
{
    private const int WarmUp = 60;
    private const int Cycles = 100;

    // A kilobyte of each connection in a round that stayed behind in every round. What the runtime allocates now and then, as for compiling, stands in some rounds only.
    private const long NativeTolerance = Cycles * 1024;

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connections_ThreeHundredOneAfterTheOther_GiveEverythingBack(string address)
    {
        int descriptors = ProcessResources.CountDescriptors();
        Assert.AreEqual(0, ProcessResources.CountLoopThreads(), "A test before this one left an engine running.");
        Ngtcp2Engine engine = NewEngine(o => o with { ListenerLoops = 2 });
        EchoServer server = await ListenAsync(engine, ListenOn(address, MutualServerTls));
        var store = new InMemorySessionTicketStore(TimeProvider.System);
        ConnectOptions options = ConnectTo(
            server.EndPoint, new ClientTlsOptions { ServerCertificatePolicy = Trust, Identity = TestCertificates.Shared.Client, TicketStore = store });
        await RunAsync(engine, server, options, WarmUp);
        await AssertEmptyAsync(engine, server);
        int working = ProcessResources.CountDescriptors();
        await AssertFlatAsync(rounds: 3, async () =>
        {
            await RunAsync(engine, server, options, Cycles);
            await AssertEmptyAsync(engine, server);
            Assert.AreEqual(3, ProcessResources.CountLoopThreads());
            Assert.AreEqual(working, ProcessResources.CountDescriptors());
        });

        await server.DisposeAsync();
        await engine.DisposeAsync();
        await Waiting.Until(static () => ProcessResources.CountLoopThreads() == 0);
        await Waiting.Until(() => ProcessResources.CountDescriptors() == descriptors);
    }

    [TestMethod]
    public async Task Engines_ThatComeAndGo_GiveEverythingBack()
    {
        int descriptors = ProcessResources.CountDescriptors();
        await AssertFlatAsync(rounds: 6, async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                await using var engine = new Ngtcp2Engine(new Ngtcp2EngineOptions { LoggerFactory = Log, ListenerLoops = 2, ClientLoops = 2 });
                await using EchoServer server = await EchoServer.StartAsync(engine, ListenOn("127.0.0.1"));
                await using TransportConnection client = await engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout();
                await Echo.RoundTripAsync(client, "short life");
                await client.MigrateAsync().WithTimeout();
                await Echo.RoundTripAsync(client, "short life, elsewhere");
            }

            await Waiting.Until(static () => ProcessResources.CountLoopThreads() == 0);
            await Waiting.Until(() => ProcessResources.CountDescriptors() == descriptors);
        });
    }

    [TestMethod]
    public async Task Handshakes_ThatFail_GiveEverythingBack()
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn("127.0.0.1", MutualServerTls));
        ConnectOptions options = ConnectTo(server.EndPoint, new ClientTlsOptions { ServerCertificatePolicy = Trust });
        await AssertFlatAsync(rounds: 6, async () =>
        {
            for (int i = 0; i < Cycles; i++)
            {
                await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(options).WithTimeout());
            }

            await AssertEmptyAsync(engine, server);
        });
    }

    private async Task AssertFlatAsync(int rounds, Func<Task> round)
    {
        await round();
        long least = long.MaxValue;
        long before = ProcessResources.NativeBytes();
        for (int i = 0; i < rounds; i++)
        {
            await round();
            long now = ProcessResources.NativeBytes();
            TestContext.WriteLine($"Native memory grew by {now - before} bytes.");
            least = Math.Min(least, now - before);
            before = now;
        }

        Assert.IsLessThan(NativeTolerance, least);
    }

    // Some connections are closed by the client, some by the server, some are only disposed; some with streams left open.
    private static async Task RunAsync(Ngtcp2Engine engine, EchoServer server, ConnectOptions options, int cycles)
    {
        for (int i = 0; i < cycles; i++)
        {
            await using TransportConnection client = await engine.ConnectAsync(options).WithTimeout();
            TransportConnection accepted = await server.NextConnectionAsync();
            await Echo.RoundTripAsync(client, Echo.Payload(3000, i));
            switch (i % 4)
            {
                case 0:
                    await client.CloseAsync(1, "done").WithTimeout();
                    break;
                case 1:
                    await accepted.CloseAsync(2, "enough").WithTimeout();
                    await client.Closed.WithTimeout();
                    break;
                case 2:
                    TransportStream open = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
                    await open.Output.WriteAsync(Echo.Payload(5000)).WithTimeout();
                    break;
                default:
                    await client.MigrateAsync().WithTimeout();

                    // A new path begins with a guess of its round-trip time, and the closing period would last three seconds.
                    await Echo.RoundTripAsync(client, Echo.Payload(3000, i));
                    break;
            }
        }
    }

    private static async Task AssertEmptyAsync(Ngtcp2Engine engine, EchoServer server)
    {
        await server.EmptyAsync();
        await Waiting.Until(async () => await CountAsync(engine.ClientLoops) == (0, 0), "the client forgets its connections");
        foreach (UdpLoop loop in server.Loops.Concat(engine.ClientLoops))
        {
            Assert.AreEqual((0, 0), await OnLoop(loop, static driver => (driver.ResetTokenCount, driver.Timers.Count)).WithTimeout());
        }

        Assert.AreEqual(0, server.State.Connections);
        Assert.AreEqual(0, server.State.Handshakes);
    }
}
