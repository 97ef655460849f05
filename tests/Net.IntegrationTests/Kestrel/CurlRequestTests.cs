using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Net.IntegrationTests.Grpc;
using Net.IntegrationTests.Grpc.Messages;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Setup;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Kestrel;

/// <summary>libcurl's HTTP/3 against Kestrel on our engine, over real UDP.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class CurlRequestTests : IDisposable
{
    // CURL_HTTP_VERSION_3, CURLE_PARTIAL_FILE and CURLE_WRITE_ERROR of curl's own headers.
    private const int Http3 = 30;
    private const int PartialFile = 18;
    private const int WriteError = 23;

    private static InteropCertificates s_certificates = null!;
    private static byte[] s_body = null!;
    private readonly TemporaryDirectory _files = new();

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        await CurlPeer.RequireAsync();
        s_certificates = await InteropCertificates.MakeAsync();
        s_body = RandomNumberGenerator.GetBytes(10_000_019);
    }

    [ClassCleanup]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    public void Dispose() => _files.Dispose();

    [TestMethod]
    public async Task Get_TenMegabytes_ComeWhole()
    {
        await using KestrelSite site = await StartAsync();

        CurlResult result = await CurlPeer.SendAsync(s_certificates, site.Port, new CurlRequest("/file"));

        AssertBody(s_body, result);
        Assert.AreEqual(Http3, result.Version);
    }

    [TestMethod]
    public async Task Post_TenMegabytes_ComeBackAsTheyWere()
    {
        await using KestrelSite site = await StartAsync();
        string path = _files.Combine("body");
        await File.WriteAllBytesAsync(path, s_body);

        CurlResult result = await CurlPeer.SendAsync(s_certificates, site.Port, new CurlRequest("/echo", "POST", path));

        AssertBody(s_body, result);
    }

    [TestMethod]
    public async Task Trailers_OfAResponse_Come()
    {
        await using KestrelSite site = await StartAsync();

        CurlResult result = await CurlPeer.SendAsync(s_certificates, site.Port, new CurlRequest("/trailers"));

        Assert.AreEqual("value", result.Trailers["x-trailer"]);
    }

    [TestMethod]
    public async Task GrpcCall_MadeByHand_IsAnsweredWithItsFramesAndTrailers()
    {
        await using KestrelSite site = await KestrelSite.StartAsync(s_certificates, static application => application.MapNetGrpc(InteropMethods.Definition, new InteropService()));
        string path = _files.Combine("request");
        await File.WriteAllBytesAsync(path, Frame(new SimpleRequest { ResponseSize = 1000, Payload = new Payload { Body = ByteString.CopyFrom(s_body, 0, 70_000) } }));
        byte[] expected = Frame(new SimpleResponse { Payload = new Payload { Body = ByteString.CopyFrom(new byte[1000]) } });
        string[] headers = ["content-type: application/grpc", "te: trailers"];

        CurlResult result = await CurlPeer.SendAsync(s_certificates, site.Port, new CurlRequest(InteropMethods.UnaryCall.Path, "POST", path, Headers: headers));

        Assert.AreEqual(200, result.Status);
        Assert.AreEqual("application/grpc", result.Headers["content-type"]);
        AssertBody(expected, result);
        Assert.AreEqual("0", result.Trailers["grpc-status"]);

        CurlResult unknown = await CurlPeer.SendAsync(s_certificates, site.Port, new CurlRequest("/grpc.testing.TestService/Nothing", "POST", path, Headers: headers));

        Assert.AreEqual("12", unknown.Headers["grpc-status"], "Trailers-Only: the status is in the one block of headers.");
    }

    [TestMethod]
    public async Task ClientCertificate_Required_IsAskedForAndReachesTheHandler()
    {
        await using KestrelSite site = await StartAsync(static options =>
        {
            options.ClientCertificateMode = ClientCertificateMode.Required;
            options.ClientCertificatePolicy = s_certificates.Trust;
        });

        CurlResult shown = await CurlPeer.SendAsync(s_certificates, site.Port, new CurlRequest("/who"), client: "client");
        CurlResult notShown = await CurlPeer.SendAsync(s_certificates, site.Port, new CurlRequest("/who"));
        CurlResult stranger = await CurlPeer.SendAsync(s_certificates, site.Port, new CurlRequest("/who"), client: "stranger/client");

        AssertBody("CN=client"u8.ToArray(), shown);
        Assert.AreNotEqual(0, notShown.Error, "a client without a certificate was served");
        Assert.AreNotEqual(0, stranger.Error, "a client with a stranger's certificate was served");
    }

    [TestMethod]
    public async Task Requests_AHundredAtOnceOnOneConnection_AreAllAnswered()
    {
        await using KestrelSite site = await StartAsync();

        IReadOnlyList<CurlResult> results = await CurlPeer.SendAsync(s_certificates, site.Port, [.. Enumerable.Range(0, 100).Select(static n => new CurlRequest($"/number/{n}"))]);

        for (int n = 0; n < results.Count; n++)
        {
            AssertBody(System.Text.Encoding.ASCII.GetBytes($"number {n}"), results[n]);
        }
    }

    [TestMethod]
    public async Task Response_GivenUpByTheClient_ReachesRequestAborted()
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using KestrelSite site = await KestrelSite.StartAsync(s_certificates, application => application.MapGet("/endless", async context =>
        {
            byte[] piece = new byte[16 << 10];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(piece);
            }

            // Not by registering with the token: Kestrel calls back some time after the token says that it is cancelled, and that is when this handler ends.
            aborted.SetResult();
        }));

        CurlResult result = await CurlPeer.SendAsync(s_certificates, site.Port, new CurlRequest("/endless", AbortAfter: 100_000));

        Assert.AreEqual(WriteError, result.Error);
        await aborted.Task.WithTimeout();
    }

    [TestMethod]
    public async Task Handler_ThatFailsAfterItsHeaders_IsNoWholeResponseForTheClient()
    {
        await using KestrelSite site = await StartAsync();
        site.Errors.Expect("ApplicationError");

        CurlResult result = await CurlPeer.SendAsync(s_certificates, site.Port, new CurlRequest("/fail"));

        Assert.AreNotEqual(0, result.Error);
    }

    [TestMethod]
    public async Task Stop_WithARunningRequest_LetsItEndAndEndsWithIt()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using KestrelSite site = await KestrelSite.StartAsync(s_certificates, application => application.MapGet("/wait", async context =>
        {
            started.SetResult();
            await release.Task;
            await context.Response.WriteAsync("finished");
        }));
        Task<CurlResult> request = CurlPeer.SendAsync(s_certificates, site.Port, new CurlRequest("/wait"));
        await started.Task.WithTimeout();

        Task stopping = site.StopAsync();
        Assert.IsFalse(stopping.IsCompleted);
        release.SetResult();

        AssertBody("finished"u8.ToArray(), await request);
        await stopping.WithTimeout();
    }

    [TestMethod]
    public async Task PlainApplication_ThatOnlyAddsTheTransport_ServesHttp3()
    {
        using X509Certificate2 certificate = new(s_certificates.Identity("server").Certificate);
        await using KestrelSite site = await KestrelSite.StartAsync(
            (builder, port) =>
            {
                builder.Services.AddNetTransport();
                builder.WebHost.UseKestrelHttpsConfiguration();
                builder.WebHost.ConfigureKestrel(options => options.ListenLocalhost(port, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1AndHttp2AndHttp3;
                    listen.UseHttps(certificate);
                }));
            },
            static application => application.MapGet("/", static () => "plain"));

        CurlResult result = await CurlPeer.SendAsync(s_certificates, site.Port, new CurlRequest("/"));

        AssertBody("plain"u8.ToArray(), result);
        Assert.AreEqual("ngtcp2", site.Status.EngineName);
        Assert.HasCount(2, site.Status.EndPoints, "localhost is 127.0.0.1 and ::1");
    }

    // One uncompressed message on gRPC's wire.
    private static byte[] Frame(IMessage message)
    {
        byte[] frame = [0, 0, 0, 0, 0, .. message.ToByteArray()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - 5);
        return frame;
    }

    private static void AssertBody(byte[] expected, CurlResult result)
    {
        Assert.AreEqual(0, result.Error);
        Assert.AreEqual(200, result.Status);
        Assert.AreEqual(expected.Length, result.Length);
        Assert.AreEqual(Convert.ToHexStringLower(SHA256.HashData(expected)), result.Sha256);
    }

    private static Task<KestrelSite> StartAsync(Action<NetHostingOptions>? configure = null) => KestrelSite.StartAsync(
        s_certificates,
        static application =>
        {
            application.MapGet("/file", static () => Results.Bytes(s_body));
            application.MapPost("/echo", static context => context.Request.BodyReader.CopyToAsync(context.Response.BodyWriter));
            application.MapGet("/number/{n}", static (int n) => $"number {n}");
            application.MapGet("/who", static context => context.Response.WriteAsync(context.Connection.ClientCertificate?.Subject ?? "nobody"));
            application.MapGet("/trailers", static async context =>
            {
                context.Response.DeclareTrailer("x-trailer");
                await context.Response.WriteAsync("body");
                context.Response.AppendTrailer("x-trailer", "value");
            });
            application.MapGet("/fail", static async context =>
            {
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                throw new InvalidOperationException("The handler of the test fails.");
            });
        },
        configure);
}
