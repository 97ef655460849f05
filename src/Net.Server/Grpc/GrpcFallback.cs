using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Net.Grpc;

namespace Net.Server;

/// <summary>Answers UNIMPLEMENTED to gRPC requests that no method takes; all other requests pass by to whoever maps them.</summary>
internal sealed class GrpcFallback : IRouteConstraint
{
    private static readonly GrpcFallback Constraint = new();
    private static readonly ConditionalWeakTable<ICollection<EndpointDataSource>, GrpcFallback> Mapped = [];

    /// <summary>Only requests that speak gRPC.</summary>
    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
        // Without a request somebody generates a link, and there is none to these.
        httpContext is not null && HttpMethods.IsPost(httpContext.Request.Method) && GrpcRequest.IsGrpc(httpContext.Request.ContentType);

    internal static IEndpointConventionBuilder MapMethods(IEndpointRouteBuilder endpoints, string service) =>
        Map(endpoints, $"/{service}/{{grpcMethod}}", $"gRPC {service}, no such method", $"{service} has no such method.", order: int.MaxValue - 1);

    /// <summary>Maps it once for an application.</summary>
    internal static void MapServices(IEndpointRouteBuilder endpoints)
    {
        if (Mapped.TryAdd(endpoints.DataSources, Constraint))
        {
            _ = Map(endpoints, "/{grpcService}/{grpcMethod}", "gRPC, no such service", "There is no such service.", order: int.MaxValue);
        }
    }

    private static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, string path, string name, string message, int order)
    {
        RoutePattern pattern = RoutePatternFactory.Parse(path, defaults: null, new RouteValueDictionary { ["grpcMethod"] = Constraint });
        var status = new GrpcStatus(GrpcStatusCode.Unimplemented, message);
        return endpoints.Map(pattern, context => GrpcRequest.RefuseAsync(context, status))
            .WithDisplayName(name)
            .WithOrder(order);
    }
}
