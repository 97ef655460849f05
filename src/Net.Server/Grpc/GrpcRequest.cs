using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Net.Grpc;

namespace Net.Server;

/// <summary>Takes an HTTP request for what gRPC makes of it.</summary>
internal static class GrpcRequest
{
    private const string ContentType = "application/grpc";

    /// <summary>Whether it is gRPC with protobuf: <c>application/grpc</c>, perhaps with <c>+proto</c> or parameters. Others, such as <c>application/grpc-web</c>, are not.</summary>
    internal static bool IsGrpc(string? contentType)
    {
        if (contentType is null || !contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        ReadOnlySpan<char> rest = contentType.AsSpan(ContentType.Length);
        if (rest.StartsWith("+proto", StringComparison.OrdinalIgnoreCase))
        {
            rest = rest["+proto".Length..];
        }

        // Blanks may stand before the parameters (RFC 9110, section 5.6.6).
        rest = rest.TrimStart(" \t");
        return rest.IsEmpty || rest[0] == ';';
    }

    internal static Task ServeAsync<TService>(
        HttpContext context, GrpcServerMethod<TService> method, Func<GrpcServerExchange, TService> service, GrpcServerOptions options)
        where TService : class
    {
        if (!Begin(context))
        {
            return Task.CompletedTask;
        }

        // Routes match without regard to case; gRPC's names do not.
        if (!string.Equals(context.Request.Path.Value, method.Method.Path, StringComparison.Ordinal))
        {
            return RefuseAsync(context, new GrpcStatus(GrpcStatusCode.Unimplemented, "There is no such method; names are case-sensitive."));
        }

        LiftLimits(context, method.Method);
        return method.ServeAsync(new HttpContextExchange(context), service, options);
    }

    internal static Task RefuseAsync(HttpContext context, GrpcStatus status)
    {
        if (Begin(context))
        {
            context.Response.Headers["grpc-status"] = ((int)status.Code).ToString(CultureInfo.InvariantCulture);
            context.Response.Headers["grpc-message"] = status.Message;
        }

        return Task.CompletedTask;
    }

    private static bool Begin(HttpContext context)
    {
        if (!IsGrpc(context.Request.ContentType))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return false;
        }

        // HTTP/1.1 has no trailers that clients could be trusted to read.
        if (!HttpProtocol.IsHttp2(context.Request.Protocol) && !HttpProtocol.IsHttp3(context.Request.Protocol))
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            context.Response.Headers.Upgrade = "h2";
            return false;
        }

        context.Response.ContentType = ContentType;
        return true;
    }

    // Limits of whole bodies make no sense for streams; each message has a limit of its own, and a call has its deadline.
    private static void LiftLimits(HttpContext context, GrpcMethod method)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (method.Kind is GrpcMethodKind.ClientStreaming or GrpcMethodKind.Duplex &&
            context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }
}
