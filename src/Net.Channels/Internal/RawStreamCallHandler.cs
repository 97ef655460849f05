using Net.Client;

namespace Net.Channels;

/// <summary>Opens raw streams on the sessions that a pool lends. The lease is the stream's until that is disposed.</summary>
internal sealed class RawStreamCallHandler(TimeProvider timeProvider) : CallHandler<RawStreamCall, RawStream>
{
    public override async ValueTask<RawStream> SendAsync(RawStreamCall call, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken)
    {
        if (lease.Session is not RawStreamSession session)
        {
            throw new InvalidOperationException($"A raw stream was given a session of {lease.Session.Protocol}; fallbacks of such calls must speak raw streams.");
        }

        RawStreamOptions options = call.Options;
        if (attempt.Deadline != 0 && options.Deadline is not null)
        {
            TimeSpan left = timeProvider.GetElapsedTime(timeProvider.GetTimestamp(), attempt.Deadline);
            options = options with { Deadline = left > TimeSpan.FromTicks(1) ? left : TimeSpan.FromTicks(1) };
        }

        // The caller's token, not the attempt's: it goes on to govern the stream. An attempt that is cancelled while it waits is left behind, and its stream discarded.
        return await session.OpenAsync(call.Route, options, failure => lease.Complete(OutcomeOf(failure)), call.CallerToken).ConfigureAwait(false);
    }

    // Until a stream is opened nothing is sent: whatever fails may be tried elsewhere.
    public override AttemptVerdict Classify(RawStreamCall call, Exception exception)
    {
        AttemptVerdict verdict = base.Classify(call, exception);
        return exception is TransportException { Error: not (TransportError.DeadlineExceeded or TransportError.MessageTooLarge) } ? verdict with { IsUnprocessed = true } : verdict;
    }

    public override AttemptVerdict Classify(RawStreamCall call, RawStream result) => new(CallOutcome.Success) { KeepsLease = true };

    public override void Discard(RawStreamCall call, RawStream result) => _ = DisposeAsync(result);

    private static async Task DisposeAsync(RawStream stream)
    {
        try
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TransportException or ObjectDisposedException)
        {
            // It was given up; how it ended matters to nobody.
        }
    }

    internal static CallOutcome OutcomeOf(Exception? failure) => failure switch
    {
        null => CallOutcome.Success,
        TransportException { ApplicationErrorCode: long code } => code switch
        {
            RawStreamErrorCodes.HandlerFailed => CallOutcome.ServerFailure,
            RawStreamErrorCodes.Overloaded => CallOutcome.Overloaded,
            RawStreamErrorCodes.GoingAway => CallOutcome.Refused,
            RawStreamErrorCodes.DeadlineExceeded => CallOutcome.TimedOut,
            RawStreamErrorCodes.Cancelled => CallOutcome.Cancelled,
            RawStreamErrorCodes.ShuttingDown => CallOutcome.TransportFailure,

            // The server answered: the route, the header or the application's own code are between caller and handler.
            _ => CallOutcome.ApplicationFailure,
        },
        _ => AttemptVerdict.Of(failure).Outcome,
    };
}
