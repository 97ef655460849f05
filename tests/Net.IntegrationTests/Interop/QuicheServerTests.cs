using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Net.IntegrationTests.Ngtcp2;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Interop;

/// <summary>Our client against Cloudflare's quiche as the server, over real UDP with mutual TLS.</summary>
public abstract class QuicheServerTests
{
    private const int Mebibyte = 1 << 20;
    private static InteropCertificates s_certificates = null!;

    /// <summary>The address that both ends use.</summary>
    private protected abstract IPAddress Loopback { get; }

    [ClassInitialize(InheritanceBehavior.BeforeEachDerivedClass)]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Quiche();
        s_certificates = await InteropCertificates.MakeAsync();
    }

    [ClassCleanup(InheritanceBehavior.BeforeEachDerivedClass)]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    [TestInitialize]
    public void RequireAddress() => SetupRequirement.Loopback(Loopback);

    [TestMethod]
    public async Task Echo_FourStreamsOfAMebibyte_ComeBackWhole()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StreamRequests.EchoAsync(connection, Mebibyte)));

        JsonElement connected = await server.TakeAsync("connected");
        Assert.AreEqual(s_certificates.Fingerprint("client"), connected.GetProperty("certificate").GetString());
        Assert.AreEqual("localhost", connected.GetProperty("serverName").GetString());
        Assert.AreEqual(StreamApplication.Protocol, connected.GetProperty("alpn").GetString());
        Assert.AreEqual(StreamApplication.Protocol, connection.ApplicationProtocol);
        Assert.AreEqual(QuicVersion.Version1, connection.Version);
        Assert.AreEqual("CN=localhost", connection.PeerCertificate!.Subject);
    }

    [TestMethod]
    public async Task Streams_OfEachKind_CarryAMebibyte()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);
        StreamApplication application = new(await client.ConnectAsync());
        Task serving = application.ServeAsync();

        await StreamRequests.DigestAsync(application, StreamDirection.Bidirectional, Mebibyte);
        await StreamRequests.DigestAsync(application, StreamDirection.Unidirectional, Mebibyte);
        await StreamRequests.AskBackAsync(application.Connection, Mebibyte);

        await application.Connection.CloseAsync(0);
        await serving;
    }

    [TestMethod]
    public async Task Reset_ByOurSide_ReachesTheServerWithItsCode()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();
        await using TransportStream stream = await StreamRequests.OpenEchoAsync(connection);

        stream.AbortWrite(0x1234567);

        Assert.AreEqual(0x1234567, (await server.TakeAsync("reset")).GetProperty("code").GetInt64());
        Assert.AreEqual(0x1234567, await StreamRequests.ReadUntilResetAsync(stream), "the application answers with a reset of its own");
        await StreamRequests.EchoAsync(connection, 1000);
    }

    [TestMethod]
    public async Task StopReading_ByOurSide_ReachesTheServerWithItsCode()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();
        await using TransportStream stream = await StreamRequests.OpenEchoAsync(connection);

        stream.AbortRead(0x7654321);

        Assert.AreEqual(0x7654321, await StreamRequests.WriteUntilStoppedAsync(stream, new byte[100]), "the application answers with a stop of its own");
        Assert.AreEqual(0x7654321, (await server.TakeAsync("stopped")).GetProperty("code").GetInt64());
        await StreamRequests.EchoAsync(connection, 1000);
    }

    [TestMethod]
    public async Task Aborts_ByTheServer_ReachOurApplicationWithTheirCodes()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();

        await using TransportStream reset = await StreamRequests.SendAsync(connection, StreamApplication.Request('r', 0x11223344, []));
        Assert.AreEqual(0x11223344, await StreamRequests.ReadUntilResetAsync(reset));

        await using TransportStream stopped = await connection.OpenStreamAsync(StreamDirection.Bidirectional);
        Assert.AreEqual(0x44332211, await StreamRequests.WriteUntilStoppedAsync(stopped, StreamApplication.Request('s', 0x44332211, [])));
    }

    [TestMethod]
    public async Task Close_ByOurSide_CarriesCodeAndReason()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();
        await StreamRequests.EchoAsync(connection, 1000);

        await connection.CloseAsync(4711, "the work is done");

        AssertEnd(await server.TakeAsync("closed"), "peer", isApplication: true, 4711, "the work is done");
    }

    [TestMethod]
    public async Task Close_ByTheServer_CarriesCodeAndReason()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();

        await using TransportStream stream = await StreamRequests.SendAsync(connection, StreamApplication.Request('c', 4712, "no more today"u8));
        ConnectionClose close = await connection.Closed.WithTimeout();

        Assert.AreEqual(new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectionClosed, 4712, null, "no more today"), close);
    }

    [TestMethod]
    [DataRow(null, 0x174, DisplayName = "none: certificate_required (116)")]
    [DataRow("stranger/client", 0x130, DisplayName = "another authority's: unknown_ca (48)")]
    [DataRow("expired", 0x12d, DisplayName = "expired: certificate_expired (45)")]
    public async Task ClientCertificate_RefusedByTheServer_IsReportedWithItsAlert(string? identity, int code)
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);

        TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => client.ConnectAsync(
            options => options with { Tls = options.Tls with { Identity = identity is null ? null : s_certificates.Identity(identity) } }));

        Assert.AreEqual(TransportError.CertificateRejected, refused.Error, refused.Message);
        Assert.AreEqual(code, refused.TransportErrorCode, refused.Message);
        Assert.IsFalse(refused.IsSafeToRetry);
    }

    [TestMethod]
    public async Task ServerCertificate_OfAnUnknownAuthority_IsRefusedWithItsAlert()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);

        TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => client.ConnectAsync(
            options => options with { Tls = options.Tls with { ServerCertificatePolicy = s_certificates.StrangersTrust } }));

        Assert.AreEqual(TransportError.CertificateRejected, refused.Error, refused.Message);
        AssertEnd(await server.TakeAsync("closed"), "peer", isApplication: false, 0x130, "");
    }

    [TestMethod]
    public async Task ServerCertificate_WithoutTheName_IsRefused()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);

        TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => client.ConnectAsync(
            static options => options with { ServerName = "elsewhere.example" }));

        Assert.AreEqual(TransportError.CertificateRejected, refused.Error, refused.Message);
        AssertEnd(await server.TakeAsync("closed"), "peer", isApplication: false, refused.TransportErrorCode!.Value, "");
    }

    [TestMethod]
    public async Task ApplicationProtocol_NoneInCommon_FailsToConnect()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);

        TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => client.ConnectAsync(
            static options => options with { ApplicationProtocols = ["something-else"] }));

        Assert.AreEqual(TransportError.ConnectFailed, refused.Error, refused.Message);
        Assert.AreEqual(0x178, refused.TransportErrorCode, refused.Message);
    }

    [TestMethod]
    public async Task Datagrams_Sent_ComeBack()
    {
        await using QuichePeer server = await StartAsync(new() { ["datagrams"] = true });
        await using InteropClient client = new(s_certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync(static options => options with { Limits = new TransportLimits { MaxDatagramSize = 1200 } });
        HashSet<byte> missing = [.. Enumerable.Range(0, 50).Select(static i => (byte)i)];

        foreach (byte number in missing)
        {
            byte[] payload = new byte[1000];
            payload.AsSpan().Fill(number);
            Assert.IsTrue(connection.TrySendDatagram(payload));
        }

        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        while (missing.Count > 0)
        {
            ReadOnlyMemory<byte> back = await connection.ReceiveDatagramAsync(limit.Token);
            Assert.AreEqual(1000, back.Length);
            Assert.AreEqual(-1, back.Span.IndexOfAnyExcept(back.Span[0]));
            missing.Remove(back.Span[0]);
        }
    }

    [TestMethod]
    public async Task Retry_AskedForByTheServer_IsAnswered()
    {
        await using QuichePeer server = await StartAsync(new() { ["retry"] = true });
        await using InteropClient client = new(s_certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();

        await StreamRequests.EchoAsync(connection, 1000);

        Assert.IsTrue((await server.TakeAsync("connected")).GetProperty("retried").GetBoolean());
    }

    [TestMethod]
    public async Task Resumption_WithEarlyData_SendsTheFirstRequestEarly()
    {
        await using QuichePeer server = await StartAsync(new() { ["earlyData"] = true });
        await using UdpRelay relay = new(server.EndPoint);
        await using InteropClient client = new(s_certificates, relay.EndPoint);
        WaitableTicketStore tickets = new();
        ClientTlsOptions tls = new() { Identity = s_certificates.Identity("client"), ServerCertificatePolicy = s_certificates.Trust, TicketStore = tickets };
        TransportConnection first = await client.ConnectAsync(options => options with { Tls = tls, AllowEarlyData = true });
        await StreamRequests.EchoAsync(first, 1000);
        await tickets.TicketCame.WithTimeout();
        await first.CloseAsync(0);

        // The server's answer is held back, so that the request can only be early.
        await relay.HoldAsync();
        TransportConnection second = await client.ConnectAsync(options => options with { Tls = tls, AllowEarlyData = true });
        Assert.AreEqual(EarlyDataStatus.Pending, second.EarlyData);
        Task echo = StreamRequests.EchoAsync(second, 1000, Idempotency.Idempotent);
        await server.TakeAsync("early");
        await relay.ReleaseAsync();
        await echo;
        await second.HandshakeCompletion.WithTimeout();

        Assert.IsFalse(first.IsResumed);
        Assert.IsTrue(second.IsResumed);
        Assert.AreEqual(EarlyDataStatus.Accepted, second.EarlyData);
        Assert.IsFalse((await server.TakeAsync("connected")).GetProperty("resumed").GetBoolean());
        Assert.IsTrue((await server.TakeAsync("connected")).GetProperty("resumed").GetBoolean(), server.Everything);
    }

    [TestMethod]
    public async Task Version_FirstOneUnknownToTheServer_IsNegotiated()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);

        TransportConnection connection = await client.ConnectAsync(static options => options with { Versions = [QuicVersion.Version2, QuicVersion.Version1] });
        await StreamRequests.EchoAsync(connection, 1000);

        Assert.AreEqual(QuicVersion.Version1, connection.Version);
    }

    [TestMethod]
    public async Task Migration_ByOurSide_IsFollowedByTheServer()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();
        await StreamRequests.EchoAsync(connection, 100_000);
        int port = connection.LocalEndPoint.Port;

        await connection.MigrateAsync().WithTimeout();
        await StreamRequests.EchoAsync(connection, 100_000);

        Assert.AreNotEqual(port, connection.LocalEndPoint.Port);
        await TakePathEventAsync(server, "PeerMigrated");
    }

    [TestMethod]
    public async Task KeyUpdate_ByOurSide_DisturbsNothing()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(s_certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();

        Task echo = StreamRequests.EchoAsync(connection, Mebibyte);
        await connection.UpdateKeysAsync();
        await echo;
        await StreamRequests.EchoAsync(connection, Mebibyte);
    }

    private Task<QuichePeer> StartAsync(JsonObject? options = null)
    {
        options ??= [];
        options["verifyPeer"] = true;
        return QuichePeer.StartServerAsync(s_certificates, Loopback, options);
    }

    private static async Task TakePathEventAsync(QuichePeer server, string type)
    {
        while ((await server.TakeAsync("path")).GetProperty("type").GetString() != type)
        {
            // Other events of the move come first.
        }
    }

    private static void AssertEnd(JsonElement end, string by, bool isApplication, long code, string reason)
    {
        Assert.AreEqual(by, end.GetProperty("by").GetString(), end.ToString());
        Assert.AreEqual(isApplication, end.GetProperty("app").GetBoolean(), end.ToString());
        Assert.AreEqual(code, end.GetProperty("code").GetInt64(), end.ToString());
        Assert.AreEqual(reason, end.GetProperty("reason").GetString(), end.ToString());
    }
}
