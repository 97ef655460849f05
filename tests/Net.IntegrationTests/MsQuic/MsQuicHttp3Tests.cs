using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Net.Http3;
using Net.IntegrationTests.Grpc;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.MsQuic;

/// <summary>HttpClient over our handler against Kestrel on our transport, both on the msquic engine.</summary>
[TestClass]
public sealed class MsQuicHttp3Tests
{
    private const int Large = 3_000_011;

    [TestMethod]
    public async Task GetAndPost_LargeContentBothWays_AreWhole()
    {
        byte[] content = RandomNumberGenerator.GetBytes(Large);
        await using Http3Site site = await Http3Site.StartAsync(
            app =>
            {
                app.MapGet("/file", () => Results.Bytes(content));
                app.MapPost("/sum", static async (HttpRequest request) => Convert.ToHexString(await SHA256.HashDataAsync(request.Body)));
            },
            MsQuicSupport.Require());
        using HttpClient client = ClientOf(site);

        using HttpResponseMessage file = await client.GetAsync("file").WithTimeout();
        using HttpResponseMessage sum = await client.PostAsync("sum", new ByteArrayContent(content)).WithTimeout();

        Assert.AreEqual(HttpVersion.Version30, file.Version);
        CollectionAssert.AreEqual(SHA256.HashData(content), SHA256.HashData(await file.Content.ReadAsByteArrayAsync()));
        Assert.AreEqual(Convert.ToHexString(SHA256.HashData(content)), await sum.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public async Task Post_Duplex_FlowsBothWaysWithTrailers()
    {
        await using Http3Site site = await Http3Site.StartAsync(
            static app => app.MapPost("/echo", static async (HttpContext context) =>
            {
                await context.Response.Body.FlushAsync();
                byte[] buffer = new byte[100];
                int count;
                while ((count = await context.Request.Body.ReadAsync(buffer)) > 0)
                {
                    await context.Response.Body.WriteAsync(buffer.AsMemory(0, count));
                    await context.Response.Body.FlushAsync();
                }

                context.Response.AppendTrailer("x-echo", context.Features.GetRequiredFeature<IHttpRequestTrailersFeature>().Trailers["x-sum"].ToString());
            }),
            MsQuicSupport.Require());
        using HttpClient client = ClientOf(site);
        var pipe = new System.IO.Pipelines.Pipe();
        var request = new HttpRequestMessage(HttpMethod.Post, "echo")
        {
            Content = new StreamContent(pipe.Reader.AsStream()), Version = HttpVersion.Version30, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Options.Set(Http3RequestOptions.Trailers, static () => [new("x-sum", "42")]);

        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WithTimeout();
        Stream body = await response.Content.ReadAsStreamAsync();
        byte[] received = new byte[100];
        foreach (string message in (string[])["one", "two", "three"])
        {
            await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(message));
            await body.ReadExactlyAsync(received.AsMemory(0, message.Length)).AsTask().WithTimeout();
            Assert.AreEqual(message, Encoding.ASCII.GetString(received, 0, message.Length));
        }

        await pipe.Writer.CompleteAsync();
        Assert.AreEqual(0, await body.ReadAsync(received).WithTimeout());
        Assert.AreEqual("42", response.TrailingHeaders.GetValues("x-echo").Single());
    }

    [TestMethod]
    public async Task Get_Cancelled_AbortsTheApplicationsRequestAlone()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Http3Site site = await Http3Site.StartAsync(
            app =>
            {
                app.MapGet("/wait", async (HttpContext context) =>
                {
                    using CancellationTokenRegistration registration = context.RequestAborted.Register(aborted.SetResult);
                    begun.SetResult();
                    await aborted.Task;
                });
                app.MapGet("/connection", static (HttpContext context) => context.Connection.Id);
            },
            MsQuicSupport.Require());
        using HttpClient client = ClientOf(site);
        string connection = await client.GetStringAsync("connection").WithTimeout();
        using var cancellation = new CancellationTokenSource();
        Task<HttpResponseMessage> sending = client.GetAsync("wait", cancellation.Token);
        await begun.Task.WithTimeout();

        await cancellation.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => sending.WithTimeout());
        await aborted.Task.WithTimeout();
        Assert.AreEqual(connection, await client.GetStringAsync("connection").WithTimeout());
    }

    [TestMethod]
    public async Task Get_ResetByTheApplication_FailsWithTheCode()
    {
        await using Http3Site site = await Http3Site.StartAsync(
            static app => app.MapGet("/reset", static (HttpContext context) => context.Features.GetRequiredFeature<IHttpResetFeature>().Reset((int)Http3ErrorCode.ExcessiveLoad)),
            MsQuicSupport.Require());
        using HttpClient client = ClientOf(site);

        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => client.GetAsync("reset").WithTimeout());

        Assert.AreEqual((long)Http3ErrorCode.ExcessiveLoad, ((HttpProtocolException)exception.InnerException!).ErrorCode);
    }

    [TestMethod]
    public async Task Get_WhereAClientCertificateIsRequired_ShowsItOrIsRefused()
    {
        await using Http3Site site = await Http3Site.StartAsync(
            static app => app.MapGet("/who", static (HttpContext context) => context.Connection.ClientCertificate?.Thumbprint ?? "nobody"),
            MsQuicSupport.Require(),
            static options =>
            {
                options.ClientCertificateMode = ClientCertificateMode.Required;
                options.ClientCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots);
            });
        using HttpClient known = ClientOf(site, TestCertificates.Shared.Client);
        using HttpClient stranger = ClientOf(site, TestCertificates.Shared.OtherAuthorityClient);
        using HttpClient nobody = ClientOf(site);

        Assert.AreEqual(TestCertificates.Shared.Client.Certificate.Thumbprint, await known.GetStringAsync("who").WithTimeout());
        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => stranger.GetStringAsync("who").WithTimeout());
        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => nobody.GetStringAsync("who").WithTimeout());
    }

    [TestMethod]
    public async Task Stop_WithARequestInFlight_LetsItFinishAndEnds()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Http3Site site = await Http3Site.StartAsync(
            app => app.MapGet("/slow", async () =>
            {
                begun.SetResult();
                await release.Task;
                return "done";
            }),
            MsQuicSupport.Require());
        using HttpClient client = ClientOf(site);
        Task<string> slow = client.GetStringAsync("slow");
        await begun.Task.WithTimeout();

        Task stopping = site.StopAsync();
        Assert.IsFalse(stopping.IsCompleted);
        release.SetResult();

        Assert.AreEqual("done", await slow.WithTimeout());
        await stopping.WithTimeout();
    }

    private static HttpClient ClientOf(Http3Site site, TlsIdentity? identity = null) => new(site.CreateHandler(identity))
    {
        BaseAddress = site.Address,
        DefaultRequestVersion = HttpVersion.Version30,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TestDeadline.Limit,
    };
}
