using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Net.IntegrationTests.Interop;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Kestrel;

/// <summary>A web application on Kestrel with the ngtcp2 engine, on a port of loopback, which fails its test on errors in the log that nobody foresaw.</summary>
internal sealed class KestrelSite : IAsyncDisposable
{
    private readonly WebApplication _application;

    private KestrelSite(WebApplication application, NoUnexpectedErrorsScope errors, int port)
    {
        _application = application;
        Errors = errors;
        Port = port;
        Status = application.Services.GetRequiredService<NetTransportStatus>();
    }

    internal NoUnexpectedErrorsScope Errors { get; }

    internal int Port { get; }

    internal IServiceProvider Services => _application.Services;

    internal NetTransportStatus Status { get; }

    /// <summary>Starts a site that <c>AddNetServer</c> sets up.</summary>
    internal static Task<KestrelSite> StartAsync(
        InteropCertificates certificates, Action<WebApplication> map, Action<NetHostingOptions>? configure = null, Action<WebApplicationBuilder>? build = null) =>
        StartAsync(
            (builder, port) =>
            {
                builder.AddNetServer(options =>
                {
                    options.EndPoints.Clear();
                    options.EndPoints.Add(new IPEndPoint(IPAddress.Loopback, port));
                    options.Identity = certificates.Identity("server");
                    configure?.Invoke(options);
                });
                build?.Invoke(builder);
            },
            map);

    /// <summary>Starts a site that the caller sets up.</summary>
    internal static async Task<KestrelSite> StartAsync(Action<WebApplicationBuilder, int> build, Action<WebApplication> map)
    {
        // Nothing can hold a port that TCP and UDP shall have together, so that another process may come first.
        for (int attempt = 0; ; attempt++)
        {
            int port = FreePort();
            var errors = new NoUnexpectedErrorsScope();
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Services.AddSingleton<ILoggerFactory>(errors);
            builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(20));
            build(builder, port);
            WebApplication application = builder.Build();
            map(application);
            try
            {
                errors.Expect("HostedServiceStartupFaulted");
                await application.StartAsync().WithTimeout();
                return new KestrelSite(application, errors, port);
            }
            catch (IOException) when (attempt < 5)
            {
                await application.DisposeAsync();
            }
        }
    }

    internal Task StopAsync(CancellationToken cancellationToken = default) => _application.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().WithTimeout();
        await _application.DisposeAsync();
        Errors.AssertNone();
    }

    internal static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
