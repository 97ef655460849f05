namespace Net;

/// <summary>How a call or stream ended, as far as the end point's health, breaker and load are concerned. A closed set.</summary>
public enum CallOutcome
{
    /// <summary>It did what it should.</summary>
    Success = 0,

    /// <summary>The caller's own mistake (INVALID_ARGUMENT, a 4xx status): the end point answered well. Never counts against it.</summary>
    ApplicationFailure = 1,

    /// <summary>The server failed (INTERNAL, UNAVAILABLE, a 5xx status). Counts against the end point.</summary>
    ServerFailure = 2,

    /// <summary>The server is out of room (RESOURCE_EXHAUSTED, 429). Trips no breaker, but the quick answer must not attract traffic.</summary>
    Overloaded = 3,

    /// <summary>The connection or stream failed. Counts against the end point.</summary>
    TransportFailure = 4,

    /// <summary>No answer came in time. Counts against the end point.</summary>
    TimedOut = 5,

    /// <summary>The caller gave up. Says nothing of the end point.</summary>
    Cancelled = 6,

    /// <summary>The server provably did not process it (GOAWAY, H3_REQUEST_REJECTED, never sent), so that it may be sent again anywhere.</summary>
    Refused = 7,
}
