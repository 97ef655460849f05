using System.Net;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Testing;

namespace Net.UnitTests.Testing;

/// <summary>What the in-memory network can do beyond the contract: virtual time and faults. The contract itself is proved by the conformance suite.</summary>
[TestClass]
public sealed class MemoryNetworkTests : IDisposable
{
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(100);
    private static readonly IPEndPoint Address = new(IPAddress.Loopback, 443);

    private readonly ManualTimeProvider _time = new();
    private readonly MemoryNetwork _network;
    private readonly MemoryEngine _engine;

    public MemoryNetworkTests()
    {
        _network = new MemoryNetwork(_time);
        _engine = new MemoryEngine(_network);
    }

    public void Dispose() => _network.Dispose();

    [TestMethod]
    public async Task ConnectAsync_PathWithDelay_TakesTwoRoundTripsOfVirtualTime()
    {
        _network.RoundTripTime = RoundTrip;
        TransportListener listener = await _engine.ListenAsync(Listening());
        Task<TransportConnection> connecting = _engine.ConnectAsync(Connecting()).AsTask();

        _time.Advance((2 * RoundTrip) - TimeSpan.FromTicks(1));
        Assert.IsFalse(connecting.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));

        TransportConnection client = await connecting.WithTimeout();
        Assert.AreEqual(RoundTrip, client.GetPathStatistics().SmoothedRtt);
        Assert.IsNotNull(await listener.AcceptAsync().WithTimeout());
    }

    [TestMethod]
    public async Task Stream_PathWithDelay_DeliversAfterHalfARoundTripInOrder()
    {
        (TransportConnection client, TransportConnection server) = await ConnectAsync();
        _network.SetRoundTripTime(Address, RoundTrip);
        TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional);
        await stream.SendAsync("one");
        ValueTask<TransportStream> accepting = server.AcceptStreamAsync();
        _time.Advance(RoundTrip / 4);
        _network.SetRoundTripTime(Address, TimeSpan.Zero);
        await stream.SendAsync("two");

        // The path has become shorter, but later bytes never overtake.
        Assert.IsFalse(accepting.IsCompleted);
        _time.Advance(RoundTrip / 4);

        Assert.AreEqual("onetwo", await (await accepting.WithTimeout()).ReceiveAsync(6));
    }

    [TestMethod]
    public async Task PingAsync_PathWithDelay_TellsTheRoundTripTime()
    {
        (TransportConnection client, _) = await ConnectAsync();
        _network.RoundTripTime = RoundTrip;
        ValueTask<TimeSpan> ping = client.PingAsync();

        _time.Advance(RoundTrip);

        Assert.AreEqual(RoundTrip, await ping.WithTimeout());
    }

    [TestMethod]
    public async Task HandshakeTimeout_ServerStalled_EndsTheConnectInVirtualTime()
    {
        TransportListener listener = await _engine.ListenAsync(Listening());
        _network.Stall(Address);
        Task<TransportConnection> connecting = _engine.ConnectAsync(Connecting() with { HandshakeTimeout = TimeSpan.FromMinutes(5) }).AsTask();
        _time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.IsFalse(connecting.IsCompleted);

        _time.Advance(TimeSpan.FromTicks(1));

        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(() => connecting.WithTimeout());
        Assert.AreEqual(TransportError.ConnectFailed, exception.Error);
        Assert.AreEqual(0, _network.ConnectionCount);
        _network.Resume(Address);
        Task accepting = listener.AcceptAsync().AsTask();
        Assert.IsFalse(accepting.IsCompleted);
    }

    [TestMethod]
    public async Task IdleTimeout_NothingComes_EndsBothSidesInVirtualTime()
    {
        (TransportConnection client, TransportConnection server) = await ConnectAsync(o => o with { IdleTimeout = TimeSpan.FromSeconds(20) });
        _time.Advance(TimeSpan.FromSeconds(10));
        await client.PingAsync().WithTimeout();
        _time.Advance(TimeSpan.FromSeconds(20) - TimeSpan.FromTicks(1));
        Assert.IsFalse(client.Closed.IsCompleted);

        _time.Advance(TimeSpan.FromTicks(1));

        Assert.AreEqual(TransportError.ConnectionLost, (await client.Closed.WithTimeout()).Error);
        Assert.AreEqual(TransportError.ConnectionLost, (await server.Closed.WithTimeout()).Error);
    }

    [TestMethod]
    public async Task KeepAlive_QuietConnection_LivesForHoursOfVirtualTime()
    {
        (TransportConnection client, TransportConnection server) = await ConnectAsync(o => o with
        {
            IdleTimeout = TimeSpan.FromSeconds(30),
            KeepAliveInterval = TimeSpan.FromSeconds(10),
        });

        _time.Advance(TimeSpan.FromHours(2));

        Assert.IsFalse(client.Closed.IsCompleted);
        Assert.IsFalse(server.Closed.IsCompleted);
        Assert.IsGreaterThanOrEqualTo(720, server.GetPathStatistics().DatagramsReceived!.Value);
    }

    [TestMethod]
    public async Task Stall_BytesUnderWay_AreKeptAndArriveInOrderAfterResume()
    {
        (TransportConnection client, TransportConnection server) = await ConnectAsync();
        TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional);
        _network.RoundTripTime = RoundTrip;
        await stream.SendAsync("one");
        _network.Stall(Address);
        await stream.SendAsync("two");
        ValueTask<TransportStream> accepting = server.AcceptStreamAsync();
        _time.Advance(10 * RoundTrip);
        Assert.IsFalse(accepting.IsCompleted);
        _network.Resume(Address);
        await stream.SendAsync("three");
        _time.Advance(RoundTrip);

        Assert.AreEqual("onetwothree", await (await accepting.WithTimeout()).ReceiveAsync(11));
    }

    [TestMethod]
    public async Task RefuseConnections_Switched_RefusesUntilSwitchedBack()
    {
        await _engine.ListenAsync(Listening());
        _network.RefuseConnections(Address);
        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(async () => await _engine.ConnectAsync(Connecting()).WithTimeout());
        Assert.AreEqual(TransportError.ConnectFailed, exception.Error);
        Assert.IsTrue(exception.IsSafeToRetry);

        _network.RefuseConnections(Address, false);

        await _engine.ConnectAsync(Connecting()).WithTimeout();
        Assert.AreEqual(1, _network.ConnectionCount);
    }

    [TestMethod]
    public async Task Kill_OpenConnection_EndsBothSidesAsLost()
    {
        (TransportConnection client, TransportConnection server) = await ConnectAsync();
        Task reading = client.AcceptStreamAsync().AsTask();

        _network.Kill(client);

        Assert.AreEqual(TransportError.ConnectionLost, (await client.Closed.WithTimeout()).Error);
        Assert.AreEqual(TransportError.ConnectionLost, (await server.Closed.WithTimeout()).Error);
        await Assert.ThrowsExactlyAsync<TransportException>(() => reading.WithTimeout());
        Assert.AreEqual(0, _network.ConnectionCount);
        Assert.AreEqual(0, _network.KillAll(Address));
    }

    [TestMethod]
    public async Task KillAll_HandshakeUnderWay_FailsTheConnect()
    {
        _network.RoundTripTime = RoundTrip;
        await _engine.ListenAsync(Listening());
        Task<TransportConnection> connecting = _engine.ConnectAsync(Connecting()).AsTask();
        _time.Advance(RoundTrip);

        Assert.AreEqual(1, _network.KillAll(Address));

        await Assert.ThrowsExactlyAsync<TransportException>(() => connecting.WithTimeout());
    }

    [TestMethod]
    public async Task FailMigrations_ClientMoves_StaysAndTellsIt()
    {
        (TransportConnection client, _) = await ConnectAsync();
        IPEndPoint before = client.LocalEndPoint;
        var changed = new TaskCompletionSource<PathChangedEventArgs>();
        client.PathChanged += (_, change) => changed.SetResult(change);
        _network.FailMigrations = true;

        await Assert.ThrowsExactlyAsync<TransportException>(async () => await client.MigrateAsync().WithTimeout());

        Assert.IsFalse((await changed.Task.WithTimeout()).IsValidated);
        Assert.AreEqual(before, client.LocalEndPoint);
        await client.PingAsync().WithTimeout();
    }

    [TestMethod]
    public async Task SetHost_SeveralAddresses_AreTriedInTurn()
    {
        await _engine.ListenAsync(Listening());
        _network.SetHost("a.test.example", IPAddress.Parse("192.0.2.1"), IPAddress.Loopback);

        TransportConnection client = await _engine.ConnectAsync(Connecting() with { RemoteEndPoint = new DnsEndPoint("a.test.example", 443) }).WithTimeout();

        Assert.AreEqual(Address, client.RemoteEndPoint);
    }

    [TestMethod]
    public async Task ConnectAsync_AnotherEngineUnsupported_SaysWhy()
    {
        await using var engine = new MemoryEngine(_network, new MemoryEngineOptions { Support = new EngineSupport(false, "not today", null) });

        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(async () => await engine.ConnectAsync(Connecting()).WithTimeout());

        Assert.AreEqual(TransportError.EngineMissing, exception.Error);
        StringAssert.Contains(exception.Message, "not today", StringComparison.Ordinal);
    }

    [TestMethod]
    public void InlineContinuations_SameStory_IsTheSameEachTime()
    {
        string first = TellStory();
        string second = TellStory();

        Assert.AreEqual(first, second);
        Assert.IsGreaterThan(1000, first.Length);
    }

    // Twenty clients echo over paths of different length; all runs on this thread, so that the order of all that happens is one and the same.
    private static string TellStory()
    {
        var time = new ManualTimeProvider();
        using var network = new MemoryNetwork(time);
        var engine = new MemoryEngine(network);
        var story = new System.Text.StringBuilder();
        Task serving = ServeAsync();
        Task[] clients = [.. Enumerable.Range(0, 20).Select(RunClientAsync)];
        while (!clients.All(c => c.IsCompleted) && time.AdvanceToNextTimer())
        {
        }

        Assert.IsTrue(clients.All(c => c.IsCompletedSuccessfully), string.Join("; ", clients.Select(c => c.Exception?.Message ?? c.Status.ToString())));
        Assert.IsFalse(serving.IsFaulted);
        return story.ToString();

        void Tell(string what) => story.Append(time.Elapsed.TotalMilliseconds).Append(' ').AppendLine(what);

        async Task ServeAsync()
        {
            for (int port = 1; port <= 20; port++)
            {
                var address = new IPEndPoint(IPAddress.Loopback, port);
                network.SetRoundTripTime(address, TimeSpan.FromMilliseconds(10 + (port * 7 % 13)));
                TransportListener listener = await engine.ListenAsync(Listening() with { LocalEndPoint = address, InlineContinuations = true });
                _ = AcceptAsync(listener);
            }
        }

        async Task AcceptAsync(TransportListener listener)
        {
            while (await listener.AcceptAsync().ConfigureAwait(false) is { } connection)
            {
                Tell($"accepted on {listener.LocalEndPoint.Port}");
                _ = EchoAsync(connection);
            }
        }

        static async Task EchoAsync(TransportConnection connection)
        {
            try
            {
                while (true)
                {
                    TransportStream stream = await connection.AcceptStreamAsync().ConfigureAwait(false);
                    await stream.Input.CopyToAsync(stream.Output).ConfigureAwait(false);
                    await stream.DisposeAsync().ConfigureAwait(false);
                }
            }
            catch (TransportException)
            {
                // The client has closed.
            }
        }

        async Task RunClientAsync(int index)
        {
            ConnectOptions options = Connecting() with { RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, index + 1), InlineContinuations = true };
            TransportConnection connection = await engine.ConnectAsync(options).ConfigureAwait(false);
            Tell($"client {index} connected");
            for (int i = 0; i < 3; i++)
            {
                TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional).ConfigureAwait(false);
                await stream.Output.WriteAsync(new byte[1000 * (index + 1)]).ConfigureAwait(false);
                await stream.Output.CompleteAsync().ConfigureAwait(false);
                using var copy = new MemoryStream();
                await stream.Input.CopyToAsync(copy).ConfigureAwait(false);
                Tell($"client {index} echoed {copy.Length}");
                await stream.DisposeAsync().ConfigureAwait(false);
            }

            await connection.CloseAsync(index).ConfigureAwait(false);
        }
    }

    private static ListenOptions Listening()
    {
        var tls = new ServerTlsOptions { Identity = TestCertificates.Shared.Server };
        return new ListenOptions { ApplicationProtocols = ["test/1"], LocalEndPoint = Address, Tls = (in ClientHello _) => tls };
    }

    private static ConnectOptions Connecting() => new()
    {
        ApplicationProtocols = ["test/1"],
        RemoteEndPoint = Address,
        Tls = new ClientTlsOptions { ServerCertificatePolicy = new RecordingPolicy() },
    };

    private async Task<(TransportConnection Client, TransportConnection Server)> ConnectAsync(Func<ConnectOptions, ConnectOptions>? change = null)
    {
        TransportListener listener = await _engine.ListenAsync(Listening());
        TransportConnection client = await _engine.ConnectAsync(change is null ? Connecting() : change(Connecting())).WithTimeout();
        TransportConnection? server = await listener.AcceptAsync().WithTimeout();
        return (client, server!);
    }
}
