using System.Diagnostics;
using System.Net;
using System.Net.Http;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Net.Channels;
using Net.Client;
using Net.Grpc;
using Net.Hosting.Services;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.Ngtcp2;
using Net.Protocol.Echo;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Channels;

/// <summary>A channel over real sockets, against servers of ours on Kestrel: both transports, both kinds of calls, one pool.</summary>
[TestClass]
public sealed class ChannelTests
{
    private static InteropCertificates s_certificates = null!;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        s_certificates = await InteropCertificates.MakeAsync();
    }

    [ClassCleanup]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    [TestMethod]
    public async Task Calls_OfEveryKind_ShareOneEndPoint()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).Build();
        using HttpClient http = channel.CreateHttpClient();
        using GrpcClient grpc = channel.CreateGrpcClient();

        string who = await http.GetStringAsync("/who").WithTimeout();
        EchoResponse echo = await grpc.UnaryAsync(EchoMethods.Echo, new EchoRequest { Payload = "hello" }).AsTask().WithTimeout();
        string raw = await ReadAsync(channel, "who");

        Assert.AreEqual($"{site.Port} HTTP/3 ", who);
        Assert.AreEqual("hello", echo.Payload);
        Assert.AreEqual("quic ", raw);
        EndPointSnapshot endPoint = channel.GetSnapshot().EndPoints.Single();
        Assert.AreEqual("h3 net/1", string.Join(' ', endPoint.Connections.Select(static c => c.Protocol).Distinct().Order(StringComparer.Ordinal)));
        await WaitForNoLeasesAsync(channel);
    }

    [TestMethod]
    public async Task Request_WithContentBothWays_ComesBackWhole()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).Build();
        using HttpClient http = channel.CreateHttpClient();
        byte[] sent = new byte[1 << 20];
        new Random(1).NextBytes(sent);

        using HttpResponseMessage response = await http.PostAsync("/echo", new ByteArrayContent(sent)).WithTimeout();

        CollectionAssert.AreEqual(sent, await response.Content.ReadAsByteArrayAsync().WithTimeout());
        await WaitForNoLeasesAsync(channel);
    }

    [TestMethod]
    public async Task Lease_OfAResponse_EndsWhenItsContentWasReadOrDisposed()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).Build();
        using HttpClient http = channel.CreateHttpClient();

        // Larger than what the transport takes ahead of its reader.
        using HttpResponseMessage response = await http.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/echo") { Content = new ByteArrayContent(new byte[8 << 20]) }, HttpCompletionOption.ResponseHeadersRead).WithTimeout();

        Assert.AreEqual(1, channel.GetSnapshot().InFlight);
        response.Dispose();
        await WaitForNoLeasesAsync(channel);
    }

    [TestMethod]
    [DataRow(FallbackPolicy.Exact)]
    [DataRow(FallbackPolicy.Only)]
    public async Task Calls_ToThreeServers_AreSpreadAndSurviveOneThatDies(FallbackPolicy policy)
    {
        await using ChannelSite first = await ChannelSite.StartAsync(s_certificates);
        await using ChannelSite second = await ChannelSite.StartAsync(s_certificates);
        ChannelSite third = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, first, second, third).UseFallback(policy).UseBalancing(Balancing.RoundRobin).AddCircuitBreaker().AddRetry().Build();
        using HttpClient http = channel.CreateHttpClient();
        await channel.WarmUpAsync(3).WithTimeout();
        for (int i = 0; i < 30; i++)
        {
            await http.GetStringAsync("/who").WithTimeout();
        }

        Assert.IsTrue(first.Requests > 0 && second.Requests > 0 && third.Requests > 0, $"{first.Requests}, {second.Requests}, {third.Requests} requests");
        await third.DisposeAsync();
        int before = first.Requests + second.Requests;
        for (int i = 0; i < 30; i++)
        {
            await http.GetStringAsync("/who").WithTimeout();
        }

        Assert.AreEqual(30, first.Requests + second.Requests - before);
        await WaitForNoLeasesAsync(channel);
    }

    [TestMethod]
    public async Task Calls_WhereUdpIsNotServed_GoOverTcp()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates, static options => options.Protocols = HttpProtocols.Http1AndHttp2);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).UseRace(ProtocolRaceOptions.Default).Build();
        using HttpClient http = channel.CreateHttpClient();
        using GrpcClient grpc = channel.CreateGrpcClient();

        Assert.AreEqual($"{site.Port} HTTP/2 ", await http.GetStringAsync("/who").WithTimeout());
        Assert.AreEqual("over h2", (await grpc.UnaryAsync(EchoMethods.Echo, new EchoRequest { Payload = "over h2" }).AsTask().WithTimeout()).Payload);
        Assert.AreEqual("tcp ", await ReadAsync(channel, "who"));
        await WaitForNoLeasesAsync(channel);
    }

    [TestMethod]
    public async Task Policies_OfTheFallback_AreKept()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel only = ChannelSite.Builder(s_certificates, site).UseFallback(FallbackPolicy.Only).Build();
        await using ClientChannel exact = ChannelSite.Builder(s_certificates, site).UseFallback(FallbackPolicy.Exact).Build();
        using HttpClient overTcp = only.CreateHttpClient();
        using HttpClient overUdp = exact.CreateHttpClient();

        Assert.AreEqual($"{site.Port} HTTP/2 ", await overTcp.GetStringAsync("/who").WithTimeout());
        Assert.AreEqual("tcp ", await ReadAsync(only, "who"));
        Assert.AreEqual($"{site.Port} HTTP/3 ", await overUdp.GetStringAsync("/who").WithTimeout());
        Assert.AreEqual("quic ", await ReadAsync(exact, "who"));
    }

    [TestMethod]
    public async Task MutualTls_OverBothTransports_ShowsTheSameIdentity()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates, static options =>
        {
            options.ClientCertificateMode = ClientCertificateMode.Required;
            options.ClientCertificatePolicy = s_certificates.Trust;
        });
        foreach (FallbackPolicy policy in new[] { FallbackPolicy.Exact, FallbackPolicy.Only })
        {
            await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).UseIdentity(s_certificates.Identity("client")).UseFallback(policy).Build();
            using HttpClient http = channel.CreateHttpClient();

            Assert.EndsWith("CN=client", await http.GetStringAsync("/who").WithTimeout());
            Assert.EndsWith("CN=client", await ReadAsync(channel, "who"));
        }
    }

    [TestMethod]
    [DataRow(FallbackPolicy.Exact)]
    [DataRow(FallbackPolicy.Only)]
    public async Task Server_ThatIsNotTrusted_IsRefused(FallbackPolicy policy)
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).UseTrust(s_certificates.StrangersTrust).UseFallback(policy).AddTimeouts(new TimeoutOptions { PerCall = TimeSpan.FromSeconds(20) }).Build();
        using HttpClient http = channel.CreateHttpClient();

        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => http.GetStringAsync("/who").WithTimeout());

        Assert.AreEqual(TransportError.CertificateRejected, Net.Http3.Http3Exceptions.FindTransportException(exception)!.Error);
        Assert.AreEqual(0, site.Requests);
    }

    [TestMethod]
    [DataRow(FallbackPolicy.Exact)]
    [DataRow(FallbackPolicy.Only)]
    public async Task Duplex_OverBothTransports_CountsUntilItsEnd(FallbackPolicy policy)
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).UseFallback(policy).AddRetry().Build();
        using GrpcClient grpc = channel.CreateGrpcClient();
        await using (GrpcDuplexCall<EchoRequest, EchoResponse> call = grpc.Duplex(EchoMethods.EchoStream))
        {
            for (int i = 0; i < 10; i++)
            {
                await call.Requests.WriteAsync(new EchoRequest { Payload = $"message {i}" }).AsTask().WithTimeout();
                Assert.AreEqual($"message {i}", (await call.Responses.ReadAsync().AsTask().WithTimeout())!.Payload);
            }

            Assert.AreEqual(1, channel.GetSnapshot().InFlight);
            await call.CompleteRequestsAsync().AsTask().WithTimeout();
            Assert.IsNull(await call.Responses.ReadAsync().AsTask().WithTimeout());
        }

        await WaitForNoLeasesAsync(channel);
    }

    [TestMethod]
    public async Task Requests_OverHttp2_MayNameOtherHosts()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).UseFallback(FallbackPolicy.Only).Build();
        using var http = new HttpClient(channel.CreateHttpHandler());

        foreach (string host in new[] { "one.example", "two.example", "one.example" })
        {
            Assert.AreEqual($"{site.Port} HTTP/2 ", await http.GetStringAsync($"https://{host}/who").WithTimeout());
        }
    }

    [TestMethod]
    public async Task Drain_WaitsForTheCallThatRuns()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).Build();
        RawStream stream = await channel.OpenStreamAsync("echo").AsTask().WithTimeout();
        await stream.Output.WriteAsync("last words"u8.ToArray()).WithTimeout();

        Task<bool> draining = channel.DrainAsync(TestDeadline.Limit);
        TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => channel.OpenStreamAsync("echo").AsTask().WithTimeout());
        await stream.Output.CompleteAsync();
        Assert.AreEqual(10, (await stream.Input.ReadAtLeastAsync(10).WithTimeout()).Buffer.Length);
        await stream.DisposeAsync();

        Assert.AreEqual(TransportError.NoEndPoint, refused.Error);
        Assert.IsTrue(await draining.WithTimeout());
    }

    [TestMethod]
    [DataRow(503, true, 3)]
    [DataRow(503, false, 1)]
    [DataRow(404, true, 1)]
    public async Task Retry_OfAResponse_FollowsStatusAndIdempotency(int status, bool isIdempotent, int expectedRequests)
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates, status: () => status);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).AddRetry(new RetryOptions { InitialBackoff = TimeSpan.FromMilliseconds(1) }).Build();
        using HttpClient http = channel.CreateHttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/status");
        request.Options.Set(ChannelRequestOptions.Idempotency, isIdempotent ? Idempotency.Idempotent : Idempotency.NonIdempotent);

        using HttpResponseMessage response = await http.SendAsync(request).WithTimeout();

        Assert.AreEqual(status, (int)response.StatusCode);
        Assert.AreEqual(expectedRequests, site.Requests);
        await WaitForNoLeasesAsync(channel);
    }

    [TestMethod]
    public async Task RawStream_WithTheServersErrors_TellsThemOverTcp()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).UseFallback(FallbackPolicy.Only).Build();
        await using RawStream stream = await channel.OpenStreamAsync("no-such-route").AsTask().WithTimeout();

        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(() => stream.Input.ReadAsync().WithTimeout());

        Assert.AreEqual(RawStreamErrorCodes.UnknownRoute, exception.ApplicationErrorCode);
        Assert.IsTrue(exception.IsSafeToRetry);
        await stream.DisposeAsync();
        await WaitForNoLeasesAsync(channel);
    }

    [TestMethod]
    [DataRow(FallbackPolicy.Exact)]
    [DataRow(FallbackPolicy.Only)]
    public async Task HealthChecks_EchoAndGrpc_PassOnALiveServer(FallbackPolicy policy)
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site)
            .UseHealth(new HealthOptions { Interval = TimeSpan.FromMilliseconds(50), ConfirmInterval = TimeSpan.FromMilliseconds(20) })
            .AddHealthCheck(new EchoProbe()).AddHealthCheck(new GrpcHealthProbe())
            .UseFallback(policy)
            .Build();

        await WaitAsync(channel, static e => e.Health.Process is { IsKnown: true, State: HealthState.Healthy } && e.Health.Service is { IsKnown: true, State: HealthState.Healthy });
        site.Health.Set("", isServing: false);
        await WaitAsync(channel, static e => e.Health.Service.State == HealthState.Unhealthy);
        site.Health.Set("", isServing: true);
        await WaitAsync(channel, static e => e.Health.Service.State == HealthState.Healthy);
    }

    [TestMethod]
    public async Task Streams_OnceUdpIsServed_ComeBackToQuic()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates, static options => options.Protocols = HttpProtocols.Http1AndHttp2);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site)
            .UseRace(ProtocolRaceOptions.Default with { HeadStart = TimeSpan.FromMilliseconds(20), MinHeadStart = TimeSpan.FromMilliseconds(1), ProbeInterval = TimeSpan.FromMilliseconds(100), MaxProbeInterval = TimeSpan.FromMilliseconds(200) })
            .Build();
        Assert.AreEqual("tcp ", await ReadAsync(channel, "who"));
        await using var engine = new Ngtcp2Engine();
        await using NetServer server = new NetServerBuilder()
            .MapStream("who", static stream => stream.Output.WriteAsync("quic "u8.ToArray()).AsTask())
            .Build();
        var tls = new ServerTlsOptions { Identity = s_certificates.Identity("server") };
        await server.ListenAsync(engine, new Net.ListenOptions
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, site.Port),
            ApplicationProtocols = server.ApplicationProtocols,
            Tls = (in ClientHello _) => tls,
        });

        using var deadline = new CancellationTokenSource(TestDeadline.Limit);
        while (await ReadAsync(channel, "who") != "quic ")
        {
            Assert.IsFalse(deadline.IsCancellationRequested, "The channel stayed on TCP.");
            await Task.Delay(20);
        }
    }

    [TestMethod]
    public async Task GrpcCalls_OnceUdpIsServed_ComeBackToHttp3()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates, static options => options.Protocols = HttpProtocols.Http1AndHttp2);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site)
            .UseRace(ProtocolRaceOptions.Default with { HeadStart = TimeSpan.FromMilliseconds(20), MinHeadStart = TimeSpan.FromMilliseconds(1), ProbeInterval = TimeSpan.FromMilliseconds(100), MaxProbeInterval = TimeSpan.FromMilliseconds(200) })
            .Build();
        using GrpcClient grpc = channel.CreateGrpcClient();
        Assert.AreEqual("over TCP", await EchoAsync(grpc, "over TCP"));
        Assert.IsTrue(channel.GetSnapshot().EndPoints.Single().Connections.All(static c => c.Protocol == "h2"));

        await using KestrelSite udp = await KestrelSite.StartAsync(
            (builder, _) => builder.AddNetServer(options =>
            {
                options.EndPoints.Clear();
                options.EndPoints.Add(new IPEndPoint(IPAddress.Loopback, site.Port));
                options.Identity = s_certificates.Identity("server");
                options.Protocols = HttpProtocols.Http3;
            }),
            static application => application.MapNetGrpc(EchoService.Definition, new EchoService(TimeProvider.System)));

        using var deadline = new CancellationTokenSource(TestDeadline.Limit);
        for (int i = 0; !IsOnQuicAlone(channel); i++)
        {
            Assert.IsFalse(deadline.IsCancellationRequested, "The channel stayed on TCP.");
            Assert.AreEqual($"call {i}", await EchoAsync(grpc, $"call {i}"));
            await Task.Delay(20);
        }

        // None of the calls is lost on the way, and those that follow go over QUIC.
        Activity? attempt = null;
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == ClientDiagnostics.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => attempt = activity.OperationName == "transport.attempt" && (activity.GetTagItem("server.port") as int?) == site.Port ? activity : attempt,
        };
        ActivitySource.AddActivityListener(listener);
        Assert.AreEqual("over QUIC", await EchoAsync(grpc, "over QUIC"));
        Assert.AreEqual("h3", attempt?.GetTagItem("network.protocol.name"));
    }

    [TestMethod]
    public async Task HttpClientFactory_WithAChannelOfTheContainer_CallsThroughIt()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        var services = new ServiceCollection();
        services.AddNetChannel("orders", builder => builder.AddEndPoint(ChannelEndPoint.Parse(site.Address)).UseTrust(s_certificates.Trust).UseFallback(FallbackPolicy.Exact));
        services.AddHttpClient("orders", client => client.BaseAddress = new Uri(site.Address)).UseNetChannel("orders");
        await using ServiceProvider provider = services.BuildServiceProvider();

        using HttpClient http = provider.GetRequiredService<IHttpClientFactory>().CreateClient("orders");
        string who = await http.GetStringAsync("/who").WithTimeout();

        Assert.AreEqual($"{site.Port} HTTP/3 ", who);
        Assert.AreEqual("orders", provider.GetRequiredKeyedService<ClientChannel>("orders").Name);
    }

    // The TCP connection takes calls until the pool has looked at the new one beside it.
    private static bool IsOnQuicAlone(ClientChannel channel)
    {
        IReadOnlyList<ConnectionSnapshot> connections = channel.GetSnapshot().EndPoints.Single().Connections;
        return connections.Any(static c => c.Protocol == "h3") && connections.All(static c => c.Protocol == "h3" || c.State >= PooledConnectionState.Draining);
    }

    private static async Task<string> EchoAsync(GrpcClient grpc, string text) =>
        (await grpc.UnaryAsync(EchoMethods.Echo, new EchoRequest { Payload = text }).AsTask().WithTimeout()).Payload;

    private static async Task<string> ReadAsync(ClientChannel channel, string route)
    {
        await using RawStream stream = await channel.OpenStreamAsync(route).AsTask().WithTimeout();
        using var reader = new StreamReader(stream.Input.AsStream(leaveOpen: true), Encoding.UTF8);
        string text = await reader.ReadToEndAsync().WithTimeout();
        await stream.Output.CompleteAsync();
        return text;
    }

    private static Task WaitForNoLeasesAsync(ClientChannel channel) => WaitAsync(channel, static _ => true, static snapshot => snapshot.InFlight == 0);

    /// <summary>Waits for what a snapshot shows, looking again at each event of the channel's and a few times a second.</summary>
    private static async Task WaitAsync(ClientChannel channel, Func<EndPointSnapshot, bool> endPoint, Func<ChannelSnapshot, bool>? whole = null)
    {
        using var deadline = new CancellationTokenSource(TestDeadline.Limit);
        while (true)
        {
            ChannelSnapshot snapshot = channel.GetSnapshot();
            if (snapshot.EndPoints.All(endPoint) && whole?.Invoke(snapshot) != false)
            {
                return;
            }

            Assert.IsFalse(deadline.IsCancellationRequested, $"The channel never got there: {snapshot}, {string.Join("; ", snapshot.EndPoints)}");
            await Task.Delay(20);
        }
    }
}
