using System.Net;

namespace Net.Http3;

/// <summary>Finds out of an exception of HttpClient what the transport knows.</summary>
public static class Http3Exceptions
{
    /// <summary>The transport's own exception inside another: with its error, application code and whether a retry is safe.</summary>
    /// <param name="exception">What a request or the reading of its content threw.</param>
    /// <returns>The exception, or <c>null</c> when the failure did not come from the transport.</returns>
    public static TransportException? FindTransportException(Exception? exception)
    {
        for (Exception? current = exception; current is not null; current = current.InnerException)
        {
            if (current is TransportException transport)
            {
                return transport;
            }
        }

        return null;
    }

    /// <summary>Whether the server provably did not process a request that failed like this, so that sending it again cannot do it twice.</summary>
    /// <param name="exception">What the request threw.</param>
    /// <returns><c>true</c> for a request that was rejected, was above a GOAWAY, or never left.</returns>
    public static bool IsSafeToRetry(Exception? exception) => FindTransportException(exception)?.IsSafeToRetry == true;

    /// <summary>The name of an error code as the standard writes it, with its number.</summary>
    /// <param name="code">The code.</param>
    /// <returns>For example <c>H3_REQUEST_REJECTED (0x10b)</c>.</returns>
    public static string Describe(long code)
    {
        string? name = (Http3ErrorCode)code switch
        {
            Http3ErrorCode.NoError => "H3_NO_ERROR",
            Http3ErrorCode.GeneralProtocolError => "H3_GENERAL_PROTOCOL_ERROR",
            Http3ErrorCode.InternalError => "H3_INTERNAL_ERROR",
            Http3ErrorCode.StreamCreationError => "H3_STREAM_CREATION_ERROR",
            Http3ErrorCode.ClosedCriticalStream => "H3_CLOSED_CRITICAL_STREAM",
            Http3ErrorCode.FrameUnexpected => "H3_FRAME_UNEXPECTED",
            Http3ErrorCode.FrameError => "H3_FRAME_ERROR",
            Http3ErrorCode.ExcessiveLoad => "H3_EXCESSIVE_LOAD",
            Http3ErrorCode.IdError => "H3_ID_ERROR",
            Http3ErrorCode.SettingsError => "H3_SETTINGS_ERROR",
            Http3ErrorCode.MissingSettings => "H3_MISSING_SETTINGS",
            Http3ErrorCode.RequestRejected => "H3_REQUEST_REJECTED",
            Http3ErrorCode.RequestCancelled => "H3_REQUEST_CANCELLED",
            Http3ErrorCode.RequestIncomplete => "H3_REQUEST_INCOMPLETE",
            Http3ErrorCode.MessageError => "H3_MESSAGE_ERROR",
            Http3ErrorCode.ConnectError => "H3_CONNECT_ERROR",
            Http3ErrorCode.VersionFallback => "H3_VERSION_FALLBACK",
            Http3ErrorCode.QpackDecompressionFailed => "QPACK_DECOMPRESSION_FAILED",
            Http3ErrorCode.QpackEncoderStreamError => "QPACK_ENCODER_STREAM_ERROR",
            Http3ErrorCode.QpackDecoderStreamError => "QPACK_DECODER_STREAM_ERROR",
            _ => null,
        };
        return name is null ? $"0x{code:x}" : $"{name} (0x{code:x})";
    }

    /// <summary>What the sending of a request throws.</summary>
    /// <param name="cause">What went wrong inside.</param>
    internal static Exception ToRequestFailure(Exception cause)
    {
        switch (cause)
        {
            case OperationCanceledException or HttpRequestException or ObjectDisposedException:
                return cause;
            case Http3ProtocolException { Error: not HttpRequestError.HttpProtocolError } limited:
                return new HttpRequestException(limited.Error, limited.Message, ToTransport(limited));
            case TransportException { ApplicationErrorCode: null } transport:
                return new HttpRequestException(ErrorOf(transport), $"The HTTP/3 request failed: {transport.Message}", transport);
            case not (IOException or Http3ProtocolException):
                // Whatever the request's content threw of its own.
                return cause;
            default:
                IOException inner = ToReadFailure(cause);
                return new HttpRequestException(inner is HttpIOException http ? http.HttpRequestError : HttpRequestError.Unknown, inner.Message, inner);
        }
    }

    /// <summary>What the reading of a response's content throws.</summary>
    /// <param name="cause">What went wrong inside.</param>
    internal static IOException ToReadFailure(Exception cause) => cause switch
    {
        Http3ProtocolException { Error: HttpRequestError.HttpProtocolError } protocol =>
            new HttpProtocolException((long)protocol.Code, $"{protocol.Message} [{Describe((long)protocol.Code)}]", ToTransport(protocol)),
        Http3ProtocolException limited => new HttpIOException(limited.Error, limited.Message, ToTransport(limited)),
        TransportException { ApplicationErrorCode: long code } transport => new HttpProtocolException(
            code,
            transport.Error == TransportError.StreamReset ? $"The HTTP/3 stream was reset with {Describe(code)}." : $"The HTTP/3 connection was closed with {Describe(code)}.",
            WithRetry(transport, code)),
        TransportException transport => new HttpIOException(ErrorOf(transport), $"The HTTP/3 response could not be read on: {transport.Message}", transport),
        IOException io => io,
        _ => new HttpIOException(HttpRequestError.Unknown, $"The HTTP/3 exchange failed: {cause.Message}", cause),
    };

    private static TransportException ToTransport(Http3ProtocolException cause) => new(
        cause.Error == HttpRequestError.ConfigurationLimitExceeded ? TransportError.MessageTooLarge : TransportError.ProtocolViolation, cause.Message, cause)
    {
        ApplicationErrorCode = (long)cause.Code,
    };

    // Only a rejection says that the request was not processed at all (RFC 9114, section 4.1.1).
    private static TransportException WithRetry(TransportException transport, long code) =>
        transport.IsSafeToRetry || transport.Error != TransportError.StreamReset || code != (long)Http3ErrorCode.RequestRejected
            ? transport
            : new TransportException(transport.Error, transport.Message, transport) { ApplicationErrorCode = code, IsSafeToRetry = true };

    private static HttpRequestError ErrorOf(TransportException transport) => transport.Error switch
    {
        TransportError.CertificateRejected => HttpRequestError.SecureConnectionError,
        TransportError.ProtocolViolation => HttpRequestError.HttpProtocolError,
        TransportError.MessageTooLarge or TransportError.PoolExhausted => HttpRequestError.ConfigurationLimitExceeded,
        TransportError.ConnectFailed when transport.InnerException is System.Net.Sockets.SocketException
        {
            SocketErrorCode: System.Net.Sockets.SocketError.HostNotFound or System.Net.Sockets.SocketError.NoData or System.Net.Sockets.SocketError.TryAgain,
        } => HttpRequestError.NameResolutionError,
        _ => HttpRequestError.ConnectionError,
    };
}
