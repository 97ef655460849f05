using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Net.Client;
using Net.Grpc;
using Net.Http3;

namespace Net.Channels;

/// <summary>The one place that says what a response or a failure of HTTP and gRPC means for the end point and for another attempt.</summary>
internal static class HttpVerdicts
{
    private const string RetryPushback = "grpc-retry-pushback-ms";
    private const long Http2EnhanceYourCalm = 0xb;
    private const long Http2RefusedStream = 0x7;
    private const HttpStatusCode TooEarlyStatus = (HttpStatusCode)425;

    /// <summary>What a response means whose headers have come.</summary>
    internal static AttemptVerdict Of(HttpCall call, HttpResponseMessage response, TimeProvider timeProvider)
    {
        // The lease is the response's from here on, see HttpCallEnd.
        AttemptVerdict verdict = call.IsGrpc && response.StatusCode == HttpStatusCode.OK ? OfGrpc(response) : OfHttp(response, timeProvider);
        return verdict with { KeepsLease = true, IsCommitted = verdict.IsCommitted || call.IsContentGone };
    }

    /// <summary>What a failure means.</summary>
    internal static AttemptVerdict Of(HttpCall call, Exception exception)
    {
        AttemptVerdict verdict = OfFailure(exception);
        return call.IsContentGone ? verdict with { IsCommitted = true } : verdict;
    }

    /// <summary>How a response ended, as far as the end point is concerned.</summary>
    internal static CallOutcome OutcomeAtEnd(HttpCall call, HttpResponseMessage response, Exception? failure)
    {
        if (call.IsGrpc && response.StatusCode == HttpStatusCode.OK)
        {
            // A status that has come says all, however the rest was given up.
            return GrpcStatusOf(response) is GrpcStatusCode status ? OutcomeOf(status)
                : failure is null ? CallOutcome.ServerFailure
                : OutcomeOf(failure);
        }

        CallOutcome outcome = OutcomeOf(response.StatusCode);
        return outcome == CallOutcome.Success && failure is not null ? OutcomeOf(failure) : outcome;
    }

    /// <summary>Whether a failure came before anything was sent, for failures of the platform's HTTP/2.</summary>
    internal static bool IsBeforeSending(Exception failure) => failure is HttpRequestException
    {
        HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.VersionNegotiationError,
    };

    private static AttemptVerdict OfGrpc(HttpResponseMessage response)
    {
        // Trailers-Only: the headers hold the status, and no response has begun (gRPC proposal A6).
        if (StatusIn(response.Headers.NonValidated) is not GrpcStatusCode status)
        {
            return new AttemptVerdict(CallOutcome.Success) { IsCommitted = true };
        }

        return new AttemptVerdict(OutcomeOf(status)) { Pushback = PushbackOf(response) };
    }

    private static AttemptVerdict OfHttp(HttpResponseMessage response, TimeProvider timeProvider) => new(OutcomeOf(response.StatusCode))
    {
        IsUnprocessed = response.StatusCode == TooEarlyStatus,
        Pushback = response.Headers.RetryAfter is { } after ? after.Delta ?? Positive(after.Date - timeProvider.GetUtcNow()) : null,
    };

    // A response that is disposed before its end was given up by its caller.
    private static CallOutcome OutcomeOf(Exception failure) =>
        failure is ObjectDisposedException or OperationCanceledException ? CallOutcome.Cancelled : OfFailure(failure).Outcome;

    private static TimeSpan? Positive(TimeSpan? time) => time < TimeSpan.Zero ? TimeSpan.Zero : time;

    private static CallOutcome OutcomeOf(HttpStatusCode status) => (int)status switch
    {
        < 400 => CallOutcome.Success,
        (int)TooEarlyStatus => CallOutcome.Refused,
        429 => CallOutcome.Overloaded,

        // The server is well; it only does not do what is asked.
        < 500 or 501 or 505 => CallOutcome.ApplicationFailure,
        _ => CallOutcome.ServerFailure,
    };

    private static CallOutcome OutcomeOf(GrpcStatusCode status) => status switch
    {
        GrpcStatusCode.Ok => CallOutcome.Success,
        GrpcStatusCode.Cancelled => CallOutcome.Cancelled,
        GrpcStatusCode.DeadlineExceeded => CallOutcome.TimedOut,
        GrpcStatusCode.ResourceExhausted => CallOutcome.Overloaded,
        GrpcStatusCode.Unknown or GrpcStatusCode.Internal or GrpcStatusCode.Unavailable or GrpcStatusCode.DataLoss => CallOutcome.ServerFailure,
        _ => CallOutcome.ApplicationFailure,
    };

    private static GrpcStatusCode? GrpcStatusOf(HttpResponseMessage response) => StatusIn(response.Headers.NonValidated) ?? StatusIn(response.TrailingHeaders.NonValidated);

    private static GrpcStatusCode? StatusIn(HttpHeadersNonValidated headers) =>
        headers.TryGetValues(MetadataNames.Status, out HeaderStringValues values) ? GrpcStatusNames.Parse(values.ToString()) : null;

    // A6: a value that cannot be read means that the server wants no more attempts.
    private static TimeSpan? PushbackOf(HttpResponseMessage response) => !response.Headers.NonValidated.TryGetValues(RetryPushback, out HeaderStringValues values) ? null
        : int.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds) ? TimeSpan.FromMilliseconds(milliseconds)
        : TimeSpan.FromMilliseconds(-1);

    private static AttemptVerdict OfFailure(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case HttpProtocolException { ErrorCode: Http2RefusedStream or (long)Http3ErrorCode.RequestRejected }:
                    return new AttemptVerdict(CallOutcome.Refused) { IsUnprocessed = true };
                case HttpProtocolException { ErrorCode: Http2EnhanceYourCalm or (long)Http3ErrorCode.ExcessiveLoad }:
                    return new AttemptVerdict(CallOutcome.Overloaded);
                case TransportException transport:
                    return AttemptVerdict.Of(transport);
                default:
                    break;
            }
        }

        return exception switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => new AttemptVerdict(CallOutcome.ApplicationFailure) { IsCommitted = true },
            HttpRequestException => new AttemptVerdict(CallOutcome.TransportFailure) { IsUnprocessed = IsBeforeSending(exception) },
            _ => AttemptVerdict.Of(exception),
        };
    }
}
