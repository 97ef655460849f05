using System.Globalization;
using System.Net;
using System.Net.Quic;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Net.Ngtcp2;
using Net.Perf.Measuring;
using Net.Server;
using KestrelListenOptions = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Net.Perf.Subjects;

/// <summary>The server of the calls, in a process of its own: Kestrel with HTTP/2 and TLS on TCP, with HTTP/3 on our engine, and where libmsquic is installed with the platform's HTTP/3.</summary>
internal static class RpcPeer
{
    /// <summary>Streams that each connection may have open at once, over every transport: more than are in flight, so that none waits for another to be forgotten.</summary>
    private const int MaxStreams = 1000;

    /// <summary>Serves until its input ends. First line out: the ports of HTTP/2, of HTTP/3, of the platform's HTTP/3 (0: none), and the certificate to trust.</summary>
    internal static async Task ServeAsync()
    {
        using var certificates = new Certificates();
        using var spans = new SpanRecorder();
        var engine = new Ngtcp2Engine();
        await using (engine.ConfigureAwait(false))
        {
            List<WebApplication> applications = [];
            int http2 = await StartAsync(applications, certificates, HttpProtocols.Http2, static _ => { }).ConfigureAwait(false);
            int http3 = await StartAsync(applications, certificates, HttpProtocols.Http3, builder => builder.Services.AddNetTransport(options =>
            {
                options.Engine = engine;
                options.Limits = new TransportLimits { MaxInboundBidirectionalStreams = MaxStreams };
            })).ConfigureAwait(false);
            int platform = 0;
            if (OperatingSystem.IsLinux() && QuicListener.IsSupported)
            {
                platform = await StartAsync(applications, certificates, HttpProtocols.Http3, UsePlatformQuic).ConfigureAwait(false);
            }

            Answer(string.Create(CultureInfo.InvariantCulture, $"{http2} {http3} {platform} {Convert.ToBase64String(certificates.Authority.RawData)}"));
            await ObeyAsync(spans).ConfigureAwait(false);
            foreach (WebApplication application in applications)
            {
                await application.StopAsync().ConfigureAwait(false);
                await application.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    private static void UsePlatformQuic(WebApplicationBuilder builder) => builder.WebHost.UseQuic();

    private static async Task<int> StartAsync(List<WebApplication> applications, Certificates certificates, HttpProtocols protocols, Action<WebApplicationBuilder> configure)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        KestrelListenOptions? bound = null;
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
            options.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = protocols;
                listen.UseHttps(certificates.Server);
                bound = listen;
            });
        });
        configure(builder);
        WebApplication application = builder.Build();
        applications.Add(application);
        application.MapNetGrpc(PerfService.Definition, new PerfService());
        await application.StartAsync().ConfigureAwait(false);
        return bound!.IPEndPoint!.Port;
    }

    private static async Task ObeyAsync(SpanRecorder spans)
    {
        while (await Console.In.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            switch (line)
            {
                case RpcServer.Measure:
                    Answer(ProcessFigures.Own(spans).ToLine());
                    break;
                case RpcServer.RecordSpans or RpcServer.IgnoreSpans:
                    spans.Switch(line == RpcServer.RecordSpans);
                    Answer("done");
                    break;
                default:
                    throw new InvalidOperationException($"The server of the calls does not know the command '{line}'.");
            }
        }
    }

    private static void Answer(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
