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
    private protected const int Mebibyte = 1 << 20;
    private protected static InteropCertificates Certificates { get; private set; } = null!;

    /// <summary>The address that both ends use.</summary>
    private protected abstract IPAddress Loopback { get; }

    [ClassInitialize(InheritanceBehavior.BeforeEachDerivedClass)]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Quiche();
        Certificates = await InteropCertificates.MakeAsync();
    }

    [ClassCleanup(InheritanceBehavior.BeforeEachDerivedClass)]
    public static void DeleteCertificates() => Certificates?.Dispose();

    [TestInitialize]
    public void RequireAddress() => SetupRequirement.Loopback(Loopback);

    [TestMethod]
    public async Task Echo_FourStreamsOfAMebibyte_ComeBackWhole()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(Certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StreamRequests.EchoAsync(connection, Mebibyte)));

        JsonElement connected = await server.TakeAsync("connected");
        Assert.AreEqual(Certificates.Fingerprint("client"), connected.GetProperty("certificate").GetString());
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
        await using InteropClient client = new(Certificates, server.EndPoint);
        StreamApplication application = new(await client.ConnectAsync());
        Task serving = application.ServeAsync();

        await StreamRequests.DigestAsync(application, StreamDirection.Bidirectional, Mebibyte);
        await StreamRequests.DigestAsync(application, StreamDirection.Unidirectional, Mebibyte);
        await StreamRequests.AskBackAsync(application.Connection, Mebibyte);

        await application.Connection.CloseAsync(0);
        await serving;
    }

    [TestMethod]
    public async Task Datagrams_Sent_ComeBack()
    {
        await using QuichePeer server = await StartAsync(new() { ["datagrams"] = true });
        await using InteropClient client = new(Certificates, server.EndPoint);
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
        await using InteropClient client = new(Certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();

        await StreamRequests.EchoAsync(connection, 1000);

        Assert.IsTrue((await server.TakeAsync("connected")).GetProperty("retried").GetBoolean());
    }

    [TestMethod]
    public async Task Resumption_WithEarlyData_SendsTheFirstRequestEarly()
    {
        await using QuichePeer server = await StartAsync(new() { ["earlyData"] = true });
        await using UdpRelay relay = new(server.EndPoint);
        await using InteropClient client = new(Certificates, relay.EndPoint);
        WaitableTicketStore tickets = new();
        ClientTlsOptions tls = new() { Identity = Certificates.Identity("client"), ServerCertificatePolicy = Certificates.Trust, TicketStore = tickets };
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
        await using InteropClient client = new(Certificates, server.EndPoint);

        TransportConnection connection = await client.ConnectAsync(static options => options with { Versions = [QuicVersion.Version2, QuicVersion.Version1] });
        await StreamRequests.EchoAsync(connection, 1000);

        Assert.AreEqual(QuicVersion.Version1, connection.Version);
    }

    [TestMethod]
    public async Task Migration_ByOurSide_IsFollowedByTheServer()
    {
        await using QuichePeer server = await StartAsync();
        await using InteropClient client = new(Certificates, server.EndPoint);
        TransportConnection connection = await client.ConnectAsync();
        await StreamRequests.EchoAsync(connection, 100_000);
        int port = connection.LocalEndPoint.Port;

        await connection.MigrateAsync().WithTimeout();
        await StreamRequests.EchoAsync(connection, 100_000);

        Assert.AreNotEqual(port, connection.LocalEndPoint.Port);
        await TakePathEventAsync(server, "PeerMigrated");
    }

    private protected Task<QuichePeer> StartAsync(JsonObject? options = null)
    {
        options ??= [];
        options["verifyPeer"] = true;
        return QuichePeer.StartServerAsync(Certificates, Loopback, options);
    }

    private static async Task TakePathEventAsync(QuichePeer server, string type)
    {
        while ((await server.TakeAsync("path")).GetProperty("type").GetString() != type)
        {
            // Other events of the move come first.
        }
    }
}
