using System.Globalization;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Net.Grpc;
using Net.Security;
using Net.Server.Kestrel;

namespace Net.Server;

/// <summary>Lets a request in or refuses it, in the way that its protocol refuses.</summary>
internal sealed class AccessMiddleware(AccessGate gate, GrpcPaths paths)
{
    internal const string PushbackName = "grpc-retry-pushback-ms";

    internal async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        bool isGrpc = GrpcRequest.IsGrpc(context.Request.ContentType);
        object? connection = ConnectionOf(context);
        AccessVerdict verdict = gate.Enter(CredentialsOf(context), TargetOf(context, isGrpc), connection, out AccessCall? call);
        if (call is null)
        {
            Refuse(context, verdict, isGrpc);
            return;
        }

        using (call)
        {
            if (call.IsFirstOnConnection)
            {
                WatchConnection(context, connection!);
            }

            context.Features.Set(call);
            await next(context).ConfigureAwait(false);
        }
    }

    /// <summary>What the caller is answered within gRPC.</summary>
    internal static GrpcException ToException(in AccessVerdict verdict)
    {
        var exception = new GrpcException(StatusOf(verdict));
        if (verdict.Outcome == AccessOutcome.Overloaded)
        {
            exception.Trailers.Add(PushbackName, Milliseconds(verdict.RetryAfter));
        }

        return exception;
    }

    private AccessTarget TargetOf(HttpContext context, bool isGrpc)
    {
        string path = context.Request.Path.Value ?? "";
        string method = context.Request.Method;
        if (!isGrpc || !HttpMethods.IsPost(method))
        {
            return AccessTarget.ForHttp(method, path);
        }

        return paths.Find(path) is { } name ? AccessTarget.ForGrpc(name) : AccessTarget.ForUnmappedGrpc(method, path);
    }

    private static CallerCredentials CredentialsOf(HttpContext context)
    {
        StringValues authorization = context.Request.Headers.Authorization;
        return new CallerCredentials
        {
            Certificate = context.Connection.ClientCertificate,
            Authorization = authorization.Count > 0 ? authorization[0] ?? "" : null,
            HasSeveralAuthorizations = authorization.Count > 1,
            Source = context.Connection.RemoteIpAddress,
            TraceParent = context.Request.Headers.TraceParent,
        };
    }

    private static GrpcStatus StatusOf(in AccessVerdict verdict) => new(
        verdict.Outcome switch
        {
            AccessOutcome.Unauthenticated => GrpcStatusCode.Unauthenticated,
            AccessOutcome.Forbidden => GrpcStatusCode.PermissionDenied,
            _ => GrpcStatusCode.ResourceExhausted,
        },
        verdict.Message);

    private static void Refuse(HttpContext context, in AccessVerdict verdict, bool isGrpc)
    {
        HttpResponse response = context.Response;
        if (isGrpc)
        {
            // GrpcRequest answers what is no gRPC at all, such as HTTP/1.1, with a status of HTTP; that is as well a refusal.
            _ = GrpcRequest.RefuseAsync(context, StatusOf(verdict));
            if (verdict.Outcome == AccessOutcome.Overloaded)
            {
                response.Headers[PushbackName] = Milliseconds(verdict.RetryAfter);
            }

            return;
        }

        response.Headers.CacheControl = "no-store";
        switch (verdict.Outcome)
        {
            case AccessOutcome.Unauthenticated:
                response.StatusCode = StatusCodes.Status401Unauthorized;
                response.Headers.WWWAuthenticate = "Bearer";
                break;
            case AccessOutcome.Forbidden:
                response.StatusCode = StatusCodes.Status403Forbidden;
                break;
            default:
                response.StatusCode = StatusCodes.Status429TooManyRequests;
                response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(verdict.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
                break;
        }
    }

    private static string Milliseconds(TimeSpan time) => Math.Clamp((long)Math.Ceiling(time.TotalMilliseconds), 1, int.MaxValue).ToString(CultureInfo.InvariantCulture);

    // On HTTP/3 the lifetime feature is that of the request's stream, so that the connection itself is asked first.
    private static object? ConnectionOf(HttpContext context) =>
        (object?)context.Features.Get<ITransportConnectionFeature>()?.Connection ?? context.Features.Get<IConnectionLifetimeFeature>();

    private void WatchConnection(HttpContext context, object connection)
    {
        if (connection is TransportConnection transport)
        {
            RawStreamAccess.WatchConnection(gate, transport);
        }
        else
        {
            context.Features.Get<IConnectionLifetimeFeature>()!.ConnectionClosed.UnsafeRegister(
                static state =>
                {
                    (AccessGate gate, object connection) = ((AccessGate, object))state!;
                    gate.ConnectionEnded(connection);
                },
                (gate, connection));
        }
    }
}
