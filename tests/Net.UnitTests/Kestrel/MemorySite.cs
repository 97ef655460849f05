using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Net.Server;
using Net.Testing;
using Net.UnitTests.Server;
using EndPointOptions = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace Net.UnitTests.Kestrel;

/// <summary>A web application on Kestrel over the in-memory engine, with the limits of the transport under a clock that the test moves.</summary>
internal sealed class MemorySite : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly MemoryNetwork _network;
    private readonly MemoryEngine _engine;

    private MemorySite(WebApplication application, MemoryNetwork network, MemoryEngine engine, ManualTimeProvider time, LogRecorder log)
    {
        _application = application;
        _network = network;
        _engine = engine;
        Time = time;
        Log = log;
        EndPoint = Status.EndPoints[0];
    }

    internal ManualTimeProvider Time { get; }

    internal LogRecorder Log { get; }

    internal IPEndPoint EndPoint { get; }

    internal IServiceProvider Services => _application.Services;

    internal NetTransportStatus Status => _application.Services.GetRequiredService<NetTransportStatus>();

    /// <summary>The certificate that UseHttps gets, its intermediates beside it.</summary>
    internal static HttpsConnectionAdapterOptions Https => new()
    {
        ServerCertificate = TestCertificates.Shared.Server.Certificate,
        ServerCertificateChain = [.. TestCertificates.Shared.Server.Intermediates],
    };

    internal static async Task<MemorySite> StartAsync(
        Action<WebApplication> map,
        Action<NetTransportOptions>? configure = null,
        Action<EndPointOptions>? https = null,
        Action<IServiceCollection>? services = null,
        Action<KestrelServerOptions>? server = null)
    {
        var time = new ManualTimeProvider();
        var log = new LogRecorder();

        // The network lives in real time, as Kestrel does; what is tested under virtual time is the transport between them.
        var network = new MemoryNetwork();
        var engine = new MemoryEngine(network);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton<ILoggerFactory>(log);
        builder.Services.AddSingleton<TimeProvider>(time);

        // Longer than a test waits: what ends earlier did so by itself.
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TestDeadline.Limit * 4);
        services?.Invoke(builder.Services);
        builder.Services.AddNetTransport(options =>
        {
            options.Engine = engine;
            options.IdleTimeout = Timeout.InfiniteTimeSpan;
            options.HandshakeTimeout = TestDeadline.Limit;
            options.ServerCertificateChain.AddRange(Https.ServerCertificateChain!);
            options.GracefulCloseDelay = TimeSpan.Zero;
            options.KeepAliveInterval = Timeout.InfiniteTimeSpan;
            configure?.Invoke(options);
        });
        builder.WebHost.ConfigureKestrel(options =>
        {
            // In real time, and 5 s long: a test that stands still meanwhile is no slow client.
            options.Limits.MinRequestBodyDataRate = null;
            server?.Invoke(options);
            options.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http3;
                if (https is null)
                {
                    listen.UseHttps(Https);
                }
                else
                {
                    https(listen);
                }
            });
        });
        WebApplication application = builder.Build();
        map(application);
        await application.StartAsync().WithTimeout();
        return new MemorySite(application, network, engine, time, log);
    }

    internal async Task<Http3Peer> ConnectAsync(TlsIdentity? identity = null, TransportLimits? limits = null, IPEndPoint? endPoint = null) =>
        await Http3Peer.StartAsync(await ConnectAsync("h3", identity, limits, endPoint: endPoint));

    internal Task<TransportConnection> ConnectAsync(
        string applicationProtocol,
        TlsIdentity? identity = null,
        TransportLimits? limits = null,
        X509Certificate2Collection? roots = null,
        string serverName = "localhost",
        IPEndPoint? endPoint = null) =>
        _engine.ConnectAsync(new ConnectOptions
        {
            RemoteEndPoint = endPoint ?? EndPoint,
            ServerName = serverName,
            ApplicationProtocols = [applicationProtocol],
            Tls = new ClientTlsOptions { Identity = identity, ServerCertificatePolicy = new CertificateTrust(roots ?? TestCertificates.Shared.Roots) },
            IdleTimeout = Timeout.InfiniteTimeSpan,
            HandshakeTimeout = TestDeadline.Limit,
            Limits = limits ?? TransportLimits.Default,
        }).WithTimeout();

    internal Task StopAsync(CancellationToken cancellationToken = default) => _application.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().WithTimeout();
        await _application.DisposeAsync();
        await _engine.DisposeAsync();
        _network.Dispose();
    }
}
