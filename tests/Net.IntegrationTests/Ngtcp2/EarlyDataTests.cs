using System.Security.Cryptography;
using Net.Ngtcp2.Tls;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>0-RTT data, with a relay between client and server that can hold answers back and record first flights.</summary>
[TestClass]
public sealed class EarlyDataTests : Ngtcp2Test
{
    private static readonly byte[] Request = Echo.Payload(600);

    private static ServerTlsOptions EarlyServerTls(ClientCertificateMode mode = ClientCertificateMode.Required) => new()
    {
        Identity = TestCertificates.Shared.Server,
        ClientCertificateMode = mode,
        ClientCertificatePolicy = mode == ClientCertificateMode.None ? null : Trust,
        AllowEarlyData = true,
        TicketKey = RandomNumberGenerator.GetBytes(64),
    };

    [TestMethod]
    [DataRow("127.0.0.1", ClientCertificateMode.None)]
    [DataRow("::1", ClientCertificateMode.None)]
    [DataRow("127.0.0.1", ClientCertificateMode.Required)]
    [DataRow("::1", ClientCertificateMode.Required)]
    public async Task OpenStream_EarlyAndIdempotent_ReachesTheServerBeforeTheHandshakeIsOver(string address, ClientCertificateMode mode)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address, EarlyServerTls(mode)));
        UdpRelay relay = Own(new UdpRelay(server.EndPoint));
        ConnectOptions options = await VisitAsync(engine, server, relay);

        await relay.HoldAsync();
        TransportConnection client = Own(await engine.ConnectAsync(options).WithTimeout());
        Assert.AreEqual(EarlyDataStatus.Pending, client.EarlyData);
        Assert.AreEqual(Protocol, client.ApplicationProtocol);
        await using TransportStream early = await client.OpenStreamAsync(StreamDirection.Bidirectional, Idempotency.Idempotent).WithTimeout();
        await early.Output.WriteAsync(Request).WithTimeout();
        await early.Output.CompleteAsync();
        Task<TransportStream> late = client.OpenStreamAsync(StreamDirection.Bidirectional).AsTask();

        TransportConnection accepted = await server.NextConnectionAsync();
        await Waiting.Until(() => server.EarlyStreams == 1);
        Assert.IsFalse(accepted.HandshakeCompletion.IsCompleted);
        Assert.IsFalse(client.HandshakeCompletion.IsCompleted);
        Assert.IsFalse(late.IsCompleted, "What is not idempotent waits for the handshake.");
        Assert.IsTrue(accepted.IsResumed);
        Assert.AreEqual(mode == ClientCertificateMode.None, accepted.PeerCertificate is null);
        Assert.AreEqual(EarlyDataStatus.Accepted, accepted.EarlyData);

        await relay.ReleaseAsync();
        byte[] answer = await Echo.ReadToEndAsync(early).WithTimeout();
        Assert.IsTrue(Request.AsSpan().SequenceEqual(answer));
        await client.HandshakeCompletion.WithTimeout();
        await accepted.HandshakeCompletion.WithTimeout();
        Assert.AreEqual(EarlyDataStatus.Accepted, client.EarlyData);
        Assert.IsTrue(client.IsResumed);
        await using TransportStream ordinary = await late.WithTimeout();
        await Echo.RoundTripAsync(ordinary, Request);
        Assert.AreEqual(1, server.EarlyStreams, "Only the first stream came early.");
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task FirstFlight_ReplayedTwentyTimes_DeliversNothing(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        ServerTlsOptions tls = EarlyServerTls();

        // The same key under a guard of its own: shows that a recorded flight is whole, and would be believed by a server that had not seen it.
        ServerTlsOptions unguarded = tls with { };
        ReplayStore seen = ServerTlsState.Get(tls).AntiReplay!.Store;
        ReplayStore unseen = ServerTlsState.Get(unguarded).AntiReplay!.Store;
        EchoServer server = await ListenAsync(engine, ListenOn(address, tls));
        var recorder = new FlightRecorder();
        UdpRelay relay = Own(new UdpRelay(server.EndPoint, recorder.Observe));
        ConnectOptions options = await VisitAsync(engine, server, relay);

        await relay.HoldAsync();
        recorder.Start();
        TransportConnection client = Own(await engine.ConnectAsync(options).WithTimeout());
        await using TransportStream early = await client.OpenStreamAsync(StreamDirection.Bidirectional, Idempotency.Idempotent).WithTimeout();
        await early.Output.WriteAsync(Request).WithTimeout();
        await early.Output.CompleteAsync();
        await Waiting.Until(() => server.EarlyStreams == 1);
        byte[][] flight = recorder.Stop();
        await relay.ReleaseAsync();
        await client.HandshakeCompletion.WithTimeout();
        await client.CloseAsync(0).WithTimeout();
        Assert.AreEqual(0, seen.Replays);

        EchoServer control = await ListenAsync(engine, ListenOn(address, unguarded));
        await SendAsync(control, flight);
        await Waiting.Until(() => control.EarlyStreams == 1);
        Assert.AreEqual(0, unseen.Replays);

        for (int i = 1; i <= 20; i++)
        {
            // A listener that has never seen the connection ids, so that nothing but the guard stands in the way.
            await using EchoServer replayed = await EchoServer.StartAsync(engine, ListenOn(address, tls));
            await SendAsync(replayed, flight);
            await Waiting.Until(() => seen.Replays >= i);

            // What the server had let through would be delivered before its loop ends.
            await replayed.DisposeAsync();
            Assert.AreEqual(0, replayed.Streams);
            Assert.AreEqual(0, replayed.EarlyStreams);
        }

        Assert.AreEqual(20, seen.Replays);
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_AfterTheTicketKeyChanged_RefusesTheEarlyDataAndGoesOn(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        ServerTlsOptions current = EarlyServerTls();
        EchoServer server = await ListenAsync(engine, ListenOn(address) with { Tls = (in ClientHello _) => current });
        UdpRelay relay = Own(new UdpRelay(server.EndPoint));
        ConnectOptions options = await VisitAsync(engine, server, relay);
        long streamsBefore = server.Streams;

        current = EarlyServerTls();
        await relay.HoldAsync();
        TransportConnection client = Own(await engine.ConnectAsync(options).WithTimeout());
        TransportStream sent = await client.OpenStreamAsync(StreamDirection.Bidirectional, Idempotency.Idempotent).WithTimeout();
        await sent.Output.WriteAsync(Request).WithTimeout();
        TransportStream unused = await client.OpenStreamAsync(StreamDirection.Unidirectional, Idempotency.NoSideEffects).WithTimeout();
        Task<TransportStream> late = client.OpenStreamAsync(StreamDirection.Bidirectional).AsTask();
        await relay.ReleaseAsync();
        await client.HandshakeCompletion.WithTimeout();

        Assert.AreEqual(EarlyDataStatus.Rejected, client.EarlyData);
        Assert.IsFalse(client.IsResumed);
        await AssertRejectedAsync(() => sent.Input.ReadAsync().WithTimeout());
        await AssertRejectedAsync(() => sent.Output.WriteAsync(Request).WithTimeout());
        await AssertRejectedAsync(() => unused.Output.WriteAsync(Request).WithTimeout());
        await AssertRejectedAsync(() => sent.SendCompletion.WithTimeout());
        await sent.Completion.WithTimeout();
        await sent.DisposeAsync();
        await unused.DisposeAsync();

        await using TransportStream waited = await late.WithTimeout();
        await Echo.RoundTripAsync(waited, Request);
        for (int i = 0; i < 5; i++)
        {
            await Echo.RoundTripAsync(client, Request, Idempotency.Idempotent);
        }

        TransportConnection accepted = await server.NextConnectionAsync();
        Assert.AreEqual(EarlyDataStatus.None, accepted.EarlyData);
        Assert.IsFalse(accepted.IsResumed);
        Assert.AreEqual(0, server.EarlyStreams);
        Assert.AreEqual(6, server.Streams - streamsBefore, "What was refused is delivered by nobody.");
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_WhenTheServerAllowsNoEarlyData_DoesAFullRoundTripButResumes(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address, EarlyServerTls() with { AllowEarlyData = false }));
        UdpRelay relay = Own(new UdpRelay(server.EndPoint));
        ConnectOptions options = await VisitAsync(engine, server, relay);
        TransportConnection client = Own(await engine.ConnectAsync(options).WithTimeout());
        Assert.AreEqual(EarlyDataStatus.None, client.EarlyData);
        Assert.IsTrue(client.HandshakeCompletion.IsCompletedSuccessfully);
        Assert.IsTrue(client.IsResumed);
        await Echo.RoundTripAsync(client, Request);
        Assert.AreEqual(0, server.EarlyStreams);
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task EarlyData_LargerThanTheFirstFlight_ArrivesWhole(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address, EarlyServerTls()));
        UdpRelay relay = Own(new UdpRelay(server.EndPoint));
        ConnectOptions options = await VisitAsync(engine, server, relay);
        byte[] large = Echo.Payload(2_000_000);
        await relay.HoldAsync();
        TransportConnection client = Own(await engine.ConnectAsync(options).WithTimeout());
        Task exchange = Echo.RoundTripAsync(client, large, Idempotency.Idempotent);
        await Waiting.Until(() => server.EarlyStreams == 1);
        await relay.ReleaseAsync();
        await exchange.WithTimeout();
        Assert.AreEqual(EarlyDataStatus.Accepted, client.EarlyData);
        Assert.AreEqual(1, server.EarlyStreams);
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task EarlyData_OfAClientThatIsTrustedNoMore_IsNotDelivered(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        var policy = new SwitchablePolicy();
        EchoServer server = await ListenAsync(engine, ListenOn(address, EarlyServerTls() with { ClientCertificatePolicy = policy }));
        UdpRelay relay = Own(new UdpRelay(server.EndPoint));
        ConnectOptions options = await VisitAsync(engine, server, relay);
        long streamsBefore = server.Streams;

        policy.Verdict = PeerCertificateVerdict.Refused(CertificateRefusal.Revoked, "withdrawn");
        await relay.HoldAsync();
        TransportConnection client = Own(await engine.ConnectAsync(options).WithTimeout());
        await using TransportStream early = await client.OpenStreamAsync(StreamDirection.Bidirectional, Idempotency.Idempotent).WithTimeout();
        await early.Output.WriteAsync(Request).WithTimeout();
        await relay.ReleaseAsync();
        ConnectionClose close = await client.Closed.WithTimeout();
        Assert.AreEqual(TransportError.CertificateRejected, close.Error);
        Assert.AreEqual(0x100 + 44, close.TransportErrorCode);
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => early.Input.ReadAsync().WithTimeout());
        Assert.AreEqual(TransportError.CertificateRejected, failure.Error);
        await Assert.ThrowsExactlyAsync<TransportException>(() => client.HandshakeCompletion.WithTimeout());
        Assert.AreEqual(1, policy.Resumptions);
        Assert.AreEqual(streamsBefore, server.Streams);
        Assert.AreEqual(0, server.EarlyStreams);
    }

    /// <summary>A first visit, after which the client holds a ticket and a token.</summary>
    private async Task<ConnectOptions> VisitAsync(Ngtcp2Engine engine, EchoServer server, UdpRelay relay)
    {
        var store = new WatchedTicketStore();
        ConnectOptions options = ConnectTo(relay.EndPoint) with
        {
            AllowEarlyData = true,
            Tls = new ClientTlsOptions { ServerCertificatePolicy = Trust, Identity = TestCertificates.Shared.Client, TicketStore = store },
        };
        TransportConnection client = Own(await engine.ConnectAsync(options).WithTimeout());
        Assert.IsFalse(client.IsResumed);
        Assert.AreEqual(EarlyDataStatus.None, client.EarlyData);
        await Echo.RoundTripAsync(client, Request);
        await store.TicketAsync();
        await store.TokenAsync();
        await client.CloseAsync(0).WithTimeout();
        await (await server.NextConnectionAsync()).Closed.WithTimeout();
        return options;
    }

    private static async Task SendAsync(EchoServer server, byte[][] flight)
    {
        using var socket = new System.Net.Sockets.UdpClient(server.EndPoint.AddressFamily);
        foreach (byte[] datagram in flight)
        {
            await socket.SendAsync(datagram, server.EndPoint);
        }
    }

    private static async Task AssertRejectedAsync(Func<Task> operation)
    {
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(operation);
        Assert.AreEqual(TransportError.EarlyDataRejected, failure.Error);
        Assert.IsTrue(failure.IsSafeToRetry);
    }

    /// <summary>Keeps what the client sends, for as long as it is asked to.</summary>
    private sealed class FlightRecorder
    {
        private readonly List<byte[]> _flight = [];
        private bool _isRecording;

        internal void Start()
        {
            lock (_flight)
            {
                _isRecording = true;
            }
        }

        internal byte[][] Stop()
        {
            lock (_flight)
            {
                _isRecording = false;
                return [.. _flight];
            }
        }

        internal bool Observe(RelayDirection direction, ReadOnlySpan<byte> data, ref byte ecn)
        {
            lock (_flight)
            {
                if (_isRecording && direction == RelayDirection.ToServer)
                {
                    _flight.Add(data.ToArray());
                }
            }

            return true;
        }
    }
}
