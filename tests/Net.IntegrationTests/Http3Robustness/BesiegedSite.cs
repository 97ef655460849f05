using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Net.IntegrationTests.Grpc;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.IntegrationTests.Ngtcp2;
using Net.Ngtcp2;
using Net.Server;
using Net.Testing;
using Net.UnitTests.Kestrel;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>A real site over UDP, an honest client of it that calls all the time, and what a hostile one needs. Ends with the honest client served to the last.</summary>
internal sealed class BesiegedSite : IAsyncDisposable
{
    internal const string Hello = "hello";
    private const int ManyResets = 1_000_000;
    private readonly KestrelSite _site;
    private readonly Ngtcp2Engine _serving;
    private readonly Ngtcp2Engine _attacking;
    private readonly TestContext _output;
    private readonly Application _application;

    private BesiegedSite(KestrelSite site, Application application, Ngtcp2Engine serving, TestContext output)
    {
        _application = application;
        _site = site;
        _serving = serving;
        _output = output;
        _attacking = new Ngtcp2Engine();
        EndPoint = new IPEndPoint(IPAddress.Loopback, site.Port);
        Honest = new HonestClient(_attacking, new Uri($"https://localhost:{site.Port}"));
    }

    internal HonestClient Honest { get; }

    internal IPEndPoint EndPoint { get; }

    /// <summary>Connections that the server knows, the honest client's among them.</summary>
    internal int Connections => _site.Status.Connections.Count;

    /// <summary>How many handlers of endless responses have noticed that nobody takes them.</summary>
    internal int EndlessOver => Volatile.Read(ref _application.EndlessOver);

    /// <summary>Forgets what the service noted of its calls.</summary>
    internal void ForgetCalls() => _application.Service.TimesLeft.Clear();

    internal static async Task<BesiegedSite> StartAsync(TestContext output, Action<KestrelServerLimits>? limits = null, Action<NetTransportOptions>? transport = null)
    {
        InteropRequirement.Engine();
        var application = new Application();
        var serving = new Ngtcp2Engine();
        KestrelSite site = await KestrelSite.StartAsync(
            (builder, port) =>
            {
                builder.AddNetServer(options =>
                {
                    options.EndPoints.Clear();
                    options.EndPoints.Add(new IPEndPoint(IPAddress.Loopback, port));
                    options.Protocols = HttpProtocols.Http3;
                    options.Identity = TestCertificates.Shared.Server;
                    options.Transport.Engine = serving;
                    transport?.Invoke(options.Transport);
                });
                builder.WebHost.ConfigureKestrel(options => limits?.Invoke(options.Limits));
            },
            application.Map);
        var besieged = new BesiegedSite(site, application, serving, output);
        await besieged.Honest.ServedAsync();
        return besieged;
    }

    /// <summary>Connects a hostile client, which sends its control stream and may then do anything.</summary>
    internal async Task<Http3Peer> ConnectAsync() => await Http3Peer.StartAsync(await ConnectPlainAsync());

    /// <summary>Connects a hostile client without a control stream.</summary>
    internal Task<TransportConnection> ConnectPlainAsync() => ConnectAsync(_attacking, EndPoint);

    /// <summary>Opens a client's control stream.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="frames">What follows SETTINGS at once.</param>
    internal static async Task<TransportStream> OpenControlAsync(TransportConnection connection, byte[] frames)
    {
        TransportStream control = await connection.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
        try
        {
            await control.Output.WriteAsync((byte[])[0, .. Http3Bytes.Frame(Http3Bytes.Settings, []), .. frames]).WithTimeout();
        }
        catch (TransportException)
        {
            // The server had enough of it.
        }

        return control;
    }

    internal static Task<TransportConnection> ConnectAsync(TransportEngine engine, EndPoint server) => engine.ConnectAsync(new ConnectOptions
    {
        RemoteEndPoint = server,
        ServerName = "localhost",
        ApplicationProtocols = ["h3"],
        Tls = new ClientTlsOptions { ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) },
        Limits = new TransportLimits { MaxResetsPerSecond = ManyResets },
    }).WithTimeout();

    /// <summary>Waits until the server has let go of every connection but the honest one.</summary>
    internal Task QuietAsync() => Waiting.Until(() => Connections <= 1, "the server lets go of the hostile connections");

    public async ValueTask DisposeAsync()
    {
        await Honest.ServedAsync();
        _output.WriteLine($"{Honest.Calls} honest calls, the longest {Honest.Longest} ms.");
        await Honest.DisposeAsync();
        await _attacking.DisposeAsync().WithTimeout();
        await _site.DisposeAsync();
        await _serving.DisposeAsync().WithTimeout();
    }

    private sealed class Application
    {
        internal int EndlessOver;

        internal InteropService Service { get; } = new();

        internal void Map(WebApplication application)
        {
            application.MapNetGrpc(InteropMethods.Definition, Service);
            application.MapGet("/hello", static context => context.Response.WriteAsync(Hello));
            application.MapPost("/take", TakeAsync);
            application.MapGet("/endless", SendEndlesslyAsync);
        }

        private static async Task TakeAsync(HttpContext context)
        {
            long taken = 0;
            byte[] buffer = new byte[4096];
            for (int read; (read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0; taken += read)
            {
            }

            await context.Response.WriteAsync(taken.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        private async Task SendEndlesslyAsync(HttpContext context)
        {
            byte[] piece = new byte[16 << 10];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(piece);
            }

            Interlocked.Increment(ref EndlessOver);
        }
    }
}
