using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Net.Grpc;
using Net.Hosting.Pages;
using Net.Server;

namespace Net.Hosting.Serving;

/// <summary>The web application that serves users: HTTP/3 and raw streams on UDP, HTTP/1.1, HTTP/2 and the same raw streams on TCP at the same port.</summary>
internal sealed class ServeSite : IAsyncDisposable
{
    private const string EchoRoute = "echo";

    // Streams that are cut need a moment to end; the host cuts them itself, and the transport's own limit stands behind it.
    private static readonly TimeSpan CutMargin = TimeSpan.FromSeconds(10);

    private readonly WebApplication _application;
    private readonly TcpPort _port;

    private ServeSite(WebApplication application, TcpPort port)
    {
        _application = application;
        _port = port;
    }

    /// <summary>The port, the same for TCP and UDP.</summary>
    internal IPEndPoint EndPoint => _port.EndPoint;

    internal NetTransportStatus Transport => _application.Services.GetRequiredService<NetTransportStatus>();

    /// <summary>Puts the site together; nothing is served before <see cref="StartAsync"/>.</summary>
    internal static ServeSite Create(ServeScope scope, TcpPort port)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });

        // What is served is said by the command line and NET_ variables; a stray appsettings.json or ASPNETCORE_URLS shall not change it.
        builder.Configuration.Sources.Clear();
        builder.Services.AddSingleton(scope.LoggerFactory);
        builder.Services.AddSingleton(scope.Context.TimeProvider);
        builder.Services.AddSingleton<IHostLifetime, SilentLifetime>();

        // The time to end is kept by the runner, which also ends it early.
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        builder.AddNetServer(options => Configure(options, scope, port.EndPoint));
        if (scope.Ledger is { } ledger)
        {
            builder.Services.AddNetGrpc(new GrpcServerOptions { Interceptors = [ledger] });
        }

        builder.WebHost.UseSockets(port.Offer);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = scope.Options.MaxConnections;
            kestrel.Limits.Http2.MaxStreamsPerConnection = scope.Options.MaxStreams;
        });
        WebApplication application = builder.Build();
        application.Use(scope.Activity.CountCallAsync);
        IRawStreamHandler echo = new EchoHandler();
        application.MapNetStream(EchoRoute, new CountedStreamHandler(scope.Activity, scope.Ledger?.Around(echo) ?? echo));
        scope.Services.Map(application);
        StatusEndpoint.Map(application, new StatusReportBuilder(scope, port.EndPoint, [EchoRoute]));
        return new ServeSite(application, port);
    }

    internal Task StartAsync(CancellationToken cancellationToken) => _application.StartAsync(cancellationToken);

    internal Task StopAsync(CancellationToken cancellationToken) => _application.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync().ConfigureAwait(false);
        _port.Dispose();
    }

    private static void Configure(NetHostingOptions options, ServeScope scope, IPEndPoint endPoint)
    {
        ServeOptions asked = scope.Options;
        options.EndPoints.Clear();
        options.EndPoints.Add(endPoint);
        options.Protocols = scope.Engine is null ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1AndHttp2AndHttp3;
        options.Tls = scope.Certificates.ServerSelector;
        options.ConnectionGuard = scope.Certificates.Guard;
        NetTransportOptions transport = options.Transport;
        transport.Engine = scope.Engine;
        transport.Access = scope.Access;
        transport.MaxConnections = asked.MaxConnections;
        transport.Limits = TransportLimits.Default with { MaxInboundBidirectionalStreams = asked.MaxStreams };
        transport.IdleTimeout = asked.IdleTimeout;
        transport.KeepAliveInterval = asked.IdleTimeout < TimeSpan.FromSeconds(30) ? TimeSpan.FromMilliseconds(Math.Max(1, asked.IdleTimeout.TotalMilliseconds / 3)) : TimeSpan.FromSeconds(10);
        transport.DrainTimeout = asked.ShutdownTimeout < TimeSpan.FromHours(23) ? asked.ShutdownTimeout + CutMargin : Timeout.InfiniteTimeSpan;
        if (scope.ResetKey is { } key)
        {
            transport.ConfigureListen = listen => listen with { StaticSecret = key };
        }

        transport.RawStreams = new RawStreamServerOptions { MaxConcurrentStreams = 100_000 };
    }
}
