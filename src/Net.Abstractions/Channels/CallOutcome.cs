namespace Net;

/// <summary>How a call or stream on a channel ended, seen from the end point that served it: what breakers, balancers and health count.</summary>
public enum CallOutcome
{
    /// <summary>The peer answered.</summary>
    Success,

    /// <summary>The caller's own mistake, such as INVALID_ARGUMENT or a 4xx answer. Never counts against the end point.</summary>
    ApplicationFailure,

    /// <summary>The server failed: a 5xx answer, UNAVAILABLE, INTERNAL.</summary>
    ServerFailure,

    /// <summary>The server had too much to do: RESOURCE_EXHAUSTED, 429. Trips no breaker, but must not attract traffic by being quick.</summary>
    Overloaded,

    /// <summary>The connection or the stream broke.</summary>
    TransportFailure,

    /// <summary>A deadline or a timeout passed before the peer answered.</summary>
    TimedOut,

    /// <summary>The caller gave up. Says nothing of the end point.</summary>
    Cancelled,

    /// <summary>The peer provably never processed it, such as H3_REQUEST_REJECTED or a stream above GOAWAY.</summary>
    Refused,
}
