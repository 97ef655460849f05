using System.Globalization;
using System.Net.Http.Headers;
using Net.Client;
using Net.Grpc;
using Net.Http3;

namespace Net.Channels;

/// <summary>One request of a caller's, as it is sent, perhaps more than once.</summary>
internal sealed class HttpCall
{
    private const string PreviousAttempts = "grpc-previous-rpc-attempts";

    private readonly bool _isHedged;
    private volatile bool _isContentGone;

    internal HttpCall(HttpRequestMessage request, bool isHedged)
    {
        Request = request;
        _isHedged = isHedged;
        IsGrpc = request.Content?.Headers.ContentType?.MediaType?.StartsWith(ClientExchange.ContentType, StringComparison.OrdinalIgnoreCase) == true;
    }

    /// <summary>What the caller gave.</summary>
    internal HttpRequestMessage Request { get; }

    /// <summary>Whether it is a call of gRPC, whose status stands in its own fields.</summary>
    internal bool IsGrpc { get; }

    /// <summary>Whether the content was written, at least in part, and cannot be written again.</summary>
    internal bool IsContentGone => _isContentGone;

    /// <summary>How long the caller says that the call may take, or <c>null</c>.</summary>
    internal TimeSpan? FindTimeout()
    {
        if (Request.Options.TryGetValue(ChannelRequestOptions.Timeout, out TimeSpan said))
        {
            return said;
        }

        return IsGrpc && Request.Headers.NonValidated.TryGetValues(MetadataNames.Timeout, out HeaderStringValues values) && GrpcTimeout.TryParse(values.ToString(), out TimeSpan timeout) ? timeout : null;
    }

    /// <summary>The message of one attempt.</summary>
    /// <param name="attempt">Which.</param>
    /// <param name="timeProvider">The clock of the attempt's deadline.</param>
    internal HttpRequestMessage Prepare(in AttemptContext attempt, TimeProvider timeProvider)
    {
        // A message belongs to one sending at a time.
        HttpRequestMessage request = attempt.Number == 1 && !_isHedged ? Request : Copy();
        if (IsGrpc && attempt.Deadline != 0)
        {
            // What is left for this attempt, as all share the call's time.
            TimeSpan left = timeProvider.GetElapsedTime(timeProvider.GetTimestamp(), attempt.Deadline);
            request.Headers.Remove(MetadataNames.Timeout);
            request.Headers.TryAddWithoutValidation(MetadataNames.Timeout, GrpcTimeout.Format(left));
        }

        if (IsGrpc && attempt.PreviousAttempts > 0)
        {
            request.Headers.Remove(PreviousAttempts);
            request.Headers.TryAddWithoutValidation(PreviousAttempts, attempt.PreviousAttempts.ToString(CultureInfo.InvariantCulture));
        }

        return request;
    }

    /// <summary>Notes that an attempt failed, and whether it took the content with it.</summary>
    /// <param name="attempt">Its message.</param>
    /// <param name="session">Where it was sent.</param>
    /// <param name="failure">How it failed.</param>
    internal void NoteFailure(HttpRequestMessage attempt, HttpSession session, Exception failure)
    {
        if (Http3RequestOptions.HasReplayableContent(attempt))
        {
            return;
        }

        // HTTP/3 says whether the content was asked for. The platform's HTTP/2 does not; it was not when there was no connection to write it to.
        _isContentGone |= session.HttpVersion.Major >= 3 ? !TooEarly.CanBeSentAgain(attempt) : !HttpVerdicts.IsBeforeSending(failure);
    }

    private HttpRequestMessage Copy()
    {
        var copy = new HttpRequestMessage(Request.Method, Request.RequestUri) { Content = Request.Content, Version = Request.Version, VersionPolicy = Request.VersionPolicy };
        foreach (KeyValuePair<string, HeaderStringValues> header in Request.Headers.NonValidated)
        {
            copy.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        var options = (IDictionary<string, object?>)copy.Options;
        foreach (KeyValuePair<string, object?> option in Request.Options)
        {
            options[option.Key] = option.Value;
        }

        return copy;
    }
}
