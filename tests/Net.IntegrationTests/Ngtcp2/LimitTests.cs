using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Peers that go over a limit meet the right QUIC error, and others do not notice.</summary>
[TestClass]
public sealed class LimitTests : Ngtcp2Test
{
    private const long ConnectionRefused = 0x2;
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
        await relay.HoldAsync();
        TransportConnection hostile = Own(await engine.ConnectAsync(options).WithTimeout());
        Assert.AreEqual(100, hostile.AvailableBidirectionalStreams);
        for (int i = 0; i < 5; i++)
        {
            TransportStream stream = await hostile.OpenStreamAsync(StreamDirection.Bidirectional, Idempotency.Idempotent).WithTimeout();
            await stream.Output.WriteAsync(Echo.Payload(100)).WithTimeout();
        }

        await Waiting.Until(() => server.State.Connections == 0, "the server ends the connection");

        // The end comes first: what was sent before holds the true limits, by which the client's library would find the forgery out.
        await relay.ReleaseAsync(newestFirst: true);
        ConnectionClose close = await hostile.Closed.WithTimeout();
        Assert.AreEqual(StreamLimitError, close.TransportErrorCode);
        Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        Assert.Contains("STREAM_LIMIT_ERROR", close.Reason);
        TransportConnection honest = Own(await engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout());
        await Echo.RoundTripAsync(honest, "still served");
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
