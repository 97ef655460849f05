using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary>Takes what an OTLP exporter sends over HTTP and keeps the bytes. Names and values of attributes stand in them as they are.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ConcurrentDictionary<string, StringBuilder> _bodies;

    private OtlpReceiver(WebApplication application, ConcurrentDictionary<string, StringBuilder> bodies)
    {
        _application = application;
        _bodies = bodies;
        Address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    internal string Address { get; }

    internal static async Task<OtlpReceiver> StartAsync()
    {
        var bodies = new ConcurrentDictionary<string, StringBuilder>();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication application = builder.Build();
        application.MapPost("/v1/{kind}", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            StringBuilder all = bodies.GetOrAdd((string)context.Request.RouteValues["kind"]!, static _ => new StringBuilder());
            lock (all)
            {
                all.Append(Encoding.Latin1.GetString(body.ToArray()));
            }

            context.Response.ContentType = "application/x-protobuf";
        });
        await application.StartAsync().WithTimeout();
        return new OtlpReceiver(application, bodies);
    }

    /// <summary>All that came of a kind, <c>traces</c> or <c>metrics</c>.</summary>
    internal string Received(string kind)
    {
        if (!_bodies.TryGetValue(kind, out StringBuilder? all))
        {
            return "";
        }

        lock (all)
        {
            return all.ToString();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().WithTimeout();
        await _application.DisposeAsync();
    }
}
