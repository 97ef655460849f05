using System.Net.Sockets;
using System.Reflection;
using Net.Ngtcp2;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Interop;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Peers that go over a limit meet the right QUIC error, and others do not notice.</summary>
[TestClass]
public sealed class LimitTests : Ngtcp2Test
{
    private const int LargestClosePacket = 200;
    private const long ConnectionRefused = 0x2;
    private const long FlowControlError = 0x3;
    private const long StreamLimitError = 0x4;
    private const long ProtocolViolation = 0xa;

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_AboveMaxConnections_IsRefusedUntilOneEnds(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { MaxConnections = 3 });
        var clients = new List<TransportConnection>();
        for (int i = 0; i < 3; i++)
        {
            clients.Add((await ConnectAsync(engine, server)).Client);
        }

        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout());
        Assert.AreEqual(TransportError.ConnectFailed, failure.Error);
        Assert.AreEqual(ConnectionRefused, failure.TransportErrorCode);
        Assert.Contains("CONNECTION_REFUSED", failure.Message);
        Assert.AreEqual(1, server.State.Refusals);
        Assert.AreEqual(3, server.State.Connections);
        await Echo.RoundTripAsync(clients[0], "not disturbed");

        await clients[1].CloseAsync(0).WithTimeout();
        await Waiting.Until(() => server.State.Connections == 2);
        var (next, _) = await ConnectAsync(engine, server);
        await Echo.RoundTripAsync(next, "room again");
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Resets_OfAThousandStreamsAtOnce_EndTheConnectionAndNoOther(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { Limits = new TransportLimits { MaxInboundBidirectionalStreams = 1000 } });
        var (honest, _) = await ConnectAsync(engine, server);
        var (hostile, accepted) = await ConnectAsync(engine, server);
        Task bystander = EchoUntilAsync(honest, hostile.Closed);
        for (int i = 0; i < 1000 && hostile.TryOpenStream(StreamDirection.Bidirectional, Idempotency.NonIdempotent, out TransportStream? stream); i++)
        {
            stream.AbortWrite(7);
        }

        ConnectionClose close = await hostile.Closed.WithTimeout();
        Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        Assert.AreEqual(TransportError.ProtocolViolation, close.Error);
        Assert.AreEqual(ProtocolViolation, close.TransportErrorCode);
        Assert.Contains("too many stream resets", close.Reason);
        ConnectionClose seen = await accepted.Closed.WithTimeout();
        Assert.AreEqual(CloseInitiator.Local, seen.Initiator);
        Assert.AreEqual(ProtocolViolation, seen.TransportErrorCode);
        Assert.HasCount(1, Log.Entries.Where(static e => e.Event == "PeerCutOff"));
        await bystander.WithTimeout();
        await Echo.RoundTripAsync(honest, "still served");
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Datagrams_WithoutProgressAboveTheLimit_EndTheConnectionAndNoOther(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { Limits = new TransportLimits { MaxIdleDatagramsPerSecond = 100 } });
        var (honest, _) = await ConnectAsync(engine, server);
        var (hostile, _) = await ConnectAsync(engine, server);
        await Assert.ThrowsExactlyAsync<TransportException>(async () =>
        {
            while (true)
            {
                // Each is a packet that brings nothing but work.
                await hostile.PingAsync().WithTimeout();
            }
        });
        ConnectionClose close = await hostile.Closed.WithTimeout();
        Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        Assert.AreEqual(ProtocolViolation, close.TransportErrorCode);
        Assert.Contains("too many datagrams without progress", close.Reason);
        await Echo.RoundTripAsync(honest, "still served");
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Streams_AboveTheLimitOfTheServer_EndTheConnectionWithStreamLimitError(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        var tls = new ServerTlsOptions { Identity = TestCertificates.Shared.Server, AllowEarlyData = true };
        EchoServer server = await ListenAsync(engine, ListenOn(address, tls) with { Limits = new TransportLimits { MaxInboundBidirectionalStreams = 2 } });
        UdpRelay relay = Own(new UdpRelay(server.EndPoint));
        var store = new ForgingTicketStore();
        ConnectOptions options = ConnectTo(relay.EndPoint, new ClientTlsOptions { ServerCertificatePolicy = Trust, TicketStore = store }) with { AllowEarlyData = true };
        await using (TransportConnection visit = await engine.ConnectAsync(options).WithTimeout())
        {
            await Echo.RoundTripAsync(visit, "a ticket, please");
            await store.Inner.TicketAsync();
            await server.NextConnectionAsync();
        }

        // A client that makes believe, with forged parameters in its ticket, that the server had allowed it a hundred streams.
        await Waiting.Until(() => server.State.Connections == 0, "the server forgets the visit");
        await relay.HoldAsync();
        TransportConnection hostile = Own(await engine.ConnectAsync(options).WithTimeout());
        Assert.AreEqual(100, hostile.AvailableBidirectionalStreams);
        for (int i = 0; i < 5; i++)
        {
            TransportStream stream = await hostile.OpenStreamAsync(StreamDirection.Bidirectional, Idempotency.Idempotent).WithTimeout();
            await stream.Output.WriteAsync(Echo.Payload(100)).WithTimeout();
        }

        // An early write is over before the server has seen anything: first its answer, then the end.
        await Waiting.Until(() => relay.Held > 0 && server.State.Connections == 0, "the server takes the connection and ends it");

        // The end alone, in packets that hold little else: what was sent before holds the true limits, by which the client's library would find the forgery out.
        await relay.ReleaseAsync(largest: LargestClosePacket);
        ConnectionClose close = await hostile.Closed.WithTimeout();
        Assert.AreEqual(StreamLimitError, close.TransportErrorCode, close.ToString());
        Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        Assert.Contains("STREAM_LIMIT_ERROR", close.Reason);
        TransportConnection honest = Own(await engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout());
        await Echo.RoundTripAsync(honest, "still served");
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task StreamData_AboveTheWindowOfTheServer_EndsTheConnectionWithFlowControlError(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { Limits = new TransportLimits { StreamReceiveWindow = 16 << 10 } });
        var (honest, _) = await ConnectAsync(engine, server);
        var (hostile, accepted) = await ConnectAsync(engine, server);
        await OnLoop(engine.ClientLoops[0], _ => Forget((Ngtcp2Connection)hostile)).WithTimeout();
        await using TransportStream stream = await hostile.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();

        // More than the echo takes whose end nobody reads: however quick the server is, it stops reading before all has come.
        Task write = stream.Output.WriteAsync(new byte[4_000_000]).AsTask();
        ConnectionClose close = await hostile.Closed.WithTimeout();
        Assert.AreEqual(FlowControlError, close.TransportErrorCode);
        Assert.AreEqual(TransportError.ProtocolViolation, close.Error);
        Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        Assert.Contains("FLOW_CONTROL_ERROR", close.Reason);
        Assert.AreEqual(FlowControlError, (await accepted.Closed.WithTimeout()).TransportErrorCode);
        await write.ContinueWith(static _ => { }, TaskScheduler.Default).WithTimeout(awaited: "the write");
        await Echo.RoundTripAsync(honest, "still served");
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Packets_ThatOnlyLookLikeTheFirstOfAClient_AreForgottenAtOnce(string address)
    {
        Random random = TestSeed.TakeRandom(TestContext);
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        using var socket = new UdpClient(server.EndPoint.AddressFamily);
        for (int i = 0; i < 500; i++)
        {
            // An Initial packet of version 1 with ids, no token and a length (RFC 9000, section 17.2.2), but nothing that any key decrypts.
            byte[] packet = new byte[1200];
            random.NextBytes(packet);
            byte[] header = [0xc3, 0, 0, 0, 1, 8, .. packet[100..108], 8, .. packet[200..208], 0, 0x44, 0x90];
            header.CopyTo(packet, 0);
            await socket.SendAsync(packet, server.EndPoint);
        }

        var (client, _) = await ConnectAsync(engine, server);
        await Echo.RoundTripAsync(client, "served all the same");
        int seen = Log.Entries.Count(static e => e.Event == "HandshakeFailed");
        Assert.IsGreaterThan(100, seen, "The packets were not taken for what they should look like.");
        Assert.IsLessThan(20, await OnLoop(server.Loops[0], static driver => driver.IdCount).WithTimeout(), "Only the ids of the client are left, and no closing periods of what never was a connection.");
        Assert.AreEqual(1, server.State.Connections);
        Assert.AreEqual(0, server.State.Handshakes);
        await client.CloseAsync(0).WithTimeout();
        await server.EmptyAsync();
    }

    // Makes a client believe that it may send ten megabytes on a stream, by writing over what the server has told.
    private static unsafe bool Forget(Ngtcp2Connection connection)
    {
        FieldInfo field = typeof(ConnectionDriver).GetField("_native", BindingFlags.Instance | BindingFlags.NonPublic)!;
        var native = (ngtcp2_conn*)Pointer.Unbox((Pointer)field.GetValue(connection.Driver)!);
        Ngtcp2Native.ngtcp2_conn_get_remote_transport_params(native)->initial_max_stream_data_bidi_remote = 10_000_000;
        return true;
    }

    private static async Task EchoUntilAsync(TransportConnection connection, Task end)
    {
        for (int i = 0; !end.IsCompleted; i++)
        {
            await Echo.RoundTripAsync(connection, Echo.Payload(100, i));
        }
    }

    /// <summary>Gives out tickets whose transport parameters promise a hundred streams.</summary>
    private sealed class ForgingTicketStore : SessionTicketStore
    {
        private const byte MaxStreamsBidirectional = 0x08;

        internal WatchedTicketStore Inner { get; } = new();

        public override SessionTicket? TakeTicket(in SessionTicketKey key) =>
            Inner.TakeTicket(key) is { } ticket ? ticket with { TransportParameters = Forge(ticket.TransportParameters.Span) } : null;

        public override void AddTicket(in SessionTicketKey key, SessionTicket ticket) => Inner.AddTicket(key, ticket);

        public override ReadOnlyMemory<byte> TakeToken(in SessionTicketKey key) => Inner.TakeToken(key);

        public override void AddToken(in SessionTicketKey key, ReadOnlyMemory<byte> token) => Inner.AddToken(key, token);

        // Identifier, length, value, each but the last a variable-length integer (RFC 9000, section 18).
        private static byte[] Forge(ReadOnlySpan<byte> parameters)
        {
            var forged = new List<byte>();
            while (!parameters.IsEmpty)
            {
                Assert.IsTrue(VariableLengthInteger.TryRead(parameters, out long id, out int idLength));
                Assert.IsTrue(VariableLengthInteger.TryRead(parameters[idLength..], out long length, out int lengthLength));
                int whole = idLength + lengthLength + (int)length;
                forged.AddRange(id == MaxStreamsBidirectional ? [MaxStreamsBidirectional, 2, 0x40, 100] : parameters[..whole]);
                parameters = parameters[whole..];
            }

            return [.. forged];
        }
    }
}
