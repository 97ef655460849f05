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

    // On a loaded machine the runtime's own allocations stand in more rounds, but not in all of these; a leak does.
    private const int MostRounds = 15;

    /// <summary>Trusts nothing that the shared certificates lead to.</summary>
    private static CertificateTrust Strangers { get; } = new([new TestAuthority("Strangers").Certificate]);

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connections_ThreeHundredOneAfterTheOther_GiveEverythingBack(string address)
    {
        // A loop says that it has ended a moment before its thread is gone.
        await Waiting.Until(static () => ProcessResources.CountLoopThreads() == 0, "the engines of the tests before this one are gone");
        int descriptors = ProcessResources.CountDescriptors();
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
            Assert.IsLessThanOrEqualTo(working, ProcessResources.CountDescriptors());
        });

        await server.DisposeAsync();
        await engine.DisposeAsync();
        await Waiting.Until(static () => ProcessResources.CountLoopThreads() == 0);
        await Waiting.Until(() => ProcessResources.CountDescriptors() <= descriptors);
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Engines_ThatComeAndGo_GiveEverythingBack(string address)
    {
        int descriptors = ProcessResources.CountDescriptors();
        await AssertFlatAsync(rounds: 6, async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                await using var engine = new Ngtcp2Engine(new Ngtcp2EngineOptions { LoggerFactory = Log, ListenerLoops = 2, ClientLoops = 2 });
                await using EchoServer server = await EchoServer.StartAsync(engine, ListenOn(address));
                await using TransportConnection client = await engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout();
                await Echo.RoundTripAsync(client, "short life");
                await client.MigrateAsync().WithTimeout();
                await Echo.RoundTripAsync(client, "short life, elsewhere");
            }

            await Waiting.Until(static () => ProcessResources.CountLoopThreads() == 0);
            await Waiting.Until(() => ProcessResources.CountDescriptors() <= descriptors);
        });
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Handshakes_ThatFail_GiveEverythingBack(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address, MutualServerTls));
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

    // All kinds and both families in one: a client that knows no round-trip time yet goes on closing for three seconds, once for all of a round.
    [TestMethod]
    public async Task Connects_RefusedFailedOrCancelledOnBothFamilies_GiveEverythingBack()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        Ngtcp2Engine engine = NewEngine();
        EchoServer[] servers =
        [
            await ListenAsync(engine, ListenOn("127.0.0.1", MutualServerTls) with { MaxConnections = 1, HandshakeTimeout = TimeSpan.FromSeconds(3) }),
            await ListenAsync(engine, ListenOn("::1", MutualServerTls) with { MaxConnections = 1, HandshakeTimeout = TimeSpan.FromSeconds(3) }),
        ];
        int[] cancelled = [0, 0];
        await AssertFlatAsync(rounds: 2, async () =>
        {
            for (int family = 0; family < servers.Length; family++)
            {
                await RefuseAsync(engine, servers[family]);
                await FailAsync(engine, servers[family]);
                cancelled[family] += await CancelAsync(engine, servers[family], random);
            }

            foreach (EchoServer server in servers)
            {
                await AssertEmptyAsync(engine, server);
            }
        });
        TestContext.WriteLine($"{cancelled[0]} and {cancelled[1]} were cancelled in the middle.");
        Assert.IsGreaterThan(0, cancelled.Min());
    }

    private static async Task RefuseAsync(Ngtcp2Engine engine, EchoServer server)
    {
        await using TransportConnection only = await engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout();
        await server.NextConnectionAsync();
        for (int i = 0; i < Cycles; i++)
        {
            TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout());
            Assert.AreEqual(TransportError.ConnectFailed, refused.Error, refused.Message);
        }

        await Echo.RoundTripAsync(only, "not disturbed");
    }

    // The client refuses the server's certificate, or they have no protocol in common.
    private static async Task FailAsync(Ngtcp2Engine engine, EchoServer server)
    {
        var distrustful = new ClientTlsOptions { ServerCertificatePolicy = Strangers, Identity = TestCertificates.Shared.Client };
        for (int i = 0; i < Cycles; i++)
        {
            ConnectOptions options = i % 2 == 0 ? ConnectTo(server.EndPoint, distrustful) : ConnectTo(server.EndPoint) with { ApplicationProtocols = ["unknown"] };
            await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(options).WithTimeout());
        }
    }

    /// <returns>How many were cancelled before they were connected or refused.</returns>
    private static async Task<int> CancelAsync(Ngtcp2Engine engine, EchoServer server, Random random)
    {
        int cancelled = 0;
        for (int i = 0; i < Cycles; i++)
        {
            using var source = new CancellationTokenSource();
            Task<TransportConnection> attempt = engine.ConnectAsync(ConnectTo(server.EndPoint), source.Token).AsTask();

            // Work that takes a moment of no fixed length stands in for time: a handshake takes about half a millisecond.
            System.Security.Cryptography.SHA256.HashData(new byte[random.Next(1_000_000)]);
            await source.CancelAsync();
            try
            {
                await (await attempt.WithTimeout()).DisposeAsync();
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }
            catch (TransportException refused) when (refused.Error == TransportError.ConnectFailed)
            {
                // The one before is not gone from the server yet.
            }
        }

        return cancelled;
    }

    private async Task AssertFlatAsync(int rounds, Func<Task> round)
    {
        await round();
        int threads = ProcessResources.CountLoopThreads();
        int descriptors = ProcessResources.CountDescriptors();
        long least = long.MaxValue;
        long before = ProcessResources.NativeBytes();
        for (int i = 0; i < rounds || (i < MostRounds && least >= NativeTolerance); i++)
        {
            await round();
            Assert.AreEqual(threads, ProcessResources.CountLoopThreads());
            await Waiting.Until(() => ProcessResources.CountDescriptors() <= descriptors, "the descriptors of before");
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
