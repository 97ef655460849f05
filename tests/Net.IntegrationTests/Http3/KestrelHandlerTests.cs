using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Net.Http3;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Http3;

/// <summary>HttpClient over our handler against Kestrel on our engine, over real UDP.</summary>
[TestClass]
public sealed class KestrelHandlerTests
{
    private static InteropCertificates s_certificates = null!;
    private static byte[] s_body = null!;

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        s_certificates = await InteropCertificates.MakeAsync();
        s_body = RandomNumberGenerator.GetBytes(5_000_011);
    }

    [ClassCleanup]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    [TestMethod]
    public async Task Get_LargeContent_GivesItsBytes()
    {
        await using HandlerSite site = await HandlerSite.StartAsync(s_certificates, static app => app.MapGet("/file", static () => Results.Bytes(s_body)));
        using HttpResponseMessage response = await site.Client.GetAsync("file").WithTimeout();
        Assert.AreEqual(HttpVersion.Version30, response.Version);
        Assert.AreEqual(s_body.Length, response.Content.Headers.ContentLength);
        CollectionAssert.AreEqual(SHA256.HashData(s_body), SHA256.HashData(await response.Content.ReadAsByteArrayAsync()));
        Assert.AreEqual(HttpStatusCode.NotFound, (await site.Client.GetAsync("nowhere").WithTimeout()).StatusCode);
        Assert.AreEqual(1, site.Handler.ConnectionCount);
    }

    [TestMethod]
    public async Task Post_LargeContent_IsReadWhole()
    {
        await using HandlerSite site = await HandlerSite.StartAsync(s_certificates, static app => app.MapPost("/sum", static async (HttpRequest request) =>
            Convert.ToHexString(await SHA256.HashDataAsync(request.Body))));
        string expected = Convert.ToHexString(SHA256.HashData(s_body));
        Assert.AreEqual(expected, await PostAsync(site, new ByteArrayContent(s_body)));
        Assert.AreEqual(expected, await PostAsync(site, new StreamContent(new MemoryStream(s_body))));
        Assert.AreEqual(Convert.ToHexString(SHA256.HashData([])), await PostAsync(site, new ByteArrayContent([])));
    }

    [TestMethod]
    public async Task Post_Duplex_FlowsBothWaysWithTrailers()
    {
        await using HandlerSite site = await HandlerSite.StartAsync(s_certificates, static app => app.MapPost("/echo", static async (HttpContext context) =>
        {
            await context.Response.Body.FlushAsync();
            var buffer = new byte[100];
            int count;
            while ((count = await context.Request.Body.ReadAsync(buffer)) > 0)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count));
                await context.Response.Body.FlushAsync();
            }

            string sum = context.Features.GetRequiredFeature<IHttpRequestTrailersFeature>().Trailers["x-sum"].ToString();
            context.Response.AppendTrailer("x-echo", sum);
        }));
        var pipe = new System.IO.Pipelines.Pipe();
        var request = new HttpRequestMessage(HttpMethod.Post, "echo")
        {
            Content = new StreamContent(pipe.Reader.AsStream()),
            Version = HttpVersion.Version30,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Options.Set(Http3RequestOptions.Trailers, static () => [new("x-sum", "42")]);
        using HttpResponseMessage response = await site.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WithTimeout();
        Stream body = await response.Content.ReadAsStreamAsync();
        var received = new byte[100];
        for (int i = 0; i < 50; i++)
        {
            byte[] message = Encoding.ASCII.GetBytes($"message {i:000}");
            await pipe.Writer.WriteAsync(message);
            await body.ReadExactlyAsync(received.AsMemory(0, message.Length)).AsTask().WithTimeout();
            Assert.AreEqual($"message {i:000}", Encoding.ASCII.GetString(received, 0, message.Length));
        }

        await pipe.Writer.CompleteAsync();
        Assert.AreEqual(0, await body.ReadAsync(received).WithTimeout());
        Assert.AreEqual("42", response.TrailingHeaders.GetValues("x-echo").Single());
    }

    [TestMethod]
    public async Task Get_WithAClientCertificate_ShowsItToTheApplication()
    {
        await using HandlerSite site = await HandlerSite.StartAsync(
            s_certificates,
            static app => app.MapGet("/who", static (HttpContext context) => context.Connection.ClientCertificate?.Subject ?? "nobody"),
            static options =>
            {
                options.ClientCertificateMode = ClientCertificateMode.Required;
                options.ClientCertificatePolicy = s_certificates.Trust;
            });
        StringAssert.Contains(await site.Client.GetStringAsync("who").WithTimeout(), "CN=", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Get_FromAServerThatIsNotTrusted_FailsSecurely()
    {
        await using HandlerSite site = await HandlerSite.StartAsync(
            s_certificates, static app => app.MapGet("/", static () => "x"), change: static o => o with { Tls = o.Tls with { ServerCertificatePolicy = s_certificates.StrangersTrust } });
        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => site.Client.GetAsync("").WithTimeout());
        Assert.AreEqual(HttpRequestError.SecureConnectionError, exception.HttpRequestError);
    }

    [TestMethod]
    public async Task Get_Cancelled_AbortsTheApplicationsRequest()
    {
        var begun = new TaskCompletionSource();
        var aborted = new TaskCompletionSource();
        await using HandlerSite site = await HandlerSite.StartAsync(s_certificates, app => app.MapGet("/wait", async (HttpContext context) =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            begun.SetResult();
            await aborted.Task;
        }));
        using var cancellation = new CancellationTokenSource();
        Task<HttpResponseMessage> sending = site.Client.GetAsync("wait", cancellation.Token);
        await begun.Task.WithTimeout();
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => sending.WithTimeout());
        await aborted.Task.WithTimeout();
    }

    [TestMethod]
    public async Task Post_CancelledAfterItsContentWasSent_EndsAndAbortsTheApplicationsRequest()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using HandlerSite site = await HandlerSite.StartAsync(s_certificates, app => app.MapPost("/wait", async (HttpContext context) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.RequestAborted.Register(aborted.SetResult);
            begun.SetResult();
            await aborted.Task;
        }));
        using var cancellation = new CancellationTokenSource();
        Task<HttpResponseMessage> sending = site.Client.PostAsync("wait", new ByteArrayContent(new byte[100]), cancellation.Token);
        await begun.Task.WithTimeout();
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => sending.WithTimeout());
        await aborted.Task.WithTimeout();
    }

    [TestMethod]
    public async Task Get_AbortedByTheApplication_FailsWithTheCode()
    {
        await using HandlerSite site = await HandlerSite.StartAsync(s_certificates, static app =>
        {
            app.MapGet("/reset", static (HttpContext context) => context.Features.GetRequiredFeature<IHttpResetFeature>().Reset((int)Http3ErrorCode.ExcessiveLoad));
            app.MapGet("/middle", static async (HttpContext context) =>
            {
                context.Response.ContentLength = 100;
                await context.Response.Body.WriteAsync(new byte[10]);
                await context.Response.Body.FlushAsync();
                context.Abort();
            });
        });
        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => site.Client.GetAsync("reset").WithTimeout());
        Assert.AreEqual((long)Http3ErrorCode.ExcessiveLoad, ((HttpProtocolException)exception.InnerException!).ErrorCode);

        await Assert.ThrowsAsync<HttpRequestException>(async () => await site.Client.GetByteArrayAsync("middle").WithTimeout());
    }

    [TestMethod]
    public async Task Stop_WithARequestInFlight_LetsItFinishAndEnds()
    {
        var begun = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using HandlerSite site = await HandlerSite.StartAsync(s_certificates, app => app.MapGet("/slow", async () =>
        {
            begun.SetResult();
            await release.Task;
            return "done";
        }));
        Task<string> slow = site.Client.GetStringAsync("slow");
        await begun.Task.WithTimeout();
        Task stopping = site.Site.StopAsync();
        await Waiting.Until(() => site.Handler.ConnectionCount == 0);
        release.SetResult();
        Assert.AreEqual("done", await slow.WithTimeout());
        await stopping.WithTimeout(TimeSpan.FromSeconds(15));
    }

    [TestMethod]
    public async Task Get_WhereHttp3IsNotServed_FallsBackToHttp2WithTheSameTrustAndCertificate()
    {
        await using HandlerSite site = await HandlerSite.StartAsync(
            s_certificates,
            static app => app.MapGet("/who", static (HttpContext context) => $"{context.Request.Protocol} {context.Connection.ClientCertificate?.Subject}"),
            static options =>
            {
                options.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1AndHttp2;
                options.ClientCertificateMode = ClientCertificateMode.Required;
                options.ClientCertificatePolicy = s_certificates.Trust;
            });
        site.Client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        StringAssert.StartsWith(await site.Client.GetStringAsync("who").WithTimeout(), "HTTP/2 CN=", StringComparison.Ordinal);

        site.Client.DefaultRequestHeaders.Add("x-second", "1");
        StringAssert.StartsWith(await site.Client.GetStringAsync("who").WithTimeout(), "HTTP/2 CN=", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Get_ManyAtOnce_AllSucceed()
    {
        await using HandlerSite site = await HandlerSite.StartAsync(s_certificates, static app => app.MapGet("/n/{n}", static (int n) => n.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        for (int round = 0; round < 4; round++)
        {
            string[] answers = await Task.WhenAll(Enumerable.Range(0, 250).Select(i => site.Client.GetStringAsync($"n/{i}"))).WithTimeout();
            CollectionAssert.AreEqual(Enumerable.Range(0, 250).Select(static i => i.ToString(System.Globalization.CultureInfo.InvariantCulture)).ToArray(), answers);
        }

        Assert.IsLessThanOrEqualTo(4, site.Handler.ConnectionCount);
    }

    private static async Task<string> PostAsync(HandlerSite site, HttpContent content)
    {
        using HttpResponseMessage response = await site.Client.PostAsync("sum", content).WithTimeout();
        return await response.Content.ReadAsStringAsync();
    }
}
