using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Net.Channels;
using Net.Client;
using Net.Grpc;
using Net.Hosting.Services;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.Server;
using Net.Server.Kestrel;
using Net.Testing;

namespace Net.IntegrationTests.Channels;

/// <summary>A server for channels: HTTP, gRPC and raw streams at one port, which counts what it did.</summary>
internal sealed class ChannelSite : IAsyncDisposable
{
    private readonly KestrelSite _site;
    private int _requests;

    private ChannelSite(KestrelSite site, GrpcHealthService health)
    {
        _site = site;
        Health = health;
    }

    /// <summary>What the server says of its services.</summary>
    internal GrpcHealthService Health { get; }

    internal int Port => _site.Port;

    internal string Address => $"https://localhost:{Port}";

    internal int Requests => Volatile.Read(ref _requests);

    /// <summary>Starts a server.</summary>
    /// <param name="certificates">Its identity.</param>
    /// <param name="configure">Changes how it serves.</param>
    /// <param name="status">What <c>/status</c> answers with; asked each time.</param>
    internal static async Task<ChannelSite> StartAsync(InteropCertificates certificates, Action<NetHostingOptions>? configure = null, Func<int>? status = null)
    {
        ChannelSite? made = null;
        var health = new GrpcHealthService();
        KestrelSite site = await KestrelSite.StartAsync(
            certificates,
            application =>
            {
                application.MapGet("/who", context =>
                {
                    Interlocked.Increment(ref made!._requests);
                    return context.Response.WriteAsync($"{context.Connection.LocalPort} {context.Request.Protocol} {context.Connection.ClientCertificate?.Subject}");
                });
                application.MapMethods("/status", ["GET", "POST"], context =>
                {
                    Interlocked.Increment(ref made!._requests);
                    context.Response.StatusCode = status?.Invoke() ?? 200;
                    return Task.CompletedTask;
                });
                application.Map("/early", static (HttpContext context) =>
                    context.Response.WriteAsync(context.Features.GetRequiredFeature<ITransportStreamFeature>().Stream.IsEarlyData ? "early" : "late"));
                application.MapPost("/echo", static context => context.Request.Body.CopyToAsync(context.Response.Body));
                application.MapNetGrpc(EchoService.Definition, new EchoService(TimeProvider.System));
                application.MapNetGrpc(GrpcHealthService.Definition, health);
                application.MapNetStream("echo", new EchoHandler());
                application.MapNetStream("who", static async stream =>
                {
                    await stream.Output.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"{stream.Connection.NetworkTransport} {stream.PeerCertificate?.Subject}"));
                });
            },
            configure);
        return made = new ChannelSite(site, health);
    }

    /// <summary>Begins a channel to servers. QUIC has a head start that no busy machine uses up, so that a test over QUIC goes over QUIC.</summary>
    internal static NetChannelBuilder Builder(InteropCertificates certificates, params ChannelSite[] sites) =>
        new NetChannelBuilder([.. sites.Select(static site => site.Address)])
            .UseTrust(certificates.Trust)
            .UseRace(ProtocolRaceOptions.Default with { HeadStart = TimeSpan.FromSeconds(10), MinHeadStart = TimeSpan.FromSeconds(10), MaxHeadStart = TimeSpan.FromSeconds(10) })
            .UsePool(PoolOptions.Default with { MinConnections = 1, ConnectBackoff = TimeSpan.FromMilliseconds(20), MaxConnectBackoff = TimeSpan.FromMilliseconds(100) });

    public ValueTask DisposeAsync()
    {
        // Watchers would hold up the server's end.
        Health.ShutDown();
        return _site.DisposeAsync();
    }
}
