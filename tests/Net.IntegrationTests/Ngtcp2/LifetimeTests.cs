using System.Net;
using System.Net.Sockets;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Ends in the middle of things: cancelled attempts, engines and listeners disposed under load.</summary>
[TestClass]
public sealed class LifetimeTests : Ngtcp2Test
{
    private const long ConnectionRefused = 0x2;

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_CancelledAtEachDatagramOfTheHandshake_LeavesNothingBehind(string address)
    {
        Ngtcp2Engine engine = NewEngine();

        // A client whose relay is gone before its close has passed is missed by the idle timeout alone.
        ListenOptions options = ListenOn(address, MutualServerTls) with { HandshakeTimeout = TimeSpan.FromSeconds(5), IdleTimeout = TimeSpan.FromSeconds(5), RetryThreshold = 2 };
        EchoServer server = await ListenAsync(engine, options);
        int cancelled = 0;
        int connected = 0;
        await Task.WhenAll(Enumerable.Range(0, 24).Select(async datagram =>
        {
            using var source = new CancellationTokenSource();
            int seen = 0;
            await using var relay = new UdpRelay(server.EndPoint, (RelayDirection _, ReadOnlySpan<byte> _, ref byte _) =>
            {
                if (seen++ == datagram / 2)
                {
                    source.Cancel();
                }

                return true;
            });
            try
            {
                await using TransportConnection client = await engine.ConnectAsync(ConnectTo(relay.EndPoint), source.Token).WithTimeout();
                Interlocked.Increment(ref connected);
            }
            catch (OperationCanceledException exception)
            {
                Assert.AreEqual(source.Token, exception.CancellationToken);
                Interlocked.Increment(ref cancelled);
            }
        })).WithTimeout();
        TestContext.WriteLine($"{cancelled} cancelled, {connected} were quicker");
        Assert.IsGreaterThan(0, cancelled);
        await server.EmptyAsync();
        await Waiting.Until(async () => await CountAsync(engine.ClientLoops) == (0, 0), "the client forgets its attempts");
        Assert.AreEqual(0, server.State.Connections);
        Assert.AreEqual(0, server.State.Handshakes);
        var (next, _) = await ConnectLastAsync(engine, server);
        await Echo.RoundTripAsync(next, "served as before");
    }

    [TestMethod]
    public async Task Connect_CancelledAtRandomMoments_LeavesNothingBehind()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn("127.0.0.1") with { HandshakeTimeout = TimeSpan.FromSeconds(1) });
        for (int i = 0; i < 100; i++)
        {
            using var source = new CancellationTokenSource();
            Task<TransportConnection> attempt = engine.ConnectAsync(ConnectTo(server.EndPoint), source.Token).AsTask();

            // Work that takes a moment of no fixed length stands in for time: a handshake takes about half a millisecond.
            System.Security.Cryptography.SHA256.HashData(new byte[random.Next(2_000_000)]);
            await source.CancelAsync();
            try
            {
                await (await attempt.WithTimeout()).DisposeAsync();
            }
            catch (OperationCanceledException exception)
            {
                Assert.AreEqual(source.Token, exception.CancellationToken);
            }
        }

        await server.EmptyAsync();
        await Waiting.Until(async () => await CountAsync(engine.ClientLoops) == (0, 0), "the client forgets its attempts");
        Assert.AreEqual(0, server.State.Connections);
        Assert.AreEqual(0, server.State.Handshakes);
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Dispose_OfTheEngineWithEverythingInFlight_EndsAndFailsAllThatWaits(string address)
    {
        var serverEngine = NewEngine(o => o with { ListenerLoops = 2 });
        var clientEngine = NewEngine(o => o with { ClientLoops = 2 });
        EchoServer server = await ListenAsync(serverEngine, ListenOn(address, MutualServerTls));
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Parse(address), 0));
        var pending = new List<Task>();
        for (int i = 0; i < 16; i++)
        {
            var (client, accepted) = await ConnectAsync(clientEngine, server);
            pending.Add(PumpAsync(client));
            pending.Add(PumpAsync(client));
            pending.Add(client.AcceptStreamAsync().AsTask());
            pending.Add(OpenWithoutCreditAsync(client));
            pending.Add(PingAsync(client));
            pending.Add(client.MigrateAsync().AsTask());
            pending.Add(client.UpdateKeysAsync().AsTask());
            pending.Add(accepted.PingAsync().AsTask());
        }

        for (int i = 0; i < 8; i++)
        {
            pending.Add(clientEngine.ConnectAsync(ConnectTo(silent.Client.LocalEndPoint!)).AsTask());
            pending.Add(clientEngine.ConnectAsync(ConnectTo(server.EndPoint)).AsTask());
        }

        await Task.WhenAll(clientEngine.DisposeAsync().AsTask(), serverEngine.DisposeAsync().AsTask(), server.Listener.DisposeAsync().AsTask()).WithTimeout();
        foreach (Task task in pending)
        {
            try
            {
                await task.WithTimeout(awaited: "an operation in flight when the engine was disposed");
            }
            catch (Exception exception) when (exception is TransportException or ObjectDisposedException)
            {
                // One of the two documented ends; or it was over before.
            }
        }

        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => clientEngine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout());
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => serverEngine.ListenAsync(ListenOn(address)).WithTimeout());
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Accept_WithAFullBacklog_RefusesNewClientsAndKeepsTheWaitingOnes(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        await using TransportListener listener = await engine.ListenAsync(ListenOn(address) with { Backlog = 2 }).WithTimeout();
        var state = ((Ngtcp2Listener)listener).State;
        TransportConnection[] waiting = [Own(await engine.ConnectAsync(ConnectTo(listener.LocalEndPoint)).WithTimeout()), Own(await engine.ConnectAsync(ConnectTo(listener.LocalEndPoint)).WithTimeout())];
        await Waiting.Until(() => state.Handshakes == 0);
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(ConnectTo(listener.LocalEndPoint)).WithTimeout());
        Assert.AreEqual(TransportError.ConnectFailed, failure.Error);
        Assert.AreEqual(ConnectionRefused, failure.TransportErrorCode);
        foreach (TransportConnection client in waiting)
        {
            TransportConnection accepted = Own((await listener.AcceptAsync().WithTimeout())!);
            Assert.AreEqual(client.LocalEndPoint, accepted.RemoteEndPoint);
            await using TransportStream stream = await client.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
            await stream.Output.WriteAsync(Echo.Payload(10)).WithTimeout();
            await using TransportStream arrived = await accepted.AcceptStreamAsync().WithTimeout();
            Assert.AreEqual(10, (await arrived.Input.ReadAtLeastAsync(10).WithTimeout()).Buffer.Length);
        }

        TransportConnection next = Own(await engine.ConnectAsync(ConnectTo(listener.LocalEndPoint)).WithTimeout());
        Assert.IsFalse(next.Closed.IsCompleted);
    }

    // Some of the connections before were cancelled after the server had accepted them.
    private async Task<(TransportConnection Client, TransportConnection Server)> ConnectLastAsync(Ngtcp2Engine engine, EchoServer server)
    {
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout());
        while (true)
        {
            TransportConnection accepted = await server.NextConnectionAsync();
            if (accepted.RemoteEndPoint.Equals(client.LocalEndPoint) && !accepted.Closed.IsCompleted)
            {
                return (client, accepted);
            }
        }
    }

    private static async Task PumpAsync(TransportConnection client)
    {
        await using TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional);
        while (true)
        {
            // Nothing reads the echo, so that this stands still at the windows sooner or later.
            await stream.Output.WriteAsync(Echo.Payload(100_000));
        }
    }

    private static async Task OpenWithoutCreditAsync(TransportConnection client)
    {
        while (true)
        {
            await client.OpenStreamAsync(StreamDirection.Unidirectional);
        }
    }

    private static async Task PingAsync(TransportConnection client)
    {
        while (true)
        {
            await client.PingAsync();
        }
    }
}
