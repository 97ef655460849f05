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
    private readonly ConcurrentDictionary<string, List<byte[]>> _bodies;

    private OtlpReceiver(WebApplication application, ConcurrentDictionary<string, List<byte[]>> bodies)
    {
        _application = application;
        _bodies = bodies;
        Address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    internal string Address { get; }

    internal static async Task<OtlpReceiver> StartAsync()
    {
        var bodies = new ConcurrentDictionary<string, List<byte[]>>();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication application = builder.Build();
        application.MapPost("/v1/{kind}", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            List<byte[]> all = bodies.GetOrAdd((string)context.Request.RouteValues["kind"]!, static _ => []);
            lock (all)
            {
                all.Add(body.ToArray());
            }

            context.Response.ContentType = "application/x-protobuf";
        });
        await application.StartAsync().WithTimeout();
        return new OtlpReceiver(application, bodies);
    }

    /// <summary>All spans that came.</summary>
    internal IReadOnlyList<OtlpSpan> Spans => [.. Bodies("traces").SelectMany(OtlpSpan.ReadAll)];

    /// <summary>All that came of a kind, <c>traces</c> or <c>metrics</c>.</summary>
    internal string Received(string kind) => string.Concat(Bodies(kind).Select(Encoding.Latin1.GetString));

    private byte[][] Bodies(string kind)
    {
        if (!_bodies.TryGetValue(kind, out List<byte[]>? all))
        {
            return [];
        }

        lock (all)
        {
            return [.. all];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().WithTimeout();
        await _application.DisposeAsync();
    }
}
