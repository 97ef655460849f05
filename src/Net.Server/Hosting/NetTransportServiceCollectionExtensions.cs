using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Net.Server.Kestrel;

namespace Net.Server;

/// <summary>Puts our engines under Kestrel.</summary>
public static class NetTransportServiceCollectionExtensions
{
    /// <summary>Has Kestrel serve HTTP/3 through one of our engines: every end point whose protocols hold HTTP/3 and that has <c>UseHttps</c>. Nothing else of the application changes.</summary>
    /// <remarks>
    /// Call it after the web host's own services are there, as they are on return of <c>WebApplication.CreateBuilder</c>: of several QUIC transports Kestrel takes the one registered last.
    /// When no engine runs here, nothing is registered, HTTP/1.1 and HTTP/2 are served without Alt-Svc, and the log says at start what is missing. The slim builder needs
    /// <c>UseKestrelHttpsConfiguration</c> for <c>UseHttps</c>, as always.
    /// </remarks>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Changes the options, or <c>null</c> for the defaults.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists every fault.</exception>
    /// <exception cref="InvalidOperationException">It was called before.</exception>
    public static IServiceCollection AddNetTransport(this IServiceCollection services, Action<NetTransportOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = new NetTransportOptions();
        configure?.Invoke(options);
        AddNetTransport(services, options);
        return services;
    }

    /// <summary>Registers the transport.</summary>
    /// <returns>Which engine was chosen, if any.</returns>
    internal static NetTransportStatus AddNetTransport(IServiceCollection services, NetTransportOptions options)
    {
        options.Validate();
        if (services.Any(static service => service.ServiceType == typeof(NetTransportStatus)))
        {
            throw new InvalidOperationException("The Net transport was added before; AddNetServer includes AddNetTransport.");
        }

        EngineCandidate? candidate = null;
        string reasons = "";
        if (options.Engine is { } given)
        {
            reasons = given.Support.IsSupported ? "" : $"{given.Name}: {given.Support.Reason}";
        }
        else
        {
            candidate = EngineCandidate.Choose(options.Candidates, out reasons);
        }

        string? name = options.Engine is { Support.IsSupported: true } own ? own.Name : candidate?.Name;
        var status = new NetTransportStatus(name, reasons);
        services.AddSingleton(status);
        services.AddSingleton(options);
        services.AddSingleton<RawStreamRoutes>();
        services.AddSingleton<GrpcPaths>();
        services.AddHostedService<EngineReport>();
        if (options.Access is { } access)
        {
            // Also where no engine runs: TCP is served then, and the rules are the same.
            services.AddSingleton(access);

            // The first that is registered is the outermost: nothing of the application comes before it.
            services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, AccessStartupFilter>());
        }

        if (name is null)
        {
            return status;
        }

        services.AddSingleton(provider => new EngineOwner(options.Engine, candidate, provider.GetRequiredService<ILoggerFactory>(), provider.GetService<TimeProvider>() ?? TimeProvider.System));
        services.AddSingleton<IMultiplexedConnectionListenerFactory>(static provider => new TransportListenerFactory(
            provider.GetRequiredService<NetTransportOptions>(),
            provider.GetRequiredService<EngineOwner>().Engine,
            provider.GetRequiredService<RawStreamRoutes>(),
            provider.GetRequiredService<NetTransportStatus>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<IOptions<HostOptions>>(),
            provider.GetRequiredService<IOptions<KestrelServerOptions>>(),
            provider.GetService<TimeProvider>(),
            provider.GetService<IMemoryPoolFactory<byte>>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, RequestLifeFilter>());
        services.AddSingleton<ResponseDataRate>();
        services.AddSingleton<IPostConfigureOptions<KestrelServerOptions>>(static provider => provider.GetRequiredService<ResponseDataRate>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, ResponseDataRate>(static provider => provider.GetRequiredService<ResponseDataRate>()));
        return status;
    }

    /// <summary>Disposes the engine with the host when the host made it.</summary>
    private sealed class EngineOwner(TransportEngine? given, EngineCandidate? candidate, ILoggerFactory loggerFactory, TimeProvider timeProvider) : IAsyncDisposable
    {
        internal TransportEngine Engine { get; } = given ?? candidate!.Create(loggerFactory, timeProvider);

        public ValueTask DisposeAsync() => given is null ? Engine.DisposeAsync() : ValueTask.CompletedTask;
    }
}
