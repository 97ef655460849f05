using System.Globalization;
using System.Net.Http;

namespace Net.Grpc;

/// <summary>The one place that turns what happens on the transport into gRPC's statuses.</summary>
public static class GrpcStatusMapper
{
    // RFC 9113, section 7.
    private const long Http2RefusedStream = 0x7;
    private const long Http2Cancel = 0x8;
    private const long Http2EnhanceYourCalm = 0xb;
    private const long Http2InadequateSecurity = 0xc;

    // RFC 9114, section 8.1. They begin above the last of HTTP/2's, so that a code alone tells the version.
    private const long Http3First = 0x100;
    private const long Http3ExcessiveLoad = 0x107;
    private const long Http3RequestRejected = 0x10b;
    private const long Http3RequestCancelled = 0x10c;

    /// <summary>The status for an HTTP answer without <c>grpc-status</c>, as a proxy sends it (gRPC, "HTTP to gRPC Status Code Mapping").</summary>
    /// <param name="httpStatus">The HTTP status code.</param>
    /// <returns>The code.</returns>
    public static GrpcStatusCode FromHttpStatus(int httpStatus) => httpStatus switch
    {
        400 => GrpcStatusCode.Internal,
        401 => GrpcStatusCode.Unauthenticated,
        403 => GrpcStatusCode.PermissionDenied,
        404 => GrpcStatusCode.Unimplemented,
        429 or 502 or 503 or 504 => GrpcStatusCode.Unavailable,
        _ => GrpcStatusCode.Unknown,
    };

    /// <summary>The status for a stream that was reset with an error code of HTTP/2 or HTTP/3 (gRPC over HTTP/2, "Errors"; the same for HTTP/3 in gRPC's proposal G2).</summary>
    /// <param name="errorCode">The code of RST_STREAM, RESET_STREAM or STOP_SENDING.</param>
    /// <returns>The code, and whether the server provably never saw the call.</returns>
    public static (GrpcStatusCode Code, bool IsSafeToRetry) FromStreamError(long errorCode) => errorCode switch
    {
        Http2RefusedStream or Http3RequestRejected => (GrpcStatusCode.Unavailable, true),
        Http2Cancel or Http3RequestCancelled => (GrpcStatusCode.Cancelled, false),
        Http2EnhanceYourCalm or Http3ExcessiveLoad => (GrpcStatusCode.ResourceExhausted, false),
        Http2InadequateSecurity => (GrpcStatusCode.PermissionDenied, false),
        _ => (GrpcStatusCode.Internal, false),
    };

    /// <summary>The status for what a transport of ours threw.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>The code, and whether the server provably never saw the call.</returns>
    public static (GrpcStatusCode Code, bool IsSafeToRetry) FromTransport(TransportException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (exception is { Error: TransportError.StreamReset, ApplicationErrorCode: long code })
        {
            (GrpcStatusCode status, bool isSafe) = FromStreamError(code);
            return (status, isSafe || exception.IsSafeToRetry);
        }

        return (exception.Error switch
        {
            TransportError.ConnectFailed or TransportError.ConnectionLost or TransportError.ConnectionClosed or TransportError.EarlyDataRejected
                or TransportError.CircuitOpen or TransportError.NoEndPoint => GrpcStatusCode.Unavailable,
            TransportError.CertificateRejected => GrpcStatusCode.Unauthenticated,
            TransportError.PoolExhausted or TransportError.MessageTooLarge => GrpcStatusCode.ResourceExhausted,
            TransportError.DeadlineExceeded => GrpcStatusCode.DeadlineExceeded,
            TransportError.EngineMissing => GrpcStatusCode.FailedPrecondition,
            _ => GrpcStatusCode.Internal,
        }, exception.IsSafeToRetry);
    }

    /// <summary>The status for whatever sending a request or reading its response threw; the innermost exception that says most decides.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>An exception with the status, and with the cause inside.</returns>
    public static GrpcException FromException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        (GrpcStatusCode code, bool isSafe, string message) = Find(exception);
        return new GrpcException(new GrpcStatus(code, message), exception) { IsSafeToRetry = isSafe };
    }

    private static (GrpcStatusCode Code, bool IsSafeToRetry, string Message) Find(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case TransportException transport:
                    (GrpcStatusCode code, bool isSafe) = FromTransport(transport);
                    return (code, isSafe, transport.Message);
                case HttpProtocolException protocol:
                    (code, isSafe) = FromStreamError(protocol.ErrorCode);
                    string version = protocol.ErrorCode >= Http3First ? "HTTP/3" : "HTTP/2";
                    return (code, isSafe, string.Create(CultureInfo.InvariantCulture, $"The server ended the stream with {version} error 0x{protocol.ErrorCode:x}."));
            }
        }

        return exception switch
        {
            HttpRequestException http => (FromRequestError(http.HttpRequestError), IsBeforeSending(http.HttpRequestError), http.Message),
            // A handler's own limits, such as the one for connecting, end in a cancellation that nobody asked for.
            OperationCanceledException { InnerException: TimeoutException timeout } => (GrpcStatusCode.Unavailable, false, timeout.Message),
            OperationCanceledException => (GrpcStatusCode.Cancelled, false, "The call was cancelled."),
            IOException io => (GrpcStatusCode.Unavailable, false, io.Message),
            _ => (GrpcStatusCode.Internal, false, $"The call failed: {exception.Message}"),
        };
    }

    private static GrpcStatusCode FromRequestError(HttpRequestError error) => error switch
    {
        HttpRequestError.ConfigurationLimitExceeded => GrpcStatusCode.ResourceExhausted,
        HttpRequestError.HttpProtocolError or HttpRequestError.InvalidResponse => GrpcStatusCode.Internal,
        HttpRequestError.UserAuthenticationError => GrpcStatusCode.Unauthenticated,
        _ => GrpcStatusCode.Unavailable,
    };

    private static bool IsBeforeSending(HttpRequestError error) => error is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
        or HttpRequestError.SecureConnectionError or HttpRequestError.VersionNegotiationError or HttpRequestError.ProxyTunnelError;
}
