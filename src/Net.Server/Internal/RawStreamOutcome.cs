namespace Net.Server;

/// <summary>How a raw stream ended on the server; a closed set, as it stands in metrics.</summary>
internal enum RawStreamOutcome
{
    /// <summary>The handler ended well.</summary>
    Completed = 0,
    UnknownRoute,
    MalformedHeader,
    HeaderTooLarge,
    HeaderTimeout,
    UnsupportedField,
    WrongDirection,
    Overloaded,
    GoingAway,
    DeadlineExceeded,
    HandlerFailed,
    Unauthenticated,
    PermissionDenied,

    /// <summary>The handler itself aborted the stream.</summary>
    Aborted,

    /// <summary>The peer reset the stream or no longer wanted it.</summary>
    Cancelled,

    /// <summary>The connection ended under the stream.</summary>
    ConnectionLost,
}

internal static class RawStreamOutcomes
{
    // Fixed texts: an enumeration's ToString would allocate for each record.
    internal static string GetName(this RawStreamOutcome outcome) => outcome switch
    {
        RawStreamOutcome.Completed => nameof(RawStreamOutcome.Completed),
        RawStreamOutcome.UnknownRoute => nameof(RawStreamOutcome.UnknownRoute),
        RawStreamOutcome.MalformedHeader => nameof(RawStreamOutcome.MalformedHeader),
        RawStreamOutcome.HeaderTooLarge => nameof(RawStreamOutcome.HeaderTooLarge),
        RawStreamOutcome.HeaderTimeout => nameof(RawStreamOutcome.HeaderTimeout),
        RawStreamOutcome.UnsupportedField => nameof(RawStreamOutcome.UnsupportedField),
        RawStreamOutcome.WrongDirection => nameof(RawStreamOutcome.WrongDirection),
        RawStreamOutcome.Overloaded => nameof(RawStreamOutcome.Overloaded),
        RawStreamOutcome.GoingAway => nameof(RawStreamOutcome.GoingAway),
        RawStreamOutcome.DeadlineExceeded => nameof(RawStreamOutcome.DeadlineExceeded),
        RawStreamOutcome.HandlerFailed => nameof(RawStreamOutcome.HandlerFailed),
        RawStreamOutcome.Unauthenticated => nameof(RawStreamOutcome.Unauthenticated),
        RawStreamOutcome.PermissionDenied => nameof(RawStreamOutcome.PermissionDenied),
        RawStreamOutcome.Aborted => nameof(RawStreamOutcome.Aborted),
        RawStreamOutcome.Cancelled => nameof(RawStreamOutcome.Cancelled),
        _ => nameof(RawStreamOutcome.ConnectionLost),
    };

    /// <summary>The code with which a stream is reset that ended so.</summary>
    internal static long GetErrorCode(this RawStreamOutcome outcome) => outcome switch
    {
        RawStreamOutcome.UnknownRoute => RawStreamErrorCodes.UnknownRoute,
        RawStreamOutcome.MalformedHeader => RawStreamErrorCodes.MalformedHeader,
        RawStreamOutcome.HeaderTooLarge => RawStreamErrorCodes.HeaderTooLarge,
        RawStreamOutcome.HeaderTimeout => RawStreamErrorCodes.HeaderTimeout,
        RawStreamOutcome.UnsupportedField => RawStreamErrorCodes.UnsupportedField,
        RawStreamOutcome.WrongDirection => RawStreamErrorCodes.WrongDirection,
        RawStreamOutcome.Overloaded => RawStreamErrorCodes.Overloaded,
        RawStreamOutcome.GoingAway => RawStreamErrorCodes.GoingAway,
        RawStreamOutcome.DeadlineExceeded => RawStreamErrorCodes.DeadlineExceeded,
        RawStreamOutcome.HandlerFailed => RawStreamErrorCodes.HandlerFailed,
        RawStreamOutcome.Unauthenticated => RawStreamErrorCodes.Unauthenticated,
        RawStreamOutcome.PermissionDenied => RawStreamErrorCodes.PermissionDenied,
        _ => RawStreamErrorCodes.Cancelled,
    };
}
