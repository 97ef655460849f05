using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Net.Grpc;
using Net.Http3;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.Ngtcp2;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Grpc;

/// <summary>Kestrel's HTTP/3 on the ngtcp2 engine, and clients for it over the same engine.</summary>
internal sealed class Http3Site : IAsyncDisposable
{
    private readonly KestrelSite _site;
    private readonly Ngtcp2Engine _engine = new();

    private Http3Site(KestrelSite site) => _site = site;

    public static async Task<Http3Site> StartAsync(Action<WebApplication> map, Action<IServiceCollection>? services = null)
    {
        InteropRequirement.Engine();
        return new Http3Site(await KestrelSite.StartAsync(
            (builder, port) =>
            {
                services?.Invoke(builder.Services);
                builder.AddNetServer(options =>
                {
                    options.EndPoints.Clear();
                    options.EndPoints.Add(new IPEndPoint(IPAddress.Loopback, port));
                    options.Identity = TestCertificates.Shared.Server;
                    options.Protocols = HttpProtocols.Http3;
                });
            },
            map));
    }

    public Http3Handler CreateHandler() => new(new Http3HandlerOptions
    {
        Engine = _engine, Tls = new ClientTlsOptions { ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) },
    });

    public HttpMessageInvoker CreateInvoker() => new(CreateHandler());

    public GrpcClient CreateClient() => new(new Uri($"https://localhost:{_site.Port}"), CreateHandler(), new GrpcClientOptions
    {
        HttpVersion = HttpVersion.Version30, HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    });

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        await _engine.DisposeAsync();
    }
}
