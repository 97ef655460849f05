namespace Net.Client;

/// <summary>The one place that turns error codes of <c>net/1</c> into exceptions.</summary>
internal static class RawStreamErrors
{
    internal static TransportException DeadlineExceeded(string route, TimeSpan deadline, string where, Exception? innerException) => new(
        TransportError.DeadlineExceeded,
        $"The stream to route '{route}' went past its deadline of {deadline.TotalMilliseconds:0.###} ms {where}; allow more with RawStreamOptions.Deadline.",
        innerException)
    {
        ApplicationErrorCode = RawStreamErrorCodes.DeadlineExceeded,
    };

    /// <param name="exception">What the transport said.</param>
    /// <param name="route">The stream's route.</param>
    /// <param name="isUnanswered">Whether the peer is known to have sent nothing of an answer, not even its end.</param>
    internal static TransportException Translate(TransportException exception, string route, bool isUnanswered = false)
    {
        if (exception.ApplicationErrorCode is not long code)
        {
            return exception;
        }

        return exception.Error switch
        {
            TransportError.StreamReset => TranslateReset(exception, route, code),
            TransportError.ConnectionClosed => TranslateClose(exception, route, code, isUnanswered),
            _ => exception,
        };
    }

    private static TransportException TranslateReset(TransportException exception, string route, long code)
    {
        (TransportError error, string text) = code switch
        {
            RawStreamErrorCodes.NoError => (TransportError.StreamReset, "was reset by the server without an error; what it sent is not whole"),
            RawStreamErrorCodes.HandlerFailed => (TransportError.StreamReset, "failed: its handler on the server threw; the server's log says why"),
            RawStreamErrorCodes.UnknownRoute => (TransportError.StreamReset, "was refused: the server has no route of that name"),
            RawStreamErrorCodes.MalformedHeader => (TransportError.ProtocolViolation, "was refused: the server found the header malformed"),
            RawStreamErrorCodes.HeaderTooLarge => (TransportError.MessageTooLarge, "was refused: the header is over the server's limit; send less metadata"),
            RawStreamErrorCodes.HeaderTimeout => (TransportError.StreamReset, "was refused: the header did not reach the server in time; write to the stream, read from it, or set RawStreamOptions.SendHeaderAtOnce"),
            RawStreamErrorCodes.UnsupportedField => (TransportError.ProtocolViolation, "was refused: the server does not know a critical field of the header"),
            RawStreamErrorCodes.DeadlineExceeded => (TransportError.DeadlineExceeded, "went past its deadline on the server; allow more with RawStreamOptions.Deadline"),
            RawStreamErrorCodes.Cancelled => (TransportError.StreamReset, "was cancelled by the server"),
            RawStreamErrorCodes.Overloaded => (TransportError.StreamReset, "was refused: the server takes no more of these now: too many streams, or a rate limit; wait before the next"),
            RawStreamErrorCodes.GoingAway => (TransportError.StreamReset, "was refused: the server is about to end; open it again elsewhere"),
            RawStreamErrorCodes.ShuttingDown => (TransportError.StreamReset, "was cut: the server ended while it was running"),
            RawStreamErrorCodes.WrongDirection => (TransportError.ProtocolViolation, "was refused: the server takes no streams of this kind"),
            RawStreamErrorCodes.Unauthenticated => (TransportError.StreamReset, "was refused: the server does not know who calls, or no longer; send a credential that it takes as metadata 'authorization', or show a certificate that it knows"),
            RawStreamErrorCodes.PermissionDenied => (TransportError.StreamReset, "was refused: the caller may not open streams of this route, or no longer"),
            >= RawStreamErrorCodes.FirstApplicationCode => (TransportError.StreamReset, $"was reset by its handler with the application's code 0x{code:x}"),
            _ => (TransportError.StreamReset, $"was reset by the server with code 0x{code:x}, which this version does not know"),
        };
        return Make(exception, error, $"The stream to route '{route}' {text}.", code, RawStreamErrorCodes.MeansUnprocessed(code));
    }

    private static TransportException TranslateClose(TransportException exception, string route, long code, bool isUnanswered)
    {
        string? text = code switch
        {
            RawStreamErrorCodes.Overloaded => "the server has as many connections as it takes",
            RawStreamErrorCodes.GoingAway or RawStreamErrorCodes.ShuttingDown => "the server is ending",
            RawStreamErrorCodes.Untrusted => "the server no longer accepts this side's certificate",
            _ => null,
        };

        // Closed so, every answer of a handler has arrived (net-1, section 4): a stream without any was never seen by one.
        return text is null
            ? exception
            : Make(exception, TransportError.ConnectionClosed, $"The stream to route '{route}' is lost: the connection was closed as {text}.", code,
                exception.IsSafeToRetry || code == RawStreamErrorCodes.Overloaded || (code == RawStreamErrorCodes.GoingAway && isUnanswered));
    }

    private static TransportException Make(TransportException inner, TransportError error, string message, long code, bool isSafeToRetry) =>
        new(error, message, inner) { ApplicationErrorCode = code, IsSafeToRetry = isSafeToRetry, RetryAfter = inner.RetryAfter };
}
