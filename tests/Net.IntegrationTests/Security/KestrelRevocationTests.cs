using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Net.Http3;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.Ngtcp2;
using Net.Security;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Security;

/// <summary>A web application whose certificates come from a source: TCP and UDP alike take new ones, and cut a client that was revoked.</summary>
[TestClass]
public sealed class KestrelRevocationTests
{
    [TestMethod]
    [DataRow("2.0")]
    [DataRow("1.1")]
    [DataRow("3.0")]
    public async Task Request_OfAClientRevokedInTheMiddle_IsCutAndNotLetInAgain(string version)
    {
        InteropRequirement.Engine();
        var authority = new TestAuthority("Web root");
        X509Certificate2 client = authority.IssueClient();
        using var files = new CertificateDirectory();
        files.ReplacePair("server", authority.IssueServer());
        files.Replace("ca.pem", authority.Pem);
        files.Replace("ca.crl", List(1));
        await using CertificateSource source = CertificateSource.Open(new CertificateSourceOptions
        {
            Identities = [IdentityInput.FromPemFiles(files["server.pem"], files["server-key.pem"])],
            TrustFiles = [files["ca.pem"]],
            RevocationListFiles = [files["ca.crl"]],
            ClientCertificateMode = ClientCertificateMode.Required,
        });
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using KestrelSite site = await KestrelSite.StartAsync(
            (builder, port) => builder.AddNetServer(options =>
            {
                options.EndPoints.Clear();
                options.EndPoints.Add(new IPEndPoint(IPAddress.Loopback, port));
                options.Tls = source.ServerSelector;
                options.ConnectionGuard = source.Guard;
            }),
            application => application.Map("/wait", async context =>
            {
                using CancellationTokenRegistration registration = context.RequestAborted.Register(() => aborted.TrySetResult());
                entered.TrySetResult();
                await aborted.Task;
            }));
        await using var engine = new Ngtcp2Engine();
        using HttpMessageHandler handler = Handler(version, engine, client, authority, source);
        using var http = new HttpClient(handler);

        // A rotation first: TCP shows the new certificate, too. The source may have taken it by itself before it is asked to.
        X509Certificate2 next = authority.IssueServer();
        files.ReplacePair("server", next);
        Assert.AreNotEqual(ReloadOutcome.Refused, (await source.ReloadAsync().WithTimeout()).Outcome);
        Assert.AreEqual(next.SerialNumber, source.Current.Identities[0].Certificate.SerialNumber);
        Task<HttpResponseMessage> waiting = http.SendAsync(Request());
        await entered.Task.WithTimeout();
        Assert.IsFalse(aborted.Task.IsCompleted);
        files.Replace("ca.crl", List(2, client));

        await aborted.Task.WithTimeout(awaited: "the end of the revoked client's request");
        await Assert.ThrowsAsync<HttpRequestException>(() => waiting.WithTimeout());
        await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(Request()).WithTimeout());

        string List(int number, params X509Certificate2[] revoked) =>
            TestAuthority.ListPem(authority.CreateList(number, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddDays(1), revoked));

        HttpRequestMessage Request() => new(HttpMethod.Get, $"https://localhost:{site.Port}/wait") { Version = new Version(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
    }

    /// <summary>The documented rule: the connection lives on for <see cref="CertificateSourceOptions.ExpiryGrace"/> after the certificate's end, and is closed then.</summary>
    [TestMethod]
    [DataRow("3.0")]
    [DataRow("2.0")]
    public async Task Request_OfAClientWhoseCertificateEndsInTheMiddle_LivesOnForTheGraceAndIsCutThen(string version)
    {
        InteropRequirement.Engine();
        var authority = new TestAuthority("Web root");
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow);
        X509Certificate2 client = authority.IssueClient(notAfter: time.GetUtcNow().AddHours(1));
        TimeSpan left = client.NotAfter.ToUniversalTime() - time.GetUtcNow();
        using var files = new CertificateDirectory();
        files.ReplacePair("server", authority.IssueServer());
        files.Replace("ca.pem", authority.Pem);
        await using CertificateSource source = CertificateSource.Open(new CertificateSourceOptions
        {
            Identities = [IdentityInput.FromPemFiles(files["server.pem"], files["server-key.pem"])],
            TrustFiles = [files["ca.pem"]],
            ClientCertificateMode = ClientCertificateMode.Required,
            TimeProvider = time,
            PollInterval = TimeSpan.FromHours(1),
        });
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string? first = null;
        await using KestrelSite site = await KestrelSite.StartAsync(
            (builder, port) => builder.AddNetServer(options =>
            {
                options.EndPoints.Clear();
                options.EndPoints.Add(new IPEndPoint(IPAddress.Loopback, port));
                options.Tls = source.ServerSelector;
                options.ConnectionGuard = source.Guard;
            }),
            application => application.Map("/stream", async context =>
            {
                using CancellationTokenRegistration registration = context.RequestAborted.Register(() => aborted.TrySetResult());
                first = context.Connection.ClientCertificate?.SerialNumber;
                byte[] one = new byte[1];
                entered.TrySetResult();
                while (await context.Request.Body.ReadAsync(one, context.RequestAborted) > 0)
                {
                    await context.Response.Body.WriteAsync(one, context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                }
            }));
        await using var engine = new Ngtcp2Engine();
        using HttpMessageHandler handler = Handler(version, engine, client, authority, source);
        using var http = new HttpClient(handler);
        var content = new HeldContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"https://localhost:{site.Port}/stream") { Version = new Version(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        Task<HttpResponseMessage> sending = http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await content.SendAsync().WithTimeout();
        await entered.Task.WithTimeout();
        Assert.AreEqual(client.SerialNumber, first);
        using HttpResponseMessage response = await sending.WithTimeout();
        Stream echo = await response.Content.ReadAsStreamAsync();
        await echo.ReadExactlyAsync(new byte[1]).AsTask().WithTimeout();

        time.Advance(left + source.Options.ExpiryGrace - TimeSpan.FromSeconds(1));
        await content.SendAsync().WithTimeout();
        await echo.ReadExactlyAsync(new byte[1]).AsTask().WithTimeout();
        Assert.IsFalse(aborted.Task.IsCompleted, "It is in its grace.");
        time.Advance(TimeSpan.FromSeconds(2));

        await aborted.Task.WithTimeout(awaited: "the end of the request of the client whose certificate ended");
        await Assert.ThrowsAsync<IOException>(() => echo.ReadExactlyAsync(new byte[1]).AsTask().WithTimeout());
        content.End();
    }

    private static HttpMessageHandler Handler(string version, TransportEngine engine, X509Certificate2 client, TestAuthority authority, CertificateSource source) => version == "3.0"
        ? new Http3Handler(new Http3HandlerOptions
        {
            Engine = engine,
            Tls = new ClientTlsOptions { Identity = new TlsIdentity(client), ServerCertificatePolicy = new CertificateTrust([authority.Certificate]) },
        })
        : new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is X509Certificate2 leaf && leaf.SerialNumber == source.Current.Identities[0].Certificate.SerialNumber,
                ClientCertificates = [client],
            },
        };

    /// <summary>A body whose bytes come one by one, when the test wants.</summary>
    private sealed class HeldContent : HttpContent
    {
        private readonly Channel<bool> _bytes = Channel.CreateUnbounded<bool>();

        internal Task SendAsync() => _bytes.Writer.WriteAsync(true).AsTask();

        internal void End() => _bytes.Writer.TryComplete();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await foreach (bool _ in _bytes.Reader.ReadAllAsync())
            {
                await stream.WriteAsync(new byte[1]);
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
