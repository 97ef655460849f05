using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Net.Client;
using Net.IntegrationTests.Interop;
using Net.Ngtcp2;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Kestrel;

/// <summary>One application on one port number: HTTP/1.1 and HTTP/2 on TCP, HTTP/3 and raw streams on UDP, with one identity.</summary>
[TestClass]
public sealed class NetServerTests
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
    [DataRow("1.1")]
    [DataRow("2.0")]
    public async Task Tcp_AtTheSamePort_OffersHttp3ByAltSvc(string version)
    {
        await using KestrelSite site = await StartAsync();
        using HttpClient client = CreateClient();

        using HttpResponseMessage response = await GetAsync(client, site, "/who", new Version(version));

        Assert.AreEqual(new Version(version), response.Version);
        Assert.AreEqual("nobody", await response.Content.ReadAsStringAsync());
        Assert.StartsWith($"h3=\":{site.Port}\"", response.Headers.GetValues("alt-svc").Single());
    }

    [TestMethod]
    public async Task Tcp_ClientCertificate_IsJudgedByTheSamePolicy()
    {
        await using KestrelSite site = await StartAsync(static options =>
        {
            options.ClientCertificateMode = ClientCertificateMode.Required;
            options.ClientCertificatePolicy = s_certificates.Trust;
        });
        using HttpClient known = CreateClient(s_certificates.Identity("client").Certificate);
        using HttpClient stranger = CreateClient(s_certificates.Identity("stranger/client").Certificate);
        using HttpClient none = CreateClient();

        using HttpResponseMessage response = await GetAsync(known, site, "/who", HttpVersion.Version20);

        Assert.AreEqual("CN=client", await response.Content.ReadAsStringAsync());
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(stranger, site, "/who", HttpVersion.Version20));
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(none, site, "/who", HttpVersion.Version20));
    }

    [TestMethod]
    public async Task RawStream_BesideHttp3_IsServed()
    {
        await using KestrelSite site = await StartAsync();
        await using var engine = new Ngtcp2Engine();
        await using TransportConnection connection = await ConnectAsync(engine, site.Port, RawStreamProtocol.ApplicationProtocol);

        RawStream stream = await new RawStreamClient(connection).OpenAsync("echo").AsTask().WithTimeout();
        await using (stream)
        {
            await stream.Output.WriteAsync("over net/1"u8.ToArray()).WithTimeout();
            await stream.Output.CompleteAsync();
            using var answer = new StreamReader(stream.Input.AsStream(), Encoding.UTF8);
            Assert.AreEqual("over net/1", await answer.ReadToEndAsync().WithTimeout());
        }
    }

    [TestMethod]
    public async Task Certificate_ThatIsExchanged_IsUsedByTheNextConnectionOnBothTransports()
    {
        ServerTlsOptions[] snapshots =
        [
            new() { Identity = TestCertificates.Shared.CreateServer(1) },
            new() { Identity = TestCertificates.Shared.CreateServer(2) },
        ];
        ServerTlsOptions current = snapshots[0];
        await using KestrelSite site = await StartAsync(options =>
        {
            options.Identity = null;
            options.Tls = (in ClientHello _) => Volatile.Read(ref current);
        });
        await using var engine = new Ngtcp2Engine();

        foreach (ServerTlsOptions snapshot in snapshots)
        {
            Volatile.Write(ref current, snapshot);
            await using TransportConnection connection = await ConnectAsync(engine, site.Port, "h3", new CertificateTrust(TestCertificates.Shared.Roots));
            string? overTcp = null;
            using var client = new HttpClient(new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => (overTcp = ((X509Certificate2)certificate!).Thumbprint).Length > 0,
                },
            });
            using HttpResponseMessage response = await GetAsync(client, site, "/who", HttpVersion.Version20);

            Assert.AreEqual(snapshot.Identity.Certificate.Thumbprint, connection.PeerCertificate!.Thumbprint);
            Assert.AreEqual(snapshot.Identity.Certificate.Thumbprint, overTcp);
        }
    }

    [TestMethod]
    public async Task Port_ThatAnotherListenerHas_FailsTheStartAsOnTcp()
    {
        await using var engine = new Ngtcp2Engine();
        await using TransportListener taken = await engine.ListenAsync(new Net.ListenOptions
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            ApplicationProtocols = ["h3"],
            Tls = static (in ClientHello _) => null,
        });
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.AddNetServer(options =>
        {
            options.EndPoints.Clear();
            options.EndPoints.Add(taken.LocalEndPoint);
            options.Identity = s_certificates.Identity("server");
        });
        await using WebApplication application = builder.Build();

        IOException exception = await Assert.ThrowsAsync<IOException>(() => application.StartAsync());

        Assert.Contains("address already in use", exception.Message);
    }

    private static Task<KestrelSite> StartAsync(Action<NetHostingOptions>? configure = null) => KestrelSite.StartAsync(
        s_certificates,
        static application =>
        {
            application.MapGet("/who", static context => context.Response.WriteAsync(context.Connection.ClientCertificate?.Subject ?? "nobody"));
            application.MapNetStream("echo", new EchoHandler());
        },
        configure);

    private static HttpClient CreateClient(X509Certificate2? certificate = null) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = static (_, server, _, _) => server is not null,
            ClientCertificates = certificate is null ? null : [certificate],
        },
    });

    private static async Task<HttpResponseMessage> GetAsync(HttpClient client, KestrelSite site, string path, Version version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{site.Port}{path}") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        return await client.SendAsync(request).WithTimeout();
    }

    private static Task<TransportConnection> ConnectAsync(TransportEngine engine, int port, string protocol, CertificateTrust? trust = null) => engine.ConnectAsync(new ConnectOptions
    {
        RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, port),
        ServerName = "localhost",
        ApplicationProtocols = [protocol],
        Tls = new ClientTlsOptions { ServerCertificatePolicy = trust ?? s_certificates.Trust },
    }).WithTimeout();
}
