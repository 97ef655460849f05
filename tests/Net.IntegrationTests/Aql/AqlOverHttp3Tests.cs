using System.Net;
using Microsoft.AspNetCore.Builder;
using Net.Grpc;
using Net.Http3;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Aql;

/// <summary>AQL over HTTP/3: our handler, our engine on both sides, Kestrel.</summary>
[TestClass]
public sealed class AqlOverHttp3Tests : AqlServiceTests
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

    private protected override async Task<(IAsyncDisposable Server, GrpcClient Client)> StartAsync(Action<WebApplication> map)
    {
        KestrelSite site = await KestrelSite.StartAsync(s_certificates, map);
        var engine = new Ngtcp2Engine();
        var handler = new Http3Handler(new Http3HandlerOptions
        {
            Engine = engine,
            Tls = new ClientTlsOptions { ServerCertificatePolicy = s_certificates.Trust },
        });
        var options = new GrpcClientOptions { HttpVersion = HttpVersion.Version30, HttpVersionPolicy = System.Net.Http.HttpVersionPolicy.RequestVersionExact };
        return (new Server(engine, site), new GrpcClient(new Uri($"https://localhost:{site.Port}"), handler, options));
    }

    // Kestrel calls it critical, in an event without a name, when a handler ends while bytes for a client that has left are still in its pipe.
    private protected override void ExpectClientsThatLeave(IAsyncDisposable server) => ((Server)server).Site.Errors.Expect("");

    /// <summary>The site, and the engine of the client that was disposed before.</summary>
    private sealed class Server(Ngtcp2Engine engine, KestrelSite site) : IAsyncDisposable
    {
        internal KestrelSite Site => site;

        public async ValueTask DisposeAsync()
        {
            await engine.DisposeAsync().WithTimeout();
            await site.DisposeAsync();
        }
    }
}
