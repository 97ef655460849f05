using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Interop;

/// <summary>Cloudflare's quiche as the client of our listener, over real UDP with mutual TLS.</summary>
public abstract class QuicheClientTests
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

    private protected Task<InteropListener> ListenAsync(
        Func<TransportConnection, Task>? serve = null, Func<ListenOptions, ListenOptions>? adjust = null, Func<ServerTlsOptions, ServerTlsOptions>? adjustTls = null) =>
        InteropListener.StartAsync(
            Certificates,
            serve ?? (static connection => new StreamApplication(connection).ServeAsync()),
            options =>
            {
                options = options with { LocalEndPoint = new IPEndPoint(Loopback, 0) };
                return adjust?.Invoke(options) ?? options;
            },
            adjustTls);

    private protected static QuichePeer Client(InteropListener listener, string scenario, JsonObject? options = null, string? identity = "client", string trust = "ca") =>
        QuichePeer.StartClient(Certificates, listener.EndPoint, scenario, options, identity, trust);
}
