using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Net.Grpc;
using Net.Security;

namespace Net.Server;

/// <summary>Serves gRPC services on ASP.NET Core's endpoint routing, over HTTP/2 and HTTP/3, beside whatever else the application maps.</summary>
public static class GrpcEndpoints
{
    /// <summary>Sets the options of all gRPC services that are mapped without their own.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="options">The options.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentException">The options are faulty; the message lists every fault.</exception>
    public static IServiceCollection AddNetGrpc(this IServiceCollection services, GrpcServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return services.AddSingleton(options);
    }

    /// <summary>Serves a service with one object for all calls.</summary>
    /// <typeparam name="TService">The class or interface that the definition binds.</typeparam>
    /// <param name="endpoints">The application.</param>
    /// <param name="definition">The service's methods.</param>
    /// <param name="service">Serves them; it is called from many threads at once.</param>
    /// <param name="options">Options of this service alone; <c>null</c>: those of <see cref="AddNetGrpc"/>, or the defaults.</param>
    /// <returns>Adds conventions, such as authorization, to all the service's end points.</returns>
    /// <exception cref="ArgumentException">The options are faulty; the message lists every fault.</exception>
    /// <remarks>
    /// A request of the service for a method that it lacks, and any gRPC request that no end point takes, is answered UNIMPLEMENTED. A request with another content type gets
    /// 415, one over HTTP/1.1 gets 426.
    /// </remarks>
    public static IEndpointConventionBuilder MapNetGrpc<TService>(
        this IEndpointRouteBuilder endpoints, GrpcServiceDefinition<TService> definition, TService service, GrpcServerOptions? options = null)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(service);
        return Map(endpoints, definition, _ => service, options);
    }

    /// <summary>Serves a service with an object from the application's services for each call.</summary>
    /// <inheritdoc cref="MapNetGrpc{TService}(IEndpointRouteBuilder, GrpcServiceDefinition{TService}, TService, GrpcServerOptions)"/>
    public static IEndpointConventionBuilder MapNetGrpc<TService>(
        this IEndpointRouteBuilder endpoints, GrpcServiceDefinition<TService> definition, GrpcServerOptions? options = null)
        where TService : class => Map(endpoints, definition, static exchange => exchange.Services!.GetRequiredService<TService>(), options);

    /// <summary>The request that a gRPC call came with.</summary>
    /// <param name="context">The call.</param>
    /// <returns>The request; valid until the handler has returned.</returns>
    /// <exception cref="InvalidOperationException">The call is not served by ASP.NET Core.</exception>
    public static HttpContext GetHttpContext(this GrpcServerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Host as HttpContext ?? throw new InvalidOperationException("This call is not served by ASP.NET Core, so it has no HttpContext.");
    }

    private static GrpcConventions Map<TService>(
        IEndpointRouteBuilder endpoints, GrpcServiceDefinition<TService> definition, Func<GrpcServerExchange, TService> service, GrpcServerOptions? options)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(definition);
        IServiceProvider services = endpoints.ServiceProvider;
        options ??= services.GetService<GrpcServerOptions>() ?? new GrpcServerOptions();
        options.Validate();
        GrpcServerOptions effective = options with { LoggerFactory = options.LoggerFactory ?? services.GetService<ILoggerFactory>() };
        GrpcPaths? paths = services.GetService<GrpcPaths>();
        if (services.GetService<AccessGate>() is not null)
        {
            effective = effective with { Interceptors = [AccessInterceptor.Instance, .. effective.Interceptors] };
        }

        var builders = new List<IEndpointConventionBuilder>();
        foreach (GrpcServerMethod<TService> method in definition.ServerMethods)
        {
            paths?.Add(method.Method.Path);
            builders.Add(endpoints.MapPost(method.Method.Path, context => GrpcRequest.ServeAsync(context, method, service, effective))
                .WithDisplayName($"gRPC {method.Method.FullName}")
                .WithMetadata(method.Method));
        }

        builders.Add(GrpcFallback.MapMethods(endpoints, definition.Contract.Name));
        GrpcFallback.MapServices(endpoints);
        return new GrpcConventions(builders);
    }
}
