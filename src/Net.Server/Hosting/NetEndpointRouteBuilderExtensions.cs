using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Net.Server;

/// <summary>Maps raw streams and other QUIC protocols beside the HTTP end points of an application, on the same UDP ports.</summary>
public static class NetEndpointRouteBuilderExtensions
{
    /// <summary>Serves raw streams (<c>net/1</c>) of a route.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="route">Its name: 1 to 255 bytes of UTF-8 without control characters, compared byte by byte.</param>
    /// <param name="handler">Called for each stream, from many threads at once. The stream ends when its task does: well (FIN), or reset when it fails.</param>
    /// <returns>The application.</returns>
    /// <exception cref="ArgumentException">The name cannot be used or is taken.</exception>
    /// <exception cref="InvalidOperationException">The transport was not added, or the server listens already.</exception>
    public static IEndpointRouteBuilder MapNetStream(this IEndpointRouteBuilder endpoints, string route, Func<RawStreamContext, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return MapNetStream(endpoints, route, new DelegateStreamHandler(handler));
    }

    /// <summary>Serves raw streams (<c>net/1</c>) of a route.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="route">Its name: 1 to 255 bytes of UTF-8 without control characters, compared byte by byte.</param>
    /// <param name="handler">Called for each stream, from many threads at once.</param>
    /// <returns>The application.</returns>
    /// <exception cref="ArgumentException">The name cannot be used or is taken.</exception>
    /// <exception cref="InvalidOperationException">The transport was not added, or the server listens already.</exception>
    public static IEndpointRouteBuilder MapNetStream(this IEndpointRouteBuilder endpoints, string route, IRawStreamHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Routes(endpoints).Map(route, handler);
        return endpoints;
    }

    /// <summary>Serves raw streams (<c>net/1</c>) of a route with a handler from the application's services: one for each stream, in a scope of its own.</summary>
    /// <typeparam name="THandler">The handler; registered as a service.</typeparam>
    /// <param name="endpoints">The application.</param>
    /// <param name="route">Its name: 1 to 255 bytes of UTF-8 without control characters, compared byte by byte.</param>
    /// <returns>The application.</returns>
    /// <exception cref="ArgumentException">The name cannot be used or is taken.</exception>
    /// <exception cref="InvalidOperationException">The transport was not added, or the server listens already.</exception>
    public static IEndpointRouteBuilder MapNetStream<THandler>(this IEndpointRouteBuilder endpoints, string route)
        where THandler : class, IRawStreamHandler
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return MapNetStream(endpoints, route, new ScopedStreamHandler<THandler>(endpoints.ServiceProvider.GetRequiredService<IServiceScopeFactory>()));
    }

    /// <summary>Serves another protocol on the same UDP ports, told apart by ALPN.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="applicationProtocol">Its ALPN name; neither <c>h3</c> nor <c>net/1</c>.</param>
    /// <param name="handler">Serves its connections, from many threads at once.</param>
    /// <returns>The application.</returns>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    /// <exception cref="InvalidOperationException">The transport was not added, or the server listens already.</exception>
    public static IEndpointRouteBuilder MapNetProtocol(this IEndpointRouteBuilder endpoints, string applicationProtocol, IConnectionHandler handler)
    {
        ArgumentException.ThrowIfNullOrEmpty(applicationProtocol);
        ArgumentNullException.ThrowIfNull(handler);
        Routes(endpoints).MapProtocol(applicationProtocol, handler);
        return endpoints;
    }

    private static RawStreamRoutes Routes(IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return endpoints.ServiceProvider.GetService<RawStreamRoutes>()
            ?? throw new InvalidOperationException("There is no Net transport in this application; call builder.AddNetServer or builder.Services.AddNetTransport before building it.");
    }

    private sealed class ScopedStreamHandler<THandler>(IServiceScopeFactory scopes) : IRawStreamHandler
        where THandler : class, IRawStreamHandler
    {
        public async Task HandleAsync(RawStreamContext stream)
        {
            AsyncServiceScope scope = scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                await scope.ServiceProvider.GetRequiredService<THandler>().HandleAsync(stream).ConfigureAwait(false);
            }
        }
    }
}
