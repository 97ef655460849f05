using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Net.Chaos.Proxy;

namespace Net.Chaos.Api;

/// <summary>The HTTP API of a set of proxies on a port of its own.</summary>
public sealed class ChaosApiServer : IAsyncDisposable
{
    /// <summary>toxiproxy's port.</summary>
    public const int DefaultPort = 8474;

    // A populate of a thousand proxies has some 100 KiB.
    private const int MaxBodyBytes = 4 << 20;

    private readonly WebApplication _application;

    private ChaosApiServer(WebApplication application, IPEndPoint endPoint)
    {
        _application = application;
        EndPoint = endPoint;
    }

    /// <summary>Where it listens, with the port that the system chose.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Starts the server.</summary>
    /// <param name="proxies">The proxies that it governs; they stay the caller's.</param>
    /// <param name="listen">Where to listen, <c>host:port</c>. Keep it to this machine: the API asks nobody who they are.</param>
    /// <param name="hasMetrics">Whether <c>/metrics</c> answers; else it is not found, as with a toxiproxy that was not told to.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ChaosException">The address is wrong or taken.</exception>
    public static async Task<ChaosApiServer> StartAsync(ChaosProxySet proxies, string listen, bool hasMetrics = true, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(proxies);
        IPEndPoint endPoint = await HostPort.ResolveAsync(listen, cancellationToken).ConfigureAwait(false);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(proxies.Environment.LoggerFactory);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = MaxBodyBytes;
            options.Listen(endPoint);
        });
        WebApplication application = builder.Build();
        var api = new ChaosApi(proxies, hasMetrics);
        ILogger logger = proxies.Environment.LoggerFactory.CreateLogger(ChaosLog.Category);
        application.Run(context => HandleAsync(api, logger, context));
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new ChaosException(ChaosError.Failed, $"the API cannot listen on {listen}: {exception.Message}", exception);
        }

        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new ChaosApiServer(application, new IPEndPoint(endPoint.Address, new Uri(address).Port));
    }

    /// <summary>Stops the server; the proxies go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task HandleAsync(ChaosApi api, ILogger logger, HttpContext context)
    {
        ApiAnswer answer;
        try
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
            answer = await api.AnswerAsync(
                context.Request.Method, context.Request.Path.Value ?? "", context.Request.Headers.UserAgent.ToString(), body.GetBuffer().AsMemory(0, (int)body.Length), context.RequestAborted)
                .ConfigureAwait(false);
        }
        catch (BadHttpRequestException exception)
        {
            answer = ApiAnswer.OfError(ChaosException.BadBody(exception.Message));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception)
        {
            ChaosLog.RequestFailed(logger, exception);
            answer = ApiAnswer.OfError(new ChaosException(ChaosError.Failed, exception.Message, exception));
        }

        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        if (answer.Body.Length > 0)
        {
            context.Response.ContentLength = answer.Body.Length;
            await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted).ConfigureAwait(false);
        }
    }
}
