using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Connections that change their path: the client's own move, and a NAT that forgets its mapping.</summary>
[TestClass]
public sealed class MigrationTests : Ngtcp2Test
{
    [TestMethod]
    [DataRow("127.0.0.1", null)]
    [DataRow("127.0.0.1", "127.0.0.2")]
    [DataRow("::1", null)]
    public async Task Migrate_ToAnotherLocalAddress_MovesBothSidesAndKeepsTheStreams(string address, string? target)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address, MutualServerTls));
        var (client, accepted) = await ConnectAsync(engine, server);
        using var clientPaths = new PathLog(client);
        using var serverPaths = new PathLog(accepted);
        await using TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await Echo.ExchangeAsync(stream, Echo.Payload(5000));
        var seen = new HashSet<IPEndPoint> { client.LocalEndPoint };

        for (int move = 0; move < 5; move++)
        {
            await client.MigrateAsync(target is null ? null : new IPEndPoint(IPAddress.Parse(target), 0)).WithTimeout();
            Assert.IsTrue(seen.Add(client.LocalEndPoint), "Each move leads to an address of its own.");
            Assert.AreEqual(IPAddress.Parse(target ?? address), client.LocalEndPoint.Address);
            await Echo.ExchangeAsync(stream, Echo.Payload(5000, move));
            await Waiting.Until(() => accepted.RemoteEndPoint.Equals(client.LocalEndPoint));
            await clientPaths.AssertNextAsync(client.LocalEndPoint, server.EndPoint);
            await serverPaths.AssertNextAsync(server.EndPoint, client.LocalEndPoint);
        }
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Migrate_InTheMiddleOfLargeTransfers_LosesNothing(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        var (client, _) = await ConnectAsync(engine, server);
        Task[] transfers = [.. Enumerable.Range(0, 4).Select(i => Echo.RoundTripAsync(client, Echo.Payload(6_000_000, i)))];
        int moves = 0;
        do
        {
            await client.MigrateAsync().WithTimeout();
            moves++;
        }
        while (!transfers.All(static t => t.IsCompleted) && moves < 20);

        await Task.WhenAll(transfers).WithTimeout();
    }

    // Both families at once, as each waits the three seconds that RFC 9000 gives a path to answer.
    [TestMethod]
    public async Task Migrate_OnAPathThatAnswersNothing_FailsAndStaysOnTheOldOne() =>
        await Task.WhenAll(MigrateOnADeadPathAsync("127.0.0.1"), MigrateOnADeadPathAsync("::1"));

    private async Task MigrateOnADeadPathAsync(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        UdpRelay relay = Own(new UdpRelay(server.EndPoint));
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(relay.EndPoint)).WithTimeout());
        using var paths = new PathLog(client);
        await Echo.RoundTripAsync(client, "before");
        IPEndPoint before = client.LocalEndPoint;

        await relay.IgnoreNewClientsAsync();
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => client.MigrateAsync().WithTimeout());
        Assert.AreEqual(TransportError.ConnectFailed, failure.Error);
        Assert.Contains("stays on the old one", failure.Message);
        Assert.AreEqual(before, client.LocalEndPoint);
        PathChangedEventArgs told = await paths.NextAsync();
        Assert.IsFalse(told.IsValidated);
        Assert.AreEqual(before, told.LocalEndPoint);
        await Echo.RoundTripAsync(client, "after");
    }

    [TestMethod]
    public async Task Migrate_ToAnAddressThatIsNotOurs_FailsAndGoesOn()
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn("127.0.0.1"));
        var (client, accepted) = await ConnectAsync(engine, server);
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(
            () => client.MigrateAsync(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0)).WithTimeout());
        Assert.AreEqual(TransportError.ConnectFailed, failure.Error);
        Assert.Contains("192.0.2.1", failure.Message);
        await Assert.ThrowsExactlyAsync<NotSupportedException>(() => accepted.MigrateAsync().WithTimeout());
        failure = await Assert.ThrowsExactlyAsync<TransportException>(() => client.MigrateAsync(new IPEndPoint(IPAddress.IPv6Loopback, 0)).WithTimeout());
        Assert.AreEqual(TransportError.ConnectFailed, failure.Error);
        Assert.Contains("different families", failure.Message);
        await Echo.RoundTripAsync(client, "still here");
    }

    [TestMethod]
    [DataRow("127.0.0.1", "127.0.0.1")]
    [DataRow("127.0.0.1", "127.0.0.7")]
    [DataRow("::1", "::1")]
    public async Task NatRebinding_InTheMiddleOfATransfer_IsFollowedByTheServerWithoutLoss(string address, string outerAddress)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        UdpRelay relay = Own(new UdpRelay(server.EndPoint));
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(relay.EndPoint)).WithTimeout());
        TransportConnection accepted = await server.NextConnectionAsync();
        using var serverPaths = new PathLog(accepted);
        using var clientPaths = new PathLog(client);
        await using TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await Echo.ExchangeAsync(stream, Echo.Payload(100));

        for (int rebinding = 1; rebinding <= 3; rebinding++)
        {
            Task transfer = Echo.RoundTripAsync(client, Echo.Payload(3_000_000, rebinding));
            int[] ports = await relay.RebindAsync(IPAddress.Parse(outerAddress)).WithTimeout();
            await transfer.WithTimeout();
            await Echo.ExchangeAsync(stream, Echo.Payload(100, rebinding));
            var expected = new IPEndPoint(IPAddress.Parse(outerAddress), ports.Single());
            await Waiting.Until(() => accepted.RemoteEndPoint.Equals(expected));
            await serverPaths.AssertNextAsync(server.EndPoint, expected);
        }

        Assert.AreEqual(0, clientPaths.Count, "The client does not see what the box in the middle does.");
        Assert.IsFalse(client.Closed.IsCompleted);
    }

    [TestMethod]
    [DataRow("127.0.0.1", true)]
    [DataRow("::1", true)]
    [DataRow("127.0.0.1", false)]
    [DataRow("::1", false)]
    public async Task Packet_CopiedFromAnotherAddress_DoesNotMoveTheConnection(string address, bool pathMtuDiscovery)
    {
        byte[]? stolen = null;
        bool isStealing = false;
        Ngtcp2Engine engine = NewEngine(o => o with { PathMtuDiscovery = pathMtuDiscovery });
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        UdpRelay relay = Own(new UdpRelay(server.EndPoint, (RelayDirection direction, ReadOnlySpan<byte> data, ref byte _) =>
        {
            if (direction == RelayDirection.ToClient || !Volatile.Read(ref isStealing))
            {
                return true;
            }

            // Nothing later may reach the server first: an old packet moves nothing.
            stolen ??= data.ToArray();
            return false;
        }));
        TransportConnection client = Own(await engine.ConnectAsync(ConnectTo(relay.EndPoint)).WithTimeout());
        TransportConnection accepted = await server.NextConnectionAsync();
        using var serverPaths = new PathLog(accepted);
        await using TransportStream stream = await client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        await Echo.ExchangeAsync(stream, Echo.Payload(100));
        IPEndPoint before = accepted.RemoteEndPoint;

        // Somebody on the way keeps the client's next packet and hands it in from an address where it cannot answer for the client (RFC 9000, section 9.3.2).
        Volatile.Write(ref isStealing, true);
        Task<FlushResult> writing = stream.Output.WriteAsync(Echo.Payload(100)).AsTask();
        await Waiting.Until(() => Volatile.Read(ref stolen) is not null);
        using var stranger = new UdpClient(server.EndPoint.AddressFamily);
        await stranger.SendAsync(stolen!, server.EndPoint);
        UdpReceiveResult answer = await stranger.ReceiveAsync().WithTimeout();
        Assert.IsNotEmpty(answer.Buffer, "The server asks the new address for a proof.");
        Volatile.Write(ref isStealing, false);
        await writing.WithTimeout();
        var read = await stream.Input.ReadAtLeastAsync(100).WithTimeout();
        stream.Input.AdvanceTo(read.Buffer.End);
        await Echo.RoundTripAsync(client, Echo.Payload(200_000));

        Assert.AreEqual(before, accepted.RemoteEndPoint);
        Assert.AreEqual(0, serverPaths.Count);
    }

    /// <summary>What a connection says of its paths, in order.</summary>
    private sealed class PathLog : IDisposable
    {
        private readonly TransportConnection _connection;
        private readonly ConcurrentQueue<PathChangedEventArgs> _events = new();

        internal PathLog(TransportConnection connection)
        {
            _connection = connection;
            connection.PathChanged += Note;
        }

        internal int Count => _events.Count;

        public void Dispose() => _connection.PathChanged -= Note;

        internal async Task<PathChangedEventArgs> NextAsync()
        {
            await Waiting.Until(() => !_events.IsEmpty, "a path event");
            return _events.TryDequeue(out PathChangedEventArgs? args) ? args : throw new InvalidOperationException("Somebody else took the event.");
        }

        internal async Task AssertNextAsync(IPEndPoint local, IPEndPoint remote)
        {
            PathChangedEventArgs args = await NextAsync();
            Assert.AreEqual(local, args.LocalEndPoint);
            Assert.AreEqual(remote, args.RemoteEndPoint);
            Assert.IsTrue(args.IsValidated);
        }

        private void Note(object? sender, PathChangedEventArgs args)
        {
            Assert.AreSame(_connection, sender);
            _events.Enqueue(args);
        }
    }
}
