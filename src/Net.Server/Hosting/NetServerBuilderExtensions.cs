using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Net.Server;

/// <summary>Makes a web application a Net server.</summary>
public static class NetServerBuilderExtensions
{
    /// <summary>
    /// Serves the application over HTTP/3 and raw streams on UDP and over HTTP/1.1 and HTTP/2 on TCP at the same ports, with Alt-Svc, one identity and one policy for client certificates.
    /// </summary>
    /// <remarks>When no QUIC engine runs here, TCP is served alone, without Alt-Svc, and the log says at start what is missing and how to get it.</remarks>
    /// <param name="builder">The application's builder, of any kind.</param>
    /// <param name="configure">Says where and as whom to serve.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists every fault.</exception>
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
        bool hasEngine = NetTransportServiceCollectionExtensions.AddNetTransport(builder.Services, options.Transport);

        // The slim builder leaves it out.
        builder.WebHost.UseKestrelHttpsConfiguration();
        if (options.EndPoints.Count > 0)
        {
            builder.Services.AddSingleton<IConfigureOptions<KestrelServerOptions>>(provider => new EndPoints(
                options, new TcpTls(selector!, provider.GetService<TimeProvider>() ?? TimeProvider.System), hasEngine));
        }

        return builder;
    }

    private sealed class EndPoints(NetHostingOptions options, TcpTls tls, bool hasEngine) : IConfigureOptions<KestrelServerOptions>
    {
        public void Configure(KestrelServerOptions server)
        {
            HttpProtocols protocols = hasEngine ? options.Protocols : options.Protocols & ~HttpProtocols.Http3;
            if (protocols == HttpProtocols.None)
            {
                throw new InvalidOperationException("Only HTTP/3 was asked for, and no QUIC engine runs here; the log says why. Install one, or allow HTTP/2 on TCP (NetHostingOptions.Protocols).");
            }

            foreach (IPEndPoint endPoint in options.EndPoints)
            {
                server.Listen(endPoint, listen =>
                {
                    listen.Protocols = protocols;
                    listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = tls.SelectAsync });
                });
            }
        }
    }
}
