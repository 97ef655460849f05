namespace Net.Client;

/// <summary>What an attempt's end means for the call.</summary>
/// <param name="Outcome">How it ended, as far as the end point is concerned.</param>
public readonly record struct AttemptVerdict(CallOutcome Outcome)
{
    /// <summary>Whether the server provably never processed it, so that it may be sent again whatever the call's idempotency.</summary>
    public bool IsUnprocessed { get; init; }

    /// <summary>Whether it must not be sent again: a response has begun, or the request cannot be sent a second time.</summary>
    public bool IsCommitted { get; init; }

    /// <summary>
    /// When the server wants it sent again (<c>grpc-retry-pushback-ms</c>, <c>Retry-After</c>); <c>null</c>: it did not say. A negative time: not at all
    /// (A6: a value that cannot be read means the same).
    /// </summary>
    public TimeSpan? Pushback { get; init; }

    /// <summary>Whether the result goes on using the lease, as a stream does, and completes it when it ends. The runner then completes it only when it discards the result.</summary>
    public bool KeepsLease { get; init; }

    internal bool ForbidsRetry => Pushback is TimeSpan pushback && pushback < TimeSpan.Zero;

    /// <summary>What an exception means when nothing more is known of it.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>The verdict. Exceptions of other kinds than the transport's and cancellation are faults of this side: they count against nobody and nothing is sent again.</returns>
    public static AttemptVerdict Of(Exception exception) => exception switch
    {
        TransportException transport => Of(transport),
        OperationCanceledException => new AttemptVerdict(CallOutcome.Cancelled),
        IOException => new AttemptVerdict(CallOutcome.TransportFailure),
        TimeoutException => new AttemptVerdict(CallOutcome.TimedOut),
        _ => new AttemptVerdict(CallOutcome.ApplicationFailure),
    };

    private static AttemptVerdict Of(TransportException exception) => new(OutcomeOf(exception))
    {
        IsUnprocessed = exception.IsSafeToRetry,

        // What broke the rules once breaks them again.
        IsCommitted = exception.Error is TransportError.CertificateRejected or TransportError.EngineMissing or TransportError.MessageTooLarge,
        Pushback = exception.RetryAfter,
    };

    private static CallOutcome OutcomeOf(TransportException exception) => exception.Error switch
    {
        TransportError.DeadlineExceeded => CallOutcome.TimedOut,
        TransportError.MessageTooLarge => CallOutcome.ApplicationFailure,
        TransportError.ConnectFailed or TransportError.CertificateRejected => CallOutcome.TransportFailure,
        _ => exception.IsSafeToRetry ? CallOutcome.Refused : CallOutcome.TransportFailure,
    };
}
