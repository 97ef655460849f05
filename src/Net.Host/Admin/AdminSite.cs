using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Net.Channels;
using Net.Hosting.Serving;
using Net.Telemetry;

namespace Net.Hosting.Admin;

/// <summary>Health and metrics for operators, over plain HTTP on a port of their own, so that they answer while users' ports drain. By default only this machine reaches it.</summary>
internal sealed class AdminSite : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    private readonly WebApplication _application;
    private readonly TcpPort _port;

    private AdminSite(WebApplication application, TcpPort port)
    {
        _application = application;
        _port = port;
    }

    internal IPEndPoint EndPoint => _port.EndPoint;

    /// <summary>Takes the port and serves.</summary>
    /// <exception cref="HostException">The port cannot be had.</exception>
    internal static async Task<AdminSite> StartAsync(IPEndPoint endPoint, ServeScope scope, PrometheusText metrics, CancellationToken cancellationToken)
    {
        TcpPort port = TcpPort.Bind(endPoint, exception => HostErrors.CannotBindAdmin(exception, endPoint));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Services.AddSingleton(scope.LoggerFactory);
        builder.Services.AddSingleton<IHostLifetime, SilentLifetime>();
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = StopTimeout);
        builder.WebHost.UseSockets(port.Offer);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 100;
            kestrel.Listen(port.EndPoint, static listen => listen.Protocols = HttpProtocols.Http1);
        });
        WebApplication application = builder.Build();
        Map(application, scope, metrics);
        var site = new AdminSite(application, port);
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await site.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return site;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _application.StopAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // A scrape that takes longer than that is cut.
        }

        await _application.DisposeAsync().ConfigureAwait(false);
        _port.Dispose();
    }

    private static void Map(WebApplication application, ServeScope scope, PrometheusText metrics)
    {
        ServeActivity activity = scope.Activity;

        // Alive as long as it answers at all.
        application.MapGet("/livez", static context => WriteAsync(context, StatusCodes.Status200OK, "alive\n"));
        application.MapGet("/healthz", static context => WriteAsync(context, StatusCodes.Status200OK, "alive\n"));
        application.MapGet("/readyz", context => activity.IsDraining
            ? WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "draining\n")
            : WriteAsync(context, StatusCodes.Status200OK, "ready\n"));
        application.MapGet("/health", context =>
        {
            HealthReport report = HealthReport.From(scope);
            return WriteAsync(
                context, activity.IsDraining ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK,
                JsonSerializer.Serialize(report, HostJson.Default.HealthReport) + "\n", "application/json");
        });
        application.MapGet("/metrics", context => WriteAsync(context, StatusCodes.Status200OK, metrics.Collect(), PrometheusText.ContentType));
        application.MapGet(ChannelsReport.Path, static context =>
        {
            context.Response.ContentType = ChannelsReport.ContentType;
            context.Response.Headers.CacheControl = "no-store";
            return context.Response.Body.WriteAsync(ChannelsReport.ToJson(), context.RequestAborted).AsTask();
        });
        application.MapGet("/", static context => WriteAsync(context, StatusCodes.Status200OK, "/health /healthz /readyz /livez /metrics /channels\n"));
    }

    private static Task WriteAsync(HttpContext context, int status, string text, string contentType = "text/plain; charset=utf-8")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
