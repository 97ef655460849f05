using System.Runtime.ExceptionServices;

namespace Net.Client;

/// <summary>How one attempt ended.</summary>
/// <param name="Verdict">What it means.</param>
/// <param name="Result">What was returned; meaningless beside an exception.</param>
/// <param name="Exception">What was thrown.</param>
/// <param name="Lease">The lease, which a kept result goes on using; <c>default</c> when nothing was lent.</param>
internal readonly record struct AttemptEnd<TResult>(AttemptVerdict Verdict, TResult? Result, Exception? Exception, ChannelLease Lease)
{
    /// <summary>Whether the call reached a connection. What did not was refused by the channel itself, which has tried all it could.</summary>
    internal bool WasSent { get; init; } = true;

    /// <summary>Whether this side ended it: its time was over, its caller gave up, or another attempt won.</summary>
    internal bool WasEndedHere { get; init; }

    /// <summary>Whether this is an answer: a success, or the caller's own mistake. No other attempt follows it.</summary>
    internal bool IsAnswer => Verdict.Outcome.IsAnswer();

    /// <summary>Classifies what a handler threw and completes its lease.</summary>
    /// <param name="call">The call.</param>
    /// <param name="handler">The handler that sent it.</param>
    /// <param name="exception">What it threw.</param>
    /// <param name="lease">The attempt's lease.</param>
    /// <param name="caused">The outcome when this side ended the attempt; <c>null</c>: it did not.</param>
    internal static AttemptEnd<TResult> OfException<TCall>(TCall call, CallHandler<TCall, TResult> handler, Exception exception, ChannelLease lease, CallOutcome? caused)
    {
        AttemptVerdict verdict;
        try
        {
            // A handler may report the end that this side asked for as a reset, a closed pipe or anything else: the reason is known better here.
            verdict = caused is CallOutcome outcome
                ? new AttemptVerdict(outcome) { IsUnprocessed = exception is TransportException { IsSafeToRetry: true } }
                : handler.Classify(call, exception);
        }
        catch
        {
            lease.Dispose();
            throw;
        }

        lease.Complete(verdict.Outcome);
        return new AttemptEnd<TResult>(verdict, default, exception, lease) { WasEndedHere = caused is not null };
    }

    /// <summary>Whether the call may be sent once more after this end, as far as its effects are concerned.</summary>
    internal bool MayBeFollowed(Idempotency idempotency) =>
        !IsAnswer && Verdict.Outcome != CallOutcome.Cancelled && !Verdict.IsCommitted && (Verdict.IsUnprocessed || idempotency != Idempotency.NonIdempotent);

    /// <summary>Whether a policy names this end among those after which it goes on.</summary>
    internal bool IsNamedBy(RetryTriggers triggers)
    {
        if (!WasSent)
        {
            // No more than a failed connect gets better by asking again: a full queue, an open breaker and the lack of end points are what the channel has found out already.
            return Exception is TransportException { Error: TransportError.ConnectFailed };
        }

        return Verdict.IsUnprocessed || Verdict.Outcome switch
        {
            CallOutcome.TransportFailure => triggers.HasFlag(RetryTriggers.TransportFailure),
            CallOutcome.ServerFailure => triggers.HasFlag(RetryTriggers.ServerFailure),
            CallOutcome.TimedOut => triggers.HasFlag(RetryTriggers.TimedOut),
            CallOutcome.Overloaded => triggers.HasFlag(RetryTriggers.Overloaded) || Verdict.Pushback is TimeSpan after && after >= TimeSpan.Zero,
            _ => false,
        };
    }

    /// <summary>Completes the lease unless the result keeps it.</summary>
    internal void CompleteLease()
    {
        if (Exception is not null || !Verdict.KeepsLease)
        {
            Lease.Complete(Verdict.Outcome);
        }
    }

    /// <summary>Gives up what was returned, and the lease that it kept.</summary>
    internal void Discard<TCall>(TCall call, CallHandler<TCall, TResult> handler)
    {
        if (WasSent && Exception is null)
        {
            handler.Discard(call, Result!);
        }

        Lease.Complete(Verdict.Outcome == CallOutcome.Success ? CallOutcome.Cancelled : Verdict.Outcome);
    }

    /// <summary>Returns or throws what the attempt did.</summary>
    internal TResult Deliver()
    {
        if (Exception is not null)
        {
            ExceptionDispatchInfo.Throw(Exception);
        }

        return Result!;
    }
}
