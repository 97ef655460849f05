using System.Net;
using Microsoft.AspNetCore.Builder;
using Net.Http3;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.Ngtcp2;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Http3;

/// <summary>A web application on Kestrel over our engine, and HttpClient over our handler, on real sockets. Fails its test on errors that either logs.</summary>
internal sealed class HandlerSite : IAsyncDisposable
{
    private readonly Ngtcp2Engine _engine;
    private readonly NoUnexpectedErrorsScope _errors;
    private readonly bool _ownsSite;

    private HandlerSite(KestrelSite site, bool ownsSite, Ngtcp2Engine engine, NoUnexpectedErrorsScope errors, Http3Handler handler)
    {
        Site = site;
        _ownsSite = ownsSite;
        _engine = engine;
        _errors = errors;
        Handler = handler;
        Client = new HttpClient(handler, disposeHandler: false)
        {
            BaseAddress = new Uri($"https://localhost:{site.Port}/"),
            DefaultRequestVersion = HttpVersion.Version30,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TestDeadline.Limit,
        };
    }

    internal KestrelSite Site { get; }

    internal Http3Handler Handler { get; }

    internal HttpClient Client { get; }

    internal static async Task<HandlerSite> StartAsync(
        InteropCertificates certificates, Action<WebApplication> map, Action<NetHostingOptions>? configure = null, Func<Http3HandlerOptions, Http3HandlerOptions>? change = null)
    {
        KestrelSite site = await KestrelSite.StartAsync(certificates, map, configure);
        return Create(certificates, site, ownsSite: true, change);
    }

    /// <summary>Another client of a site, which somebody else disposes.</summary>
    internal static HandlerSite Visit(InteropCertificates certificates, KestrelSite site, Func<Http3HandlerOptions, Http3HandlerOptions>? change = null) =>
        Create(certificates, site, ownsSite: false, change);

    private static HandlerSite Create(InteropCertificates certificates, KestrelSite site, bool ownsSite, Func<Http3HandlerOptions, Http3HandlerOptions>? change)
    {
        var errors = new NoUnexpectedErrorsScope();
        var engine = new Ngtcp2Engine(new Ngtcp2EngineOptions { LoggerFactory = errors });
        Http3HandlerOptions options = OptionsFor(certificates, engine, errors);
        return new HandlerSite(site, ownsSite, engine, errors, new Http3Handler(change is null ? options : change(options)));
    }

    /// <summary>Options with the shared trust and client certificate.</summary>
    internal static Http3HandlerOptions OptionsFor(InteropCertificates certificates, TransportEngine engine, NoUnexpectedErrorsScope errors) => new()
    {
        Engine = engine,
        Tls = new ClientTlsOptions { Identity = certificates.Identity("client"), ServerCertificatePolicy = certificates.Trust },
        LoggerFactory = errors,
    };

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Handler.DisposeAsync().WithTimeout();
        await _engine.DisposeAsync().WithTimeout();
        _errors.AssertNone();
        if (_ownsSite)
        {
            await Site.DisposeAsync();
        }
    }
}
