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

/// <summary>Kestrel's HTTP/3 on an engine, and clients for it over the same engine.</summary>
internal sealed class Http3Site : IAsyncDisposable
{
    private readonly KestrelSite _site;
    private readonly TransportEngine _engine;

    private Http3Site(KestrelSite site, TransportEngine engine)
    {
        _site = site;
        _engine = engine;
    }

    /// <summary>Starts a site on ngtcp2.</summary>
    public static Task<Http3Site> StartAsync(Action<WebApplication> map, Action<IServiceCollection>? services = null)
    {
        InteropRequirement.Engine();
        return StartAsync(map, new Ngtcp2Engine(), services: services);
    }

    /// <summary>Starts a site on an engine, which it disposes in the end.</summary>
    public static async Task<Http3Site> StartAsync(
        Action<WebApplication> map, TransportEngine engine, Action<NetHostingOptions>? configure = null, Action<IServiceCollection>? services = null) =>
        new(
            await KestrelSite.StartAsync(
                (builder, port) =>
                {
                    services?.Invoke(builder.Services);
                    builder.AddNetServer(options =>
                    {
                        options.EndPoints.Clear();
                        options.EndPoints.Add(new IPEndPoint(IPAddress.Loopback, port));
                        options.Identity = TestCertificates.Shared.Server;
                        options.Protocols = HttpProtocols.Http3;
                        options.Transport.Engine = engine;
                        configure?.Invoke(options);
                    });
                },
                map),
            engine);

    public Uri Address => new($"https://localhost:{_site.Port}");

    public Task StopAsync() => _site.StopAsync();

    public Http3Handler CreateHandler(TlsIdentity? identity = null) => new(new Http3HandlerOptions
    {
        Engine = _engine, Tls = new ClientTlsOptions { Identity = identity, ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) },
    });

    public HttpMessageInvoker CreateInvoker() => new(CreateHandler());

    public GrpcClient CreateClient() => new(Address, CreateHandler(), new GrpcClientOptions
    {
        HttpVersion = HttpVersion.Version30, HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    });

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        await _engine.DisposeAsync();
    }
}
