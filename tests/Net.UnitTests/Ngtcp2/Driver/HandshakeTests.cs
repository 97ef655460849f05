using System.Net;
using System.Net.Sockets;
using Net.Ngtcp2;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Streams;
using Net.Ngtcp2.Udp;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>How many round trips each kind of handshake takes: the clock only moves with the packets, so the times are exact.</summary>
[TestClass]
public sealed class HandshakeTests : DriverTest
{
    private static readonly TimeSpan Latency = Milliseconds(100);
    private static readonly TimeSpan RoundTrip = 2 * Latency;

    // What the library leaves between two packets of the first flight.
    private static readonly TimeSpan Pacing = Milliseconds(0.2);

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Handshake_Plain_TakesOneRoundTrip(bool useIPv6)
    {
        using DriverPair pair = NewPair(useIPv6: useIPv6);
        Ngtcp2Connection client = pair.Connect();
        pair.Network.RunUntil(() => client.HandshakeCompletion.IsCompleted);
        Assert.AreEqual(RoundTrip, pair.Network.Elapsed);
        pair.Network.RunUntil(() => pair.Accepted.Count == 1);
        Assert.AreEqual(RoundTrip + Latency, pair.Network.Elapsed);
        Assert.AreEqual(DriverPair.Protocol, client.ApplicationProtocol);
        Assert.AreEqual(DriverPair.Protocol, pair.Accepted[0].ApplicationProtocol);
        Assert.AreEqual(SimulatedIdentities.ServerName, pair.Accepted[0].ServerName);
        Assert.AreEqual(QuicVersion.Version1, client.Version);
        Assert.AreEqual(client.LocalEndPoint, pair.Accepted[0].RemoteEndPoint);
        Assert.AreEqual(RoundTrip, client.GetPathStatistics().SmoothedRtt);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Handshake_WithClientCertificate_IsReportedWhenTheServerHasAcceptedIt()
    {
        using DriverPair pair = NewPair(tls: SimulatedIdentities.ServerTls with
        {
            ClientCertificateMode = ClientCertificateMode.Required,
            ClientCertificatePolicy = SimulatedIdentities.Trust,
        });
        Ngtcp2Connection client = pair.Connect(static o => o with { Tls = o.Tls with { Identity = SimulatedIdentities.Client } });
        pair.Network.RunUntil(() => client.HandshakeCompletion.IsCompleted);
        Assert.AreEqual(2 * RoundTrip, pair.Network.Elapsed);
        Assert.AreEqual(SimulatedIdentities.Client.Certificate.Thumbprint, pair.Accepted[0].PeerCertificate?.Thumbprint);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    public void Handshake_WithoutTheRequiredClientCertificate_FailsOnBothSidesAfterTwoRoundTrips()
    {
        using DriverPair pair = NewPair(tls: SimulatedIdentities.ServerTls with
        {
            ClientCertificateMode = ClientCertificateMode.Required,
            ClientCertificatePolicy = SimulatedIdentities.Trust,
        });
        Ngtcp2Connection client = pair.Connect();
        pair.Network.RunUntil(() => client.Closed.IsCompleted);
        Assert.AreEqual(2 * RoundTrip, pair.Network.Elapsed);
        ConnectionClose close = client.Closed.Result;
        Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        Assert.AreEqual(TransportError.CertificateRejected, close.Error);
        Assert.AreEqual(0x100 + 116, close.TransportErrorCode);
        Assert.IsEmpty(pair.Accepted);
        pair.CheckEmpty();
    }

    [TestMethod]
    public void Handshake_WithUntrustedServer_FailsAfterOneRoundTrip()
    {
        using DriverPair pair = NewPair();
        var stranger = new CertificateTrust([Abstractions.Tls.TestAuthority.CreateRoot("CN=stranger").Certificate]);
        Ngtcp2Connection client = pair.Connect(o => o with { Tls = o.Tls with { ServerCertificatePolicy = stranger } });
        pair.Network.RunUntil(() => client.Closed.IsCompleted);
        Assert.AreEqual(RoundTrip, pair.Network.Elapsed);
        Assert.AreEqual(TransportError.CertificateRejected, client.Closed.Result.Error);
        Assert.AreEqual(CloseInitiator.Local, client.Closed.Result.Initiator);
        pair.CheckEmpty();
        Assert.IsEmpty(pair.Accepted);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Handshake_AfterRetry_TakesOneRoundTripMore(bool useIPv6)
    {
        using DriverPair pair = NewPair(static o => o with { RetryThreshold = 0 }, useIPv6: useIPv6);
        Ngtcp2Connection client = pair.Connect();
        pair.Network.RunUntil(() => client.HandshakeCompletion.IsCompleted);
        Assert.AreEqual(2 * RoundTrip, pair.Network.Elapsed);
        Assert.AreEqual(1, pair.State.Retries);
        pair.CloseAndCheckEmpty(client);
    }

    [TestMethod]
    [DataRow("10.0.66.1")]
    [DataRow("fd00::66:1")]
    public void Handshake_WhoseAddressChangesAfterRetry_IsRefused(string address)
    {
        // The proof is for the address that the Retry went to, and for no other (RFC 9000, section 8.1.4).
        var changed = IPAddress.Parse(address);
        using DriverPair pair = NewPair(static o => o with { RetryThreshold = 0 }, useIPv6: changed.AddressFamily == AddressFamily.InterNetworkV6);
        Ngtcp2Connection client = pair.Connect();
        pair.Client.Arrived = (_, _) =>
        {
            pair.Client.Arrived = null;
            pair.Client.Rebind(SocketAddressBuffer.From(changed, client.LocalEndPoint.Port));
        };
        pair.Network.RunUntil(() => client.Closed.IsCompleted);
        Assert.AreEqual((long)Ngtcp2Native.NGTCP2_INVALID_TOKEN, client.Closed.Result.TransportErrorCode);
        Assert.AreEqual(1, pair.State.Retries);
        Assert.IsEmpty(pair.Accepted);
        pair.CheckEmpty();
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Handshake_WithTokenOfAnotherAddress_IsAskedAgainAndNotRefused(bool useIPv6)
    {
        // Such a token is as good as none (RFC 9000, section 8.1.3).
        using DriverPair pair = NewPair(static o => o with { RetryThreshold = 0 }, useIPv6: useIPv6);
        var store = new InMemorySessionTicketStore(pair.Network.TimeProvider);
        ConnectOptions WithStore(ConnectOptions o) => o with { Tls = o.Tls with { TicketStore = store } };
        pair.CloseAndCheckEmpty(pair.Establish(WithStore).Client);
        Ngtcp2Connection elsewhere = pair.Connect(WithStore, pair.AddClient());
        pair.Network.RunUntil(() => elsewhere.HandshakeCompletion.IsCompleted);
        Assert.IsTrue(elsewhere.HandshakeCompletion.IsCompletedSuccessfully);
        Assert.AreEqual(2, pair.State.Retries);
        Assert.IsTrue(elsewhere.IsResumed, "The ticket, unlike the token, goes with the client.");
        pair.CloseAndCheckEmpty(elsewhere);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Handshake_WithTokenOfAnEarlierVisit_NeedsNoRetry(bool useIPv6)
    {
        using DriverPair pair = NewPair(static o => o with { RetryThreshold = 0 }, useIPv6: useIPv6);
        var store = new InMemorySessionTicketStore(pair.Network.TimeProvider);
        ConnectOptions WithStore(ConnectOptions o) => o with { Tls = o.Tls with { TicketStore = store } };
        pair.CloseAndCheckEmpty(pair.Establish(WithStore).Client);
        TimeSpan begin = pair.Network.Elapsed;
        Ngtcp2Connection again = pair.Connect(WithStore);
        pair.Network.RunUntil(() => again.HandshakeCompletion.IsCompleted);
        Assert.AreEqual(RoundTrip, pair.Network.Elapsed - begin);
        Assert.AreEqual(1, pair.State.Retries);
        Assert.IsTrue(again.IsResumed);
        pair.CloseAndCheckEmpty(again);
    }

    [TestMethod]
    public void EarlyData_Echo_ComesBackAfterOneRoundTrip()
    {
        using DriverPair pair = NewPair(tls: SimulatedIdentities.ServerTls with { AllowEarlyData = true });
        Ngtcp2Connection client = Resume(pair, out TimeSpan begin);
        Assert.AreEqual(EarlyDataStatus.Pending, client.EarlyData);
        Ngtcp2Stream stream = DriverPair.Open(client, idempotency: Idempotency.Idempotent);
        Task<string> sent = Application.SendAsync(stream.Output, 1, 2000);
        Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
        pair.Network.RunUntil(() => pair.Accepted.Count == 2);
        Assert.IsInRange(Latency, Latency + Pacing, pair.Network.Elapsed - begin);
        Task serving = Application.ServeAsync(pair.Accepted[1], Application.EchoAsync);
        pair.Network.Run(echo);
        Assert.IsInRange(RoundTrip, RoundTrip + Pacing, pair.Network.Elapsed - begin);
        Assert.AreEqual(sent.Result, echo.Result.Digest);
        pair.Network.RunUntil(() => client.HandshakeCompletion.IsCompleted);
        Assert.AreEqual(EarlyDataStatus.Accepted, client.EarlyData);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    public void EarlyData_ToAServerThatTakesNoneAnyMore_IsReportedAndTheConnectionGoesOn()
    {
        bool allow = true;
        ServerTlsOptions before = SimulatedIdentities.ServerTls with { AllowEarlyData = true };

        // The same ticket key, so that the session is still resumed.
        before = before with { TicketKey = new byte[64] };
        ServerTlsOptions after = before with { AllowEarlyData = false };
        using DriverPair pair = NewPair(o => o with { Tls = (in ClientHello _) => allow ? before : after });
        Ngtcp2Connection client = Resume(pair, out _, () => allow = false);
        Ngtcp2Stream early = DriverPair.Open(client, idempotency: Idempotency.Idempotent);
        Task<string> lost = Application.SendAsync(early.Output, 1, 50_000);
        Task<(string Digest, long Length)> reading = Application.ReceiveAsync(early.Input);
        pair.Network.RunUntil(() => client.HandshakeCompletion.IsCompleted);
        Assert.AreEqual(EarlyDataStatus.Rejected, client.EarlyData);
        Assert.AreEqual(TransportError.EarlyDataRejected, Assert.ThrowsExactly<TransportException>(() => pair.Network.Run(reading)).Error);

        // A new stream begins at the first id again and goes through.
        Ngtcp2Stream stream = DriverPair.Open(client);
        Assert.AreEqual(0, stream.Id);
        Task<string> sent = Application.SendAsync(stream.Output, 2, 5000);
        Task<(string Digest, long Length)> echo = Application.ReceiveAsync(stream.Input);
        pair.Network.RunUntil(() => pair.Accepted.Count == 2);
        Task serving = Application.ServeAsync(pair.Accepted[1], Application.EchoAsync);
        pair.Network.Run(echo);
        Assert.AreEqual(sent.Result, echo.Result.Digest);
        Assert.IsTrue(lost.IsCompleted);
        pair.CloseAndCheckEmpty(client);
        pair.Network.Run(serving);
    }

    [TestMethod]
    public void Handshake_WithThirtyPercentLoss_CompletesEachTime()
    {
        int done = 0;
        ForSeeds(50, seed =>
        {
            using var pair = new DriverPair(seed, static o => o with { HandshakeTimeout = Seconds(60), IdleTimeout = Seconds(60) });
            pair.SetLinks(static link =>
            {
                link.Loss = 0.3;

                // Probes come at intervals that double, so that few fit into the timeout, and seven lost in a row would rightly end the attempt.
                link.LongestLoss = 2;
            });
            Ngtcp2Connection client = pair.Connect(static o => o with { HandshakeTimeout = Seconds(60), IdleTimeout = Seconds(60) });
            pair.Network.RunUntil(() => client.HandshakeCompletion.IsCompleted && pair.Accepted.Count == 1, Seconds(61));
            Assert.IsTrue(client.HandshakeCompletion.IsCompletedSuccessfully, client.HandshakeCompletion.Exception?.InnerException?.Message);
            pair.CloseAndCheckEmpty(client);
            done++;
        });
        TestContext.WriteLine($"{done} handshakes");
    }

    [TestMethod]
    public void Handshake_WithLargeCertificate_KeepsTheServerWithinThreeTimesWhatItReceived()
    {
        using DriverPair pair = NewPair(tls: new ServerTlsOptions { Identity = SimulatedIdentities.LargeServer });
        long received = 0;
        long sent = 0;
        bool isFirstFlight = true;
        pair.ToServer.Filter = datagram =>
        {
            // The client's second flight proves its address.
            isFirstFlight &= received == 0;
            received += datagram.Data.Length;
            return true;
        };
        pair.ToClient.Filter = datagram =>
        {
            sent += datagram.Data.Length;
            Assert.IsTrue(!isFirstFlight || sent <= 3 * received, $"The server sent {sent} bytes for {received}.");
            return true;
        };
        Ngtcp2Connection client = pair.Connect();
        pair.Network.RunUntil(() => client.HandshakeCompletion.IsCompleted);
        Assert.IsGreaterThan(3 * 1200, sent, "The certificate was too small for this test.");
        Assert.AreEqual(2 * RoundTrip, pair.Network.Elapsed);
        pair.CloseAndCheckEmpty(client);
    }

    private static DriverPair NewPair(Func<ListenOptions, ListenOptions>? listen = null, ServerTlsOptions? tls = null, bool useIPv6 = false)
    {
        var pair = new DriverPair(listen: listen, tls: tls, useIPv6: useIPv6);
        pair.SetLinks(static link => link.Latency = Latency);
        return pair;
    }

    // Makes a first visit for the ticket, and begins a second one with early data.
    private static Ngtcp2Connection Resume(DriverPair pair, out TimeSpan begin, Action? between = null)
    {
        var store = new InMemorySessionTicketStore(pair.Network.TimeProvider);
        ConnectOptions WithTicket(ConnectOptions o) => o with { AllowEarlyData = true, Tls = o.Tls with { TicketStore = store } };
        (Ngtcp2Connection first, _) = pair.Establish(WithTicket);
        pair.CloseAndCheckEmpty(first);
        between?.Invoke();
        begin = pair.Network.Elapsed;
        Ngtcp2Connection client = pair.Connect(WithTicket);
        pair.Network.RunUntil(() => client.Usable.IsCompleted);
        Assert.AreEqual(begin, pair.Network.Elapsed, "The connection is usable at once.");
        return client;
    }
}
