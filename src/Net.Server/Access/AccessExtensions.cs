using Microsoft.AspNetCore.Http;
using Net.Grpc;
using Net.Security;

namespace Net.Server;

/// <summary>Tells handlers who calls, and lets them ask for more than the method or path says.</summary>
public static class AccessExtensions
{
    /// <summary>Who makes a gRPC call.</summary>
    /// <param name="context">The call.</param>
    /// <returns>The caller; <c>null</c> where the server has no rules.</returns>
    public static Principal? GetPrincipal(this GrpcServerContext context) => GetAccess(context)?.Principal;

    /// <summary>Who makes a request.</summary>
    /// <param name="context">The request.</param>
    /// <returns>The caller; <c>null</c> where the server has no rules.</returns>
    public static Principal? GetPrincipal(this HttpContext context) => GetAccess(context)?.Principal;

    /// <summary>The access of a gRPC call.</summary>
    /// <param name="context">The call.</param>
    /// <returns>What says whether the caller may use more and still may; <c>null</c> where the server has no rules.</returns>
    public static AccessCall? GetAccess(this GrpcServerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Host is HttpContext http ? GetAccess(http) : null;
    }

    /// <summary>The access of a request.</summary>
    /// <param name="context">The request.</param>
    /// <returns>What says whether the caller may use more and still may; <c>null</c> where the server has no rules.</returns>
    public static AccessCall? GetAccess(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<AccessCall>();
    }

    /// <summary>Ends a gRPC call whose caller may not use something. Does nothing where the server has no rules.</summary>
    /// <param name="context">The call.</param>
    /// <param name="target">What the caller wants to use.</param>
    /// <exception cref="GrpcException">UNAUTHENTICATED: it is no longer known who calls; PERMISSION_DENIED: the caller may not. Let it through, so that the call ends with it.</exception>
    public static void RequireAccess(this GrpcServerContext context, in AccessTarget target)
    {
        if (GetAccess(context) is { } access && access.Check(target) is { IsAllowed: false } verdict)
        {
            throw AccessMiddleware.ToException(verdict);
        }
    }
}
