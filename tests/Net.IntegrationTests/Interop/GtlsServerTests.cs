using System.Net;
using System.Security.Cryptography;
using Net.IntegrationTests.Ngtcp2;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Interop;

/// <summary>Our client against gtlsserver, over real UDP: HTTP/3 GETs whose bodies must be the file's bytes.</summary>
public abstract class GtlsServerTests
{
    private const string FileName = "/file.bin";
    private static InteropCertificates s_certificates = null!;
    private static TemporaryDirectory s_files = null!;
    private static byte[] s_body = null!;

    /// <summary>The address that both ends use.</summary>
    private protected abstract IPAddress Loopback { get; }

    [ClassInitialize(InheritanceBehavior.BeforeEachDerivedClass)]
    public static async Task MakeFilesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        GtlsPeer.ServerProgram();
        s_certificates = await InteropCertificates.MakeAsync();
        s_files = new TemporaryDirectory();
        s_body = RandomNumberGenerator.GetBytes(1_000_003);
        await File.WriteAllBytesAsync(s_files.Combine(FileName[1..]), s_body);
    }

    [ClassCleanup(InheritanceBehavior.BeforeEachDerivedClass)]
    public static void DeleteFiles()
    {
        s_certificates?.Dispose();
        s_files?.Dispose();
    }

    [TestInitialize]
    public void RequireAddress() => SetupRequirement.Loopback(Loopback);

    [TestMethod]
    public async Task Get_AFile_GivesItsBytes()
    {
        (PeerProcess server, IPEndPoint endPoint) = await StartAsync();
        await using PeerProcess process = server;
        await using InteropClient client = new(s_certificates, endPoint);

        TransportConnection connection = await ConnectAsync(client);
        await AssertGetAsync(connection);
        (int status, _) = await Http3.GetAsync(connection, "/missing");

        Assert.AreEqual(404, status);
        Assert.AreEqual(Http3.Protocol, connection.ApplicationProtocol);
        Assert.AreEqual(QuicVersion.Version1, connection.Version);
        Assert.AreEqual("CN=localhost", connection.PeerCertificate!.Subject);
    }

    [TestMethod]
    public async Task Get_TwentyAtOnce_GivesEachItsBytes()
    {
        (PeerProcess server, IPEndPoint endPoint) = await StartAsync("-q");
        await using PeerProcess process = server;
        await using InteropClient client = new(s_certificates, endPoint);
        TransportConnection connection = await ConnectAsync(client);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AssertGetAsync(connection)));
    }

    [TestMethod]
    public async Task Connect_ServerOfAnUnknownAuthority_IsRefused()
    {
        (PeerProcess server, IPEndPoint endPoint) = await StartAsync();
        await using PeerProcess process = server;
        await using InteropClient client = new(s_certificates, endPoint);

        TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => ConnectAsync(
            client, options => options with { Tls = options.Tls with { ServerCertificatePolicy = s_certificates.StrangersTrust } }));

        Assert.AreEqual(TransportError.CertificateRejected, refused.Error, refused.Message);
    }

    [TestMethod]
    public async Task Retry_AskedForByTheServer_IsAnswered()
    {
        (PeerProcess server, IPEndPoint endPoint) = await StartAsync("-V");
        await using PeerProcess process = server;
        await using InteropClient client = new(s_certificates, endPoint);

        await AssertGetAsync(await ConnectAsync(client));

        await TakeAsync(server, "Verifying Retry token");
        await TakeAsync(server, "Token was successfully validated");
    }

    [TestMethod]
    public async Task Token_OfAnEarlierVisit_SparesTheRetry()
    {
        (PeerProcess server, IPEndPoint endPoint) = await StartAsync("-V");
        await using PeerProcess process = server;
        await using InteropClient client = new(s_certificates, endPoint);
        WaitableTicketStore tickets = new();
        TransportConnection first = await ConnectAsync(client, WithTickets(tickets));
        await tickets.TokenCame.WithTimeout();
        await first.CloseAsync(0x100);

        await AssertGetAsync(await ConnectAsync(client, WithTickets(tickets)));

        await TakeAsync(server, "Verifying Retry token");
        await TakeAsync(server, "Verifying token from");
    }

    [TestMethod]
    [DataRow(QuicVersion.Version2, QuicVersion.Version2, "", DisplayName = "version 2 from the start")]
    [DataRow(QuicVersion.Version1, QuicVersion.Version2, "--preferred-versions=v2,v1", DisplayName = "version 1, moved to 2 by the server")]
    public async Task Version_Two_IsSpoken(QuicVersion first, QuicVersion spoken, string option)
    {
        string[] options = option.Length == 0 ? ["--preferred-versions=v2", "-q"] : [option, "-q"];
        (PeerProcess server, IPEndPoint endPoint) = await StartAsync(options);
        await using PeerProcess process = server;
        await using InteropClient client = new(s_certificates, endPoint);
        QuicVersion other = first == QuicVersion.Version1 ? QuicVersion.Version2 : QuicVersion.Version1;

        TransportConnection connection = await ConnectAsync(client, options => options with { Versions = [first, other] });
        await AssertGetAsync(connection);

        Assert.AreEqual(spoken, connection.Version);
    }

    [TestMethod]
    public async Task Resumption_WithEarlyData_SendsTheRequestEarly()
    {
        (PeerProcess server, IPEndPoint endPoint) = await StartAsync();
        await using PeerProcess process = server;
        await using UdpRelay relay = new(endPoint);
        await using InteropClient client = new(s_certificates, relay.EndPoint);
        WaitableTicketStore tickets = new();
        TransportConnection first = await ConnectAsync(client, WithTickets(tickets));
        await AssertGetAsync(first);
        await tickets.TicketCame.WithTimeout();
        await first.CloseAsync(0x100);

        // The server's answer is held back, so that the request can only be early.
        await relay.HoldAsync();
        TransportConnection second = await ConnectAsync(client, options => WithTickets(tickets)(options) with { AllowEarlyData = true }, Idempotency.Idempotent);
        Assert.AreEqual(EarlyDataStatus.Pending, second.EarlyData);
        Task get = AssertGetAsync(second, Idempotency.Idempotent);
        await server.TakeLineAsync(
            static line => line.Contains(" 0RTT STREAM(", StringComparison.Ordinal) && line.Contains(" id=0x0 fin=1 ", StringComparison.Ordinal), "the request as early data");
        await relay.ReleaseAsync();
        await get;
        await second.HandshakeCompletion.WithTimeout();

        Assert.IsFalse(first.IsResumed);
        Assert.IsTrue(second.IsResumed);
        Assert.AreEqual(EarlyDataStatus.Accepted, second.EarlyData);
    }

    [TestMethod]
    public async Task KeyUpdate_BetweenRequests_DisturbsNothing()
    {
        (PeerProcess server, IPEndPoint endPoint) = await StartAsync("-q");
        await using PeerProcess process = server;
        await using InteropClient client = new(s_certificates, endPoint);
        TransportConnection connection = await ConnectAsync(client);
        await AssertGetAsync(connection);

        await connection.UpdateKeysAsync();

        await AssertGetAsync(connection);
    }

    [TestMethod]
    public async Task Migration_BetweenRequests_KeepsTheConnection()
    {
        (PeerProcess server, IPEndPoint endPoint) = await StartAsync();
        await using PeerProcess process = server;
        await using InteropClient client = new(s_certificates, endPoint);
        TransportConnection connection = await ConnectAsync(client);
        await AssertGetAsync(connection);
        int before = connection.LocalEndPoint.Port;

        await connection.MigrateAsync().WithTimeout();
        await AssertGetAsync(connection);

        Assert.AreNotEqual(before, connection.LocalEndPoint.Port);
    }

    [TestMethod]
    public async Task ClientCertificate_AskedFor_IsShown()
    {
        (PeerProcess server, IPEndPoint endPoint) = await StartAsync("--verify-client");
        await using PeerProcess process = server;
        await using InteropClient client = new(s_certificates, endPoint);

        await AssertGetAsync(await ConnectAsync(
            client, options => options with { Tls = options.Tls with { Identity = s_certificates.Identity("client") } }));
    }

    private async Task<(PeerProcess Process, IPEndPoint EndPoint)> StartAsync(params string[] options)
    {
        (PeerProcess process, int port) = await GtlsPeer.StartServerAsync(s_certificates, s_files.Path, Loopback, options);
        return (process, new IPEndPoint(Loopback, port));
    }

    private static async Task<TransportConnection> ConnectAsync(
        InteropClient client, Func<ConnectOptions, ConnectOptions>? adjust = null, Idempotency idempotency = Idempotency.NonIdempotent)
    {
        TransportConnection connection = await client.ConnectAsync(options =>
        {
            options = options with { ApplicationProtocols = [Http3.Protocol], Tls = options.Tls with { Identity = null } };
            return adjust?.Invoke(options) ?? options;
        });
        _ = Http3.DrainPeerStreamsAsync(connection);
        await Http3.OpenControlStreamAsync(connection, idempotency);
        return connection;
    }

    private static Func<ConnectOptions, ConnectOptions> WithTickets(SessionTicketStore tickets) =>
        options => options with { Tls = options.Tls with { TicketStore = tickets } };

    private static async Task AssertGetAsync(TransportConnection connection, Idempotency idempotency = Idempotency.NonIdempotent)
    {
        (int status, byte[] body) = await Http3.GetAsync(connection, FileName, idempotency);
        Assert.AreEqual(200, status);
        CollectionAssert.AreEqual(SHA256.HashData(s_body), SHA256.HashData(body), $"{body.Length} of {s_body.Length} bytes came, or other ones");
    }

    private static Task<string> TakeAsync(PeerProcess server, string text) => server.TakeLineAsync(line => line.Contains(text, StringComparison.Ordinal), text);
}
