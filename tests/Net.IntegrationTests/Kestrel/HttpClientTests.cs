using System.Net;
using System.Net.Http;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Net.Http3;
using Net.IntegrationTests.Interop;
using Net.Ngtcp2;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Kestrel;

/// <summary>HttpClient over our handler and engine, against Kestrel over our transport and engine, on real sockets.</summary>
[TestClass]
public sealed class HttpClientTests
{
    private static InteropCertificates s_certificates = null!;
    private static byte[] s_body = null!;

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        s_certificates = await InteropCertificates.MakeAsync();
        s_body = RandomNumberGenerator.GetBytes(10_000_019);
    }

    [ClassCleanup]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    [TestMethod]
    public async Task Post_TenMegabytes_ComeBackAsTheyWere()
    {
        await using KestrelSite site = await StartAsync();
        await using var engine = new Ngtcp2Engine();
        using HttpClient client = CreateClient(engine, site);
        using var content = new ByteArrayContent(s_body);

        using HttpResponseMessage response = await client.PostAsync("/echo", content).WithTimeout();
        byte[] body = await response.Content.ReadAsByteArrayAsync().WithTimeout();

        Assert.AreEqual(HttpVersion.Version30, response.Version);
        CollectionAssert.AreEqual(SHA256.HashData(s_body), SHA256.HashData(body), $"{body.Length} of {s_body.Length} bytes came, or other ones");
    }

    [TestMethod]
    public async Task Trailers_OfAResponse_Come()
    {
        await using KestrelSite site = await StartAsync();
        await using var engine = new Ngtcp2Engine();
        using HttpClient client = CreateClient(engine, site);

        using HttpResponseMessage response = await client.GetAsync("/trailers").WithTimeout();

        Assert.AreEqual("value", response.TrailingHeaders.GetValues("x-trailer").Single());
    }

    [TestMethod]
    public async Task ClientCertificate_Required_ReachesTheHandler()
    {
        await using KestrelSite site = await StartAsync(static options =>
        {
            options.ClientCertificateMode = ClientCertificateMode.Required;
            options.ClientCertificatePolicy = s_certificates.Trust;
        });
        await using var engine = new Ngtcp2Engine();
        using HttpClient known = CreateClient(engine, site, s_certificates.Identity("client"));
        using HttpClient none = CreateClient(engine, site);

        Assert.AreEqual("CN=client", await known.GetStringAsync("/who").WithTimeout());
        await Assert.ThrowsAsync<HttpRequestException>(() => none.GetStringAsync("/who").WithTimeout());
    }

    [TestMethod]
    public async Task Requests_FiveHundredAtOnce_AreAllAnswered()
    {
        await using KestrelSite site = await StartAsync();
        await using var engine = new Ngtcp2Engine();
        using HttpClient client = CreateClient(engine, site);

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(n => client.GetStringAsync($"/number/{n}"))).WithTimeout();

        CollectionAssert.AreEqual(Enumerable.Range(0, 500).Select(static n => $"number {n}").ToArray(), answers);
    }

    [TestMethod]
    public async Task Cancellation_OfARequest_ReachesRequestAborted()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using KestrelSite site = await KestrelSite.StartAsync(s_certificates, application => application.MapGet("/wait", async context =>
        {
            using CancellationTokenRegistration registration = context.RequestAborted.Register(aborted.SetResult);
            started.SetResult();
            await aborted.Task;
        }));
        await using var engine = new Ngtcp2Engine();
        using HttpClient client = CreateClient(engine, site);
        using var cancellation = new CancellationTokenSource();
        Task<string> request = client.GetStringAsync("/wait", cancellation.Token);
        await started.Task.WithTimeout();

        await cancellation.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => request.WithTimeout());
        await aborted.Task.WithTimeout();
    }

    [TestMethod]
    public async Task Stop_WithRunningRequests_LetsThemEndAndEndsWithThem()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var started = new SemaphoreSlim(0);
        await using KestrelSite site = await KestrelSite.StartAsync(s_certificates, application => application.MapGet("/wait", async context =>
        {
            started.Release();
            await release.Task;
            await context.Response.WriteAsync("finished");
        }));
        await using var engine = new Ngtcp2Engine();
        using HttpClient client = CreateClient(engine, site);
        Task<string>[] requests = [.. Enumerable.Range(0, 10).Select(_ => client.GetStringAsync("/wait"))];
        for (int i = 0; i < requests.Length; i++)
        {
            Assert.IsTrue(await started.WaitAsync(TestDeadline.Limit));
        }

        Task stopping = site.StopAsync();
        Assert.IsFalse(stopping.IsCompleted);
        release.SetResult();

        foreach (Task<string> request in requests)
        {
            Assert.AreEqual("finished", await request.WithTimeout());
        }

        await stopping.WithTimeout();
        Assert.IsEmpty(site.Status.Connections);
    }

    [TestMethod]
    public async Task Connections_ManyShortOnes_LeaveNothingBehind()
    {
        await using KestrelSite site = await StartAsync();
        await using var engine = new Ngtcp2Engine();

        for (int first = 0; first < 200; first += 4)
        {
            await Task.WhenAll(Enumerable.Range(first, 4).Select(async number =>
            {
                // Its disposal closes the connection just after the response, which is where Kestrel's locks have met a transport's callbacks.
                using HttpClient client = CreateClient(engine, site);
                Assert.AreEqual($"number {number}", await client.GetStringAsync($"/number/{number}").WithTimeout());
            }));
        }

        await site.StopAsync().WithTimeout();
        Assert.IsEmpty(site.Status.Connections);
    }

    private static HttpClient CreateClient(TransportEngine engine, KestrelSite site, TlsIdentity? identity = null) => new(new Http3Handler(new Http3HandlerOptions
    {
        Engine = engine,
        Tls = new ClientTlsOptions { Identity = identity, ServerCertificatePolicy = s_certificates.Trust },
    }))
    {
        BaseAddress = new Uri($"https://localhost:{site.Port}"),
        DefaultRequestVersion = HttpVersion.Version30,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static Task<KestrelSite> StartAsync(Action<NetHostingOptions>? configure = null) => KestrelSite.StartAsync(
        s_certificates,
        static application =>
        {
            application.MapPost("/echo", static context => context.Request.BodyReader.CopyToAsync(context.Response.BodyWriter));
            application.MapGet("/number/{n}", static (int n) => $"number {n}");
            application.MapGet("/who", static context => context.Response.WriteAsync(context.Connection.ClientCertificate?.Subject ?? "nobody"));
            application.MapGet("/trailers", static async context =>
            {
                context.Response.DeclareTrailer("x-trailer");
                await context.Response.WriteAsync("body");
                context.Response.AppendTrailer("x-trailer", "value");
            });
        },
        configure);
}
