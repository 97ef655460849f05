using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Interop;

/// <summary>Cloudflare's quiche as the client of our listener, over real UDP with mutual TLS.</summary>
public abstract class QuicheClientTests
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
        await using InteropListener listener = await ListenAsync();
        await using QuichePeer client = Client(listener, "echo", new() { ["streams"] = 4, ["size"] = Mebibyte });

        TransportConnection connection = await listener.NextAsync();
        JsonElement result = await client.FinishAsync();

        Assert.AreEqual(StreamApplication.Protocol, result.GetProperty("alpn").GetString());
        Assert.AreEqual(StreamApplication.Protocol, connection.ApplicationProtocol);
        Assert.AreEqual("localhost", connection.ServerName);
        Assert.AreEqual(QuicVersion.Version1, connection.Version);
        Assert.AreEqual("CN=client", connection.PeerCertificate!.Subject);
        Assert.IsFalse(connection.IsResumed);
    }

    [TestMethod]
    [DataRow("digest", DisplayName = "half close: the answer comes after the client's FIN")]
    [DataRow("unidirectional", DisplayName = "unidirectional streams of both sides")]
    [DataRow("askBack", DisplayName = "a stream that the server opens")]
    public async Task Streams_OfEachKind_CarryAMebibyte(string scenario)
    {
        await using InteropListener listener = await ListenAsync();
        await using QuichePeer client = Client(listener, scenario, new() { ["size"] = Mebibyte });

        await client.FinishAsync();
    }

    [TestMethod]
    [DataRow("reset", true)]
    [DataRow("stopReading", false)]
    public async Task Abort_ByTheClient_ReachesTheApplicationWithItsCode(string scenario, bool isReset)
    {
        StreamApplication? application = null;
        await using InteropListener listener = await ListenAsync(connection => (application = new StreamApplication(connection)).ServeAsync());
        await using QuichePeer client = Client(listener, scenario, new() { ["code"] = 0x1234567 });

        JsonElement result = await client.FinishAsync();

        // The application answers an abort of one direction with one of the other.
        Assert.AreEqual(0x1234567, result.GetProperty("code").GetInt64());
        Assert.IsTrue(application!.Aborts.TryRead(out StreamAbort? abort));
        Assert.AreEqual(new StreamAbort(isReset, 0x1234567), abort);
    }

    [TestMethod]
    [DataRow("receiveReset")]
    [DataRow("receiveStop")]
    public async Task Abort_ByOurApplication_ReachesTheClientWithItsCode(string scenario)
    {
        await using InteropListener listener = await ListenAsync();
        await using QuichePeer client = Client(listener, scenario, new() { ["code"] = 0x7654321 });

        JsonElement result = await client.FinishAsync();

        Assert.AreEqual(0x7654321, result.GetProperty("code").GetInt64());
    }

    [TestMethod]
    public async Task Close_ByTheClient_CarriesCodeAndReason()
    {
        await using InteropListener listener = await ListenAsync();
        await using QuichePeer client = Client(listener, "close", new() { ["code"] = 4711, ["reason"] = "the work is done" });

        TransportConnection connection = await listener.NextAsync();
        ConnectionClose close = await connection.Closed.WithTimeout();

        Assert.AreEqual(new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectionClosed, 4711, null, "the work is done"), close);
    }

    [TestMethod]
    public async Task Close_ByOurApplication_CarriesCodeAndReason()
    {
        await using InteropListener listener = await ListenAsync();
        await using QuichePeer client = Client(listener, "receiveClose", new() { ["code"] = 4712, ["reason"] = "no more today" });

        JsonElement result = await client.FinishAsync();

        AssertEnd(result, "peer", isApplication: true, 4712, "no more today");
    }

    [TestMethod]
    [DataRow(null, 0x174, DisplayName = "none: certificate_required (116)")]
    [DataRow("stranger/client", 0x130, DisplayName = "another authority's: unknown_ca (48)")]
    [DataRow("expired", 0x12d, DisplayName = "expired: certificate_expired (45)")]
    [DataRow("wrong-usage", 0x12b, DisplayName = "for servers only: unsupported_certificate (43)")]
    public async Task ClientCertificate_Bad_IsRefusedWithItsAlert(string? identity, int code)
    {
        using HandshakeFailures failures = new();
        int accepted = 0;
        await using InteropListener listener = await ListenAsync(connection =>
        {
            accepted++;
            return new StreamApplication(connection).ServeAsync();
        });
        await using QuichePeer client = Client(listener, "refused", identity: identity);

        JsonElement result = await client.FinishAsync();

        Assert.AreEqual("peer", result.GetProperty("by").GetString(), client.Everything);
        Assert.IsFalse(result.GetProperty("app").GetBoolean());
        Assert.AreEqual(code, result.GetProperty("code").GetInt64(), client.Everything);
        Assert.AreEqual(nameof(TransportError.CertificateRejected), await failures.NextAsync());
        Assert.AreEqual(0, accepted);
    }

    [TestMethod]
    public async Task ServerCertificate_RefusedByTheClient_EndsAsCertificateRejected()
    {
        using HandshakeFailures failures = new();
        await using InteropListener listener = await ListenAsync();
        await using QuichePeer client = Client(listener, "refused", trust: "stranger/ca");

        JsonElement result = await client.FinishAsync();

        AssertEnd(result, "local", isApplication: false, 0x130, result.GetProperty("reason").GetString()!);
        Assert.AreEqual(nameof(TransportError.CertificateRejected), await failures.NextAsync());
    }

    [TestMethod]
    public async Task ApplicationProtocol_NoneInCommon_IsRefusedWithItsAlert()
    {
        await using InteropListener listener = await ListenAsync();
        await using QuichePeer client = Client(listener, "refused", new() { ["alpn"] = "something-else" });

        JsonElement result = await client.FinishAsync();

        Assert.AreEqual("peer", result.GetProperty("by").GetString(), client.Everything);
        Assert.AreEqual(0x178, result.GetProperty("code").GetInt64(), client.Everything);
    }

    [TestMethod]
    public async Task Datagrams_Sent_ComeBack()
    {
        await using InteropListener listener = await ListenAsync(
            connection =>
            {
                StreamApplication application = new(connection);
                return Task.WhenAll(application.ServeAsync(), application.EchoDatagramsAsync());
            },
            options => options with { Limits = new TransportLimits { MaxDatagramSize = 1100 } });
        await using QuichePeer client = Client(listener, "datagrams", new() { ["datagrams"] = true, ["count"] = 50, ["size"] = 1000 });

        await client.FinishAsync();
    }

    [TestMethod]
    public async Task Retry_AskedForAlways_ProvesTheAddressFirst()
    {
        await using InteropListener listener = await ListenAsync(adjust: options => options with { RetryThreshold = 0 });
        await using QuichePeer client = Client(listener, "echo", new() { ["streams"] = 1, ["size"] = 1000 });

        await client.FinishAsync();

        Assert.AreEqual(1, listener.State.Retries);
    }

    [TestMethod]
    public async Task Resumption_WithEarlyData_DeliversTheFirstRequestEarly()
    {
        StreamApplication? last = null;
        await using InteropListener listener = await ListenAsync(
            connection => (last = new StreamApplication(connection)).ServeAsync(), adjustTls: tls => tls with { AllowEarlyData = true });
        await using QuichePeer client = Client(listener, "resume", new() { ["earlyData"] = true });

        JsonElement result = await client.FinishAsync();

        Assert.IsTrue(result.GetProperty("resumed").GetBoolean(), client.Everything);
        Assert.IsTrue(result.GetProperty("early").GetBoolean(), client.Everything);
        Assert.IsFalse((await listener.NextAsync()).IsResumed);
        TransportConnection second = await listener.NextAsync();
        Assert.IsTrue(second.IsResumed);
        Assert.AreEqual(EarlyDataStatus.Accepted, second.EarlyData);
        Assert.AreEqual("CN=client", second.PeerCertificate!.Subject);
        Assert.IsTrue(last!.SawEarlyData);
    }

    [TestMethod]
    public async Task Resumption_EarlyDataNotAllowed_IsServedAfterTheHandshake()
    {
        StreamApplication? last = null;
        await using InteropListener listener = await ListenAsync(connection => (last = new StreamApplication(connection)).ServeAsync());
        await using QuichePeer client = Client(listener, "resume", new() { ["earlyData"] = true });

        JsonElement result = await client.FinishAsync();

        Assert.IsTrue(result.GetProperty("resumed").GetBoolean(), client.Everything);
        Assert.IsFalse(last!.SawEarlyData);
    }

    [TestMethod]
    [DataRow("migrate")]
    [DataRow("rebind")]
    public async Task Address_ChangedByTheClient_IsFollowed(string scenario)
    {
        TaskCompletionSource<PathChangedEventArgs> moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using InteropListener listener = await ListenAsync(connection =>
        {
            connection.PathChanged += (_, path) => moved.TrySetResult(path);
            return new StreamApplication(connection).ServeAsync();
        });
        await using QuichePeer client = Client(listener, scenario, new() { ["size"] = 100_000 });

        PathChangedEventArgs path = await moved.Task.WithTimeout();
        client.EndInput();
        JsonElement result = await client.FinishAsync();

        Assert.AreEqual(result.GetProperty("port").GetInt32(), path.RemoteEndPoint.Port);
        Assert.IsTrue(path.IsValidated);
    }

    [TestMethod]
    public async Task KeyUpdate_ByOurSide_DisturbsNothing()
    {
        List<Task> updates = [];
        await using InteropListener listener = await ListenAsync(connection =>
        {
            updates.Add(connection.UpdateKeysAsync().AsTask());
            return new StreamApplication(connection).ServeAsync();
        });
        await using QuichePeer client = Client(listener, "echo", new() { ["streams"] = 2, ["size"] = Mebibyte });

        await client.FinishAsync();

        Assert.HasCount(1, updates);
        await updates[0];
    }

    private Task<InteropListener> ListenAsync(
        Func<TransportConnection, Task>? serve = null, Func<ListenOptions, ListenOptions>? adjust = null, Func<ServerTlsOptions, ServerTlsOptions>? adjustTls = null) =>
        InteropListener.StartAsync(
        s_certificates,
        serve ?? (static connection => new StreamApplication(connection).ServeAsync()),
        options =>
        {
            options = options with { LocalEndPoint = new IPEndPoint(Loopback, 0) };
            return adjust?.Invoke(options) ?? options;
        },
        adjustTls);

    private static QuichePeer Client(InteropListener listener, string scenario, JsonObject? options = null, string? identity = "client", string trust = "ca") =>
        QuichePeer.StartClient(s_certificates, listener.EndPoint, scenario, options, identity, trust);

    private static void AssertEnd(JsonElement end, string by, bool isApplication, long code, string reason)
    {
        Assert.AreEqual(by, end.GetProperty("by").GetString(), end.ToString());
        Assert.AreEqual(isApplication, end.GetProperty("app").GetBoolean(), end.ToString());
        Assert.AreEqual(code, end.GetProperty("code").GetInt64(), end.ToString());
        Assert.AreEqual(reason, end.GetProperty("reason").GetString(), end.ToString());
    }
}
