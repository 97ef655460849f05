using System.Collections.Concurrent;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>No call of the public surface, at whatever moment, reaches an assertion of the native libraries: they would end the process.</summary>
[TestClass]
public sealed class MisuseTests : Ngtcp2Test
{
    private const int Threads = 4;
    private const int OperationsPerThread = 1000;

    [TestMethod]
    [DataRow("127.0.0.1", false)]
    [DataRow("::1", false)]
    [DataRow("127.0.0.1", true)]
    public async Task Operations_AtRandomFromSeveralThreads_EndAndThrowOnlyWhatIsDocumented(string address, bool earlyData)
    {
        int seed = TestSeed.Take(TestContext);
        var limits = new TransportLimits { MaxDatagramSize = 1200, StreamReceiveWindow = 64 << 10, ConnectionReceiveWindow = 256 << 10, StreamSendBuffer = 64 << 10 };
        ServerTlsOptions tls = MutualServerTls with { AllowEarlyData = earlyData };
        ListenOptions listen = ListenOn(address, tls) with { Limits = limits, Backlog = 4, RetryThreshold = 3, HandshakeTimeout = TimeSpan.FromSeconds(2) };
        Ngtcp2Engine engine = NewEngine(o => o with { ClientLoops = 2, ListenerLoops = 2 });
        Ngtcp2Engine disposed = NewEngine();
        await disposed.DisposeAsync();
        ConnectOptions connect = ConnectTo(new System.Net.IPEndPoint(0, 1)) with
        {
            Limits = limits,
            AllowEarlyData = earlyData,
            HandshakeTimeout = TimeSpan.FromSeconds(2),
            Tls = new ClientTlsOptions
            {
                ServerCertificatePolicy = Trust,
                Identity = TestCertificates.Shared.Client,
                TicketStore = earlyData ? new InMemorySessionTicketStore(TimeProvider.System) : null,
            },
        };
        var targets = Own(new OperationTargets(engine, disposed, connect, listen, await engine.ListenAsync(listen)));
        var thrown = new ConcurrentDictionary<string, int>();
        var unexpected = new ConcurrentQueue<Exception>();
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(async () =>
        {
            var operations = new RandomOperations(new Random(seed + thread), targets);
            for (int i = 0; i < OperationsPerThread; i++)
            {
                try
                {
                    await operations.StepAsync().WithTimeout(awaited: $"operation {i} of thread {thread}");
                }
                catch (Exception exception) when (exception is TransportException or OperationCanceledException or ObjectDisposedException
                    or InvalidOperationException or ArgumentException or NotSupportedException)
                {
                    thrown.AddOrUpdate(exception.GetType().Name, 1, static (_, count) => count + 1);
                }
                catch (Exception exception)
                {
                    unexpected.Enqueue(new AssertFailedException($"In {operations.Doing}: {exception.Message}", exception));
                }
            }
        })));
        TestContext.WriteLine(string.Join(", ", thrown.Select(static pair => $"{pair.Value} {pair.Key}")) + $", {targets.Events} events");
        Assert.IsEmpty(unexpected, string.Join("\n", unexpected.Take(3)));
        Assert.IsGreaterThan(20, thrown.Values.Sum(), "Nothing went wrong, so nothing was tried.");

        // Everything still works for those who use it well.
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        var (client, _) = await ConnectAsync(engine, server);
        await Echo.RoundTripAsync(client, Echo.Payload(100_000));
    }
}
