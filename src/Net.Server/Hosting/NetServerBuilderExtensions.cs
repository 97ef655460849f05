using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Net.Server.Kestrel;

namespace Net.Server;

/// <summary>Makes a web application a Net server.</summary>
public static class NetServerBuilderExtensions
{
    /// <summary>
    /// Serves the application over HTTP/3 and raw streams on UDP and over HTTP/1.1 and HTTP/2 on TCP at the same ports, with Alt-Svc, one identity and one policy for client certificates.
    /// Raw streams are served on TCP, too, for clients whose network blocks UDP.
    /// </summary>
    /// <remarks>When no QUIC engine runs here, TCP is served alone, without Alt-Svc, and the log says at start what is missing and how to get it.</remarks>
    /// <param name="builder">The application's builder, of any kind.</param>
    /// <param name="configure">Says where and as whom to serve.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists every fault.</exception>
    /// <exception cref="TransportException"><see cref="TransportError.EngineMissing"/>: only HTTP/3 was asked for, and no engine runs here.</exception>
    /// <exception cref="InvalidOperationException">It, or <c>AddNetTransport</c>, was called before.</exception>
    public static WebApplicationBuilder AddNetServer(this WebApplicationBuilder builder, Action<NetHostingOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new NetHostingOptions();
        configure(options);
        options.Validate();
        ServerTlsSelector? selector = options.CreateSelector();
        options.Transport.Tls ??= selector;
        NetTransportStatus status = NetTransportServiceCollectionExtensions.AddNetTransport(builder.Services, options.Transport);

        HttpProtocols protocols = status.EngineName is null ? options.Protocols & ~HttpProtocols.Http3 : options.Protocols;
        if (protocols == HttpProtocols.None)
        {
            throw new TransportException(
                TransportError.EngineMissing, $"Only HTTP/3 was asked for, and no QUIC engine runs here. {status.MissingReason} Or allow HTTP/2 on TCP (NetHostingOptions.Protocols).");
        }

        // The slim builder leaves it out.
        builder.WebHost.UseKestrelHttpsConfiguration();
        if (options.EndPoints.Count > 0)
        {
            builder.Services.AddSingleton<IConfigureOptions<KestrelServerOptions>>(provider =>
            {
                TimeProvider time = provider.GetService<TimeProvider>() ?? TimeProvider.System;
                var streams = new TcpRawStreams(
                    provider.GetRequiredService<RawStreamRoutes>(), options.Transport, time, provider.GetRequiredService<ILoggerFactory>().CreateLogger("Net.Server"));
                return new EndPoints(options.EndPoints, protocols, new TcpTls(selector!, () => streams.Offer(protocols), time), streams);
            });
        }

        return builder;
    }

    private sealed class EndPoints(IEnumerable<IPEndPoint> endPoints, HttpProtocols protocols, TcpTls tls, TcpRawStreams streams) : IConfigureOptions<KestrelServerOptions>
    {
        public void Configure(KestrelServerOptions options)
        {
            foreach (IPEndPoint endPoint in endPoints)
            {
                options.Listen(endPoint, listen =>
                {
                    listen.Protocols = protocols;
                    listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = tls.SelectAsync });
                    listen.Use(next => connection => streams.ServeAsync(connection, next));
                });
            }
        }
    }
}
