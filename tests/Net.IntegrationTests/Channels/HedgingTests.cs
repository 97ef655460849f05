using System.Collections.Concurrent;
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

/// <summary>Hedged calls over real sockets: the first server that answers wins, and the other learns that it need not go on.</summary>
[TestClass]
public sealed class HedgingTests
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
    [DataRow(FallbackPolicy.Exact, "HTTP/3")]
    [DataRow(FallbackPolicy.Only, "HTTP/2")]
    public async Task HttpCall_WhoseFirstServerHangs_IsAnsweredByTheOtherWithTheSameRequest(FallbackPolicy policy, string protocol)
    {
        var race = new Race();
        await using KestrelSite first = await StartAsync(race);
        await using KestrelSite second = await StartAsync(race);
        await using ClientChannel channel = Builder(first, second).UseFallback(policy).AddHedging(new HedgingOptions { Delay = TimeSpan.FromMilliseconds(20) }).Build();
        await channel.WarmUpAsync(2).WithTimeout();
        using HttpClient http = channel.CreateHttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Put, "/race?x=1") { Content = new ByteArrayContent("the same both times"u8.ToArray()) };
        request.Headers.Add("x-id", "17");
        request.Content.Headers.Add("x-of-content", "18");

        using HttpResponseMessage response = await http.SendAsync(request).WithTimeout();

        Assert.AreEqual("answer", await response.Content.ReadAsStringAsync().WithTimeout());
        Assert.AreSame(request, response.RequestMessage);
        await race.LoserWasCancelled.WithTimeout();
        string[] seen = [.. race.Seen];
        Assert.HasCount(2, seen);
        Assert.AreEqual($"{protocol} PUT /race?x=1 17 18 the same both times", seen[0]);
        Assert.AreEqual(seen[0], seen[1]);
        Assert.HasCount(2, race.Ports.Distinct().ToArray(), "Both went to one server.");
        await WaitForNoLeasesAsync(channel);
    }

    [TestMethod]
    [DataRow(FallbackPolicy.Exact)]
    [DataRow(FallbackPolicy.Only)]
    public async Task GrpcCall_WhoseFirstServerHangs_IsAnsweredByTheOther(FallbackPolicy policy)
    {
        var race = new Race();
        await using KestrelSite first = await StartAsync(race);
        await using KestrelSite second = await StartAsync(race);
        await using ClientChannel channel = Builder(first, second).UseFallback(policy).AddHedging(new HedgingOptions { Delay = TimeSpan.FromMilliseconds(20) }).Build();
        await channel.WarmUpAsync(2).WithTimeout();
        using GrpcClient grpc = channel.CreateGrpcClient();

        EchoResponse response = await grpc.UnaryAsync(EchoMethods.Echo, new EchoRequest { Payload = "hedged" }).AsTask().WithTimeout();

        Assert.AreEqual("hedged", response.Payload);
        await race.LoserWasCancelled.WithTimeout();
        Assert.AreEqual("hedged, hedged", string.Join(", ", race.Seen));
        Assert.HasCount(2, race.Ports.Distinct().ToArray(), "Both went to one server.");
        await WaitForNoLeasesAsync(channel);
    }

    [TestMethod]
    public async Task HttpCall_ThatIsNotIdempotent_IsNeverHedged()
    {
        var race = new Race { HangsFirst = false };
        await using KestrelSite first = await StartAsync(race);
        await using KestrelSite second = await StartAsync(race);
        await using ClientChannel channel = Builder(first, second).UseFallback(FallbackPolicy.Exact).AddHedging(new HedgingOptions { Delay = TimeSpan.Zero }).Build();
        await channel.WarmUpAsync(2).WithTimeout();
        using HttpClient http = channel.CreateHttpClient();

        for (int i = 0; i < 10; i++)
        {
            using HttpResponseMessage response = await http.PostAsync("/race", new ByteArrayContent([])).WithTimeout();
        }

        Assert.HasCount(10, race.Seen.ToArray());
    }

    private static Task<KestrelSite> StartAsync(Race race) => KestrelSite.StartAsync(s_certificates, application =>
    {
        application.MapMethods("/race", ["PUT", "POST"], async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            string content = await reader.ReadToEndAsync();
            string head = $"{context.Request.Protocol} {context.Request.Method} {context.Request.Path}{context.Request.QueryString} {context.Request.Headers["x-id"]} {context.Request.Headers["x-of-content"]}";
            await race.RunAsync($"{head} {content}", context.Connection.LocalPort, context.RequestAborted);
            await context.Response.WriteAsync("answer");
        });
        application.MapNetGrpc(Race.Definition, race);
    });

    private static NetChannelBuilder Builder(params KestrelSite[] sites) => new NetChannelBuilder([.. sites.Select(static s => $"https://localhost:{s.Port}")])
        .UseTrust(s_certificates.Trust).UsePool(PoolOptions.Default with { MinConnections = 1 });

    private static async Task WaitForNoLeasesAsync(ClientChannel channel)
    {
        using var deadline = new CancellationTokenSource(TestDeadline.Limit);
        while (channel.GetSnapshot().InFlight > 0)
        {
            await Task.Delay(5, deadline.Token);
        }
    }

    /// <summary>Calls of which the first hangs, wherever it comes, until its caller has given it up.</summary>
    private sealed class Race
    {
        private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _calls;

        internal static GrpcServiceDefinition<Race> Definition { get; } = GrpcServiceDefinition.Create<Race>(EchoMethods.Contract, static methods => methods
            .Unary(EchoMethods.Echo, static async (race, request, context) =>
            {
                await race.RunAsync(request.Payload, ((HttpContext)context.Host!).Connection.LocalPort, context.CancellationToken);
                return new EchoResponse { Payload = request.Payload };
            })
            .Unimplemented("EchoStream"));

        internal bool HangsFirst { get; init; } = true;

        internal ConcurrentQueue<string> Seen { get; } = [];

        internal ConcurrentQueue<int> Ports { get; } = [];

        internal Task LoserWasCancelled => _cancelled.Task;

        internal async Task RunAsync(string what, int port, CancellationToken aborted)
        {
            Seen.Enqueue(what);
            Ports.Enqueue(port);
            if (Interlocked.Increment(ref _calls) == 1 && HangsFirst)
            {
                try
                {
                    await Task.Delay(Timeout.Infinite, aborted);
                }
                finally
                {
                    _cancelled.TrySetResult();
                }
            }
        }
    }
}
