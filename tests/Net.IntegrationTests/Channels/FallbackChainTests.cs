using System.Diagnostics;
using System.Net;
using System.Net.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Net.Channels;
using Net.Client;
using Net.Grpc;
using Net.Hosting.Services;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.Protocol.Echo;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Channels;

/// <summary>What a method falls back to, over real sockets, and that its spans tell each step.</summary>
[TestClass]
public sealed class FallbackChainTests
{
    private static InteropCertificates s_certificates = null!;

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        s_certificates = await InteropCertificates.MakeAsync();
    }

    [ClassCleanup]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    [TestMethod]
    [DataRow("HTTP/3 standby", "fresh", "standby", "h3, standby h3")]
    [DataRow("HTTP/2", "fresh", "h2", "h3, standby h3, h2 h2")]
    [DataRow("nothing", "stale", "static", "h3, standby h3, h2 h2")]
    public async Task HttpCall_ThatFails_GoesDownTheChainOfItsMethodInOrder(string works, string expected, string lastStep, string expectedAttempts)
    {
        using var spans = new SpanRecorder();
        await using KestrelSite main = await StartAsync("main", works);
        await using KestrelSite spare = await StartAsync("standby", works);
        await using ClientChannel standby = Builder(spare).UseName("standby").UseFallback(FallbackPolicy.Exact).Build();
        NetChannelBuilder builder = Builder(main);
        await using ClientChannel channel = builder.ForMethod("/chain", new CallPolicy
        {
            Fallback = new FallbackOptions
            {
                Steps =
                [
                    FallbackStep.ToChannel("standby", standby.Pool),
                    FallbackStep.ToProtocol(builder.Http2),
                    FallbackStep.Answer<HttpResponseMessage>("static", static (_, _) => ValueTask.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("stale") })),
                ],
            },
        }).Build();
        using HttpClient http = channel.CreateHttpClient();
        string answer;
        using (spans.Begin())
        {
            answer = await http.GetStringAsync("/chain").WithTimeout();
        }

        Assert.AreEqual(expected, answer);
        Assert.AreEqual(expectedAttempts, spans.Attempts);
        Assert.AreEqual(lastStep, spans.Caller.GetTagItem("transport.fallback"));
        string steps = string.Join(", ", spans.Caller.Events.Where(static e => e.Name == "transport.fallback").Select(static e => e.Tags.Single(static t => t.Key == "transport.fallback").Value));
        Assert.AreEqual(lastStep switch { "standby" => "standby", "h2" => "standby, h2", _ => "standby, h2, static" }, steps);
        using var deadline = new CancellationTokenSource(TestDeadline.Limit);
        while (channel.GetSnapshot().InFlight + standby.GetSnapshot().InFlight > 0)
        {
            await Task.Delay(5, deadline.Token);
        }
    }

    [TestMethod]
    public async Task HttpCall_OfAnotherMethod_HasNoChain()
    {
        await using KestrelSite main = await StartAsync("main", "nothing");
        await using KestrelSite spare = await StartAsync("standby", "HTTP/3 standby");
        await using ClientChannel standby = Builder(spare).Build();
        await using ClientChannel channel = Builder(main).ForMethod("/chain", WithStandby(standby)).WithoutRetry().Build();
        using HttpClient http = channel.CreateHttpClient();

        Assert.AreEqual("fresh", await http.GetStringAsync("/chain").WithTimeout());
        using HttpResponseMessage other = await http.GetAsync("/other").WithTimeout();

        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, other.StatusCode);
    }

    [TestMethod]
    public async Task GrpcCall_ThatFails_IsAnsweredByTheOtherGroup()
    {
        using var spans = new SpanRecorder();
        await using KestrelSite main = await StartAsync("main", "nothing");
        await using KestrelSite spare = await StartAsync("standby", "HTTP/3 standby");
        await using ClientChannel standby = Builder(spare).UseName("standby").UseFallback(FallbackPolicy.Exact).Build();
        await using ClientChannel channel = Builder(main).ForMethod("/echo.EchoService/*", WithStandby(standby)).Build();
        using GrpcClient grpc = channel.CreateGrpcClient();
        EchoResponse response;
        using (spans.Begin())
        {
            response = await grpc.UnaryAsync(EchoMethods.Echo, new EchoRequest { Payload = "hello" }).AsTask().WithTimeout();
        }

        Assert.AreEqual("hello from standby", response.Payload);
        Assert.AreEqual("h3, standby h3", spans.Attempts);
    }

    private static CallPolicy WithStandby(ClientChannel standby) => new() { Fallback = new FallbackOptions { Steps = [FallbackStep.ToChannel("standby", standby.Pool)] } };

    private static Task<KestrelSite> StartAsync(string name, string works) => KestrelSite.StartAsync(s_certificates, application =>
    {
        application.MapGet("/{path}", context =>
        {
            bool isGood = works == context.Request.Protocol || works == $"{context.Request.Protocol} {name}";
            context.Response.StatusCode = isGood ? 200 : 503;
            return context.Response.WriteAsync(isGood ? "fresh" : "down");
        });
        application.MapNetGrpc(Named.Definition, new Named(name, works.EndsWith(name, StringComparison.Ordinal)));
    });

    // QUIC has a head start that no busy machine uses up.
    private static NetChannelBuilder Builder(KestrelSite site) => new NetChannelBuilder($"https://localhost:{site.Port}")
        .UseTrust(s_certificates.Trust)
        .UseRace(ProtocolRaceOptions.Default with { HeadStart = TimeSpan.FromSeconds(10), MinHeadStart = TimeSpan.FromSeconds(10), MaxHeadStart = TimeSpan.FromSeconds(10) })
        .UsePool(PoolOptions.Default with { MinConnections = 1 });

    /// <summary>An echo that says who it is, or that it is not available.</summary>
    private sealed class Named(string name, bool works)
    {
        internal static GrpcServiceDefinition<Named> Definition { get; } = GrpcServiceDefinition.Create<Named>(EchoMethods.Contract, static methods => methods
            .Unary(EchoMethods.Echo, static (service, request, _) => ValueTask.FromResult(service.Answer(request)))
            .Unimplemented("EchoStream"));

        private EchoResponse Answer(EchoRequest request) => works
            ? new EchoResponse { Payload = $"{request.Payload} from {name}" }
            : throw new GrpcException(new GrpcStatus(GrpcStatusCode.Unavailable, "down"));
    }

    /// <summary>Spans of attempts below one of the test's own.</summary>
    private sealed class SpanRecorder : IDisposable
    {
        private readonly ActivitySource _own = new("Net.IntegrationTests.FallbackChainTests");
        private readonly ActivityListener _listener;
        private readonly List<string> _attempts = [];

        internal SpanRecorder()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source == _own || source.Name == ClientDiagnostics.SourceName,
                Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = activity =>
                {
                    if (activity.OperationName == "transport.attempt" && activity.TraceId == Caller?.TraceId)
                    {
                        _attempts.Add($"{activity.GetTagItem("transport.fallback")} {activity.GetTagItem("network.protocol.name")}".Trim());
                    }
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        internal Activity Caller { get; private set; } = null!;

        /// <summary>The attempts in order: the step that each belongs to, if any, and its protocol.</summary>
        internal string Attempts => string.Join(", ", _attempts);

        public void Dispose()
        {
            _listener.Dispose();
            _own.Dispose();
        }

        internal Activity Begin() => Caller = _own.StartActivity("caller")!;
    }
}
