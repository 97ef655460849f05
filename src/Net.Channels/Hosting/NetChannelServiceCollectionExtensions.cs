using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Net.Channels;

/// <summary>Channels as keyed services.</summary>
public static class NetChannelServiceCollectionExtensions
{
    /// <summary>
    /// Adds a channel as a singleton under its name: take it with <c>[FromKeyedServices(name)] ClientChannel</c> or give it to clients of IHttpClientFactory with <c>UseNetChannel</c>.
    /// It is built when it is first asked for, logs to the container's log, keeps to the container's <see cref="TimeProvider"/> if there is one, and is disposed with the container.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The channel's name.</param>
    /// <param name="configure">Says what it is made of.</param>
    /// <returns>The services.</returns>
    /// <exception cref="InvalidOperationException">There is a channel of this name already.</exception>
    public static IServiceCollection AddNetChannel(this IServiceCollection services, string name, Action<NetChannelBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return AddNetChannel(services, name, (_, builder) => configure(builder));
    }

    /// <summary>Adds a channel that is made of other services, too.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The channel's name.</param>
    /// <param name="configure">Says what it is made of; gets the container.</param>
    /// <returns>The services.</returns>
    /// <inheritdoc cref="AddNetChannel(IServiceCollection, string, Action{NetChannelBuilder})" path="/exception"/>
    public static IServiceCollection AddNetChannel(this IServiceCollection services, string name, Action<IServiceProvider, NetChannelBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configure);
        if (services.Any(service => service.IsKeyedService && service.ServiceType == typeof(ClientChannel) && Equals(service.ServiceKey, name)))
        {
            throw new InvalidOperationException($"There is a channel '{name}' already; give each channel a name of its own.");
        }

        return services.AddKeyedSingleton(name, (provider, _) =>
        {
            NetChannelBuilder builder = new NetChannelBuilder().UseName(name);
            if (provider.GetService<ILoggerFactory>() is { } log)
            {
                builder.UseLoggerFactory(log);
            }

            if (provider.GetService<TimeProvider>() is { } time)
            {
                builder.UseClock(time);
            }

            configure(provider, builder);
            return builder.Build();
        });
    }

    /// <summary>Adds a channel from configuration, whose keys <see cref="NetChannelConfiguration"/> lists. Read when the channel is first asked for; all faults are told at once, each with its key.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The channel's name.</param>
    /// <param name="configuration">The channel's section.</param>
    /// <param name="configure">Has the last word, such as on identity and trust from elsewhere; <c>null</c>: nothing to add.</param>
    /// <returns>The services.</returns>
    /// <inheritdoc cref="AddNetChannel(IServiceCollection, string, Action{NetChannelBuilder})" path="/exception"/>
    public static IServiceCollection AddNetChannel(
        this IServiceCollection services, string name, IConfiguration configuration, Action<IServiceProvider, NetChannelBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return AddNetChannel(services, name, (provider, builder) =>
        {
            NetChannelConfiguration.Apply(configuration, builder, other => FindOther(provider, name, other));
            configure?.Invoke(provider, builder);
        });
    }

    // To fall back to itself would be to try again, which is what retries are for.
    private static NamedChannelSource? FindOther(IServiceProvider provider, string name, string other) =>
        other != name && provider.GetService<IServiceProviderIsKeyedService>()?.IsKeyedService(typeof(ClientChannel), other) == true
            ? new NamedChannelSource(other, () => provider.GetRequiredKeyedService<ClientChannel>(other), provider.GetService<TimeProvider>() ?? TimeProvider.System)
            : null;

    /// <summary>Has a client of IHttpClientFactory call through a channel: <c>services.AddHttpClient("orders").UseNetChannel("orders")</c>. Handlers that the factory adds stay around it.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="name">The channel's name.</param>
    /// <returns>The client's builder.</returns>
    public static IHttpClientBuilder UseNetChannel(this IHttpClientBuilder builder, string name)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);

        // The channel renews its connections by itself: there is nothing that a new handler would bring.
        return builder
            .ConfigurePrimaryHttpMessageHandler(provider => provider.GetRequiredKeyedService<ClientChannel>(name).CreateHttpHandler())
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan);
    }
}
