using System.Diagnostics;
using Polly;
using Polly.Timeout;

namespace Net.Client;

/// <summary>Makes the single attempts of one call: rents, sends, waits no longer than it may, classifies, completes the lease. Hedged attempts use it at the same time.</summary>
internal sealed class AttemptSender<TCall, TResult>
{
    private readonly CallRunner _runner;
    private readonly CallPlan _plan;
    private readonly TCall _call;
    private readonly CallHandler<TCall, TResult> _handler;
    private readonly CancellationToken _callerToken;
    private readonly long _started;
    private long _deadline;
    private int _sent;
    private int _unprocessed;

    internal AttemptSender(CallRunner runner, in CallPlan plan, TCall call, CallHandler<TCall, TResult> handler, CancellationToken callerToken)
    {
        _runner = runner;
        _plan = plan;
        _call = call;
        _handler = handler;
        _callerToken = callerToken;
        CallToken = callerToken;
        _started = runner.TimeProvider.GetTimestamp();
    }

    internal CallRunner Runner => _runner;

    /// <summary>What the call asks for.</summary>
    internal ref readonly CallPlan Plan => ref _plan;

    /// <summary>Fires when the caller gives up.</summary>
    internal CancellationToken CallerToken => _callerToken;

    /// <summary>Fires when the caller gives up or the deadline passes.</summary>
    internal CancellationToken CallToken { get; private set; }

    /// <summary>How often the call was sent.</summary>
    internal int Sent => Volatile.Read(ref _sent);

    /// <summary>Whether a server may have processed the call: at least one attempt was sent and not provably refused.</summary>
    internal bool MayHaveBeenProcessed => Sent > Volatile.Read(ref _unprocessed);

    /// <summary>Time until the deadline, not below zero; <c>null</c>: no deadline.</summary>
    internal TimeSpan? Remaining => _deadline == 0 ? null : Timestamps.Between(_runner.TimeProvider, _runner.TimeProvider.GetTimestamp(), _deadline);

    internal void SetDeadline(long deadline, CancellationToken callToken)
    {
        _deadline = deadline;
        CallToken = callToken;
    }

    internal int CountSent() => Interlocked.Increment(ref _sent);

    /// <summary>Notes how an attempt that was sent has ended.</summary>
    internal void NoteEnd(in AttemptVerdict verdict)
    {
        if (verdict.IsUnprocessed)
        {
            Interlocked.Increment(ref _unprocessed);
        }
    }

    internal void Discard(in AttemptEnd<TResult> end) => end.Discard(_call, _handler);

    /// <summary>Makes one attempt.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="kind">Why.</param>
    /// <param name="token">Ends it: the call's token, or one of its own that the call's cancels.</param>
    /// <returns>How it ended; it throws only what <see cref="CallHandler{TCall, TResult}.Classify(TCall, TResult)"/> throws.</returns>
    internal async ValueTask<AttemptEnd<TResult>> SendAsync(CallTarget target, AttemptKind kind, CancellationToken token)
    {
        Activity? activity = CallDiagnostics.StartAttempt(_plan, kind, target.Step?.Name);
        CallDeadline? timeout = null;
        CancellationToken own = token;
        if (_plan.Policy?.Timeouts?.PerAttempt is TimeSpan limit && limit != Timeout.InfiniteTimeSpan)
        {
            timeout = CallDeadline.Start(_runner.Source, _runner.Source.DeadlineAfter(limit), limit, token);
            own = timeout.Token;
        }

        AttemptEnd<TResult> end = default;
        try
        {
            end = await RentAndSendAsync(target, kind, activity, token, own).ConfigureAwait(false);
            if (end.WasSent)
            {
                _runner.Count(end.Verdict);
                NoteEnd(end.Verdict);
            }

            return end;
        }
        finally
        {
            timeout?.Dispose();
            CallDiagnostics.EndAttempt(activity, end.Verdict, end.Exception);
        }
    }

    private async ValueTask<AttemptEnd<TResult>> RentAndSendAsync(CallTarget target, AttemptKind kind, Activity? activity, CancellationToken parent, CancellationToken token)
    {
        ChannelLease lease;
        try
        {
            LeaseRequest request = CallRunner.RequestOf(_plan, _deadline, target.Tried);
            if (!target.Source.TryRent(target.Protocol, request, out lease))
            {
                lease = await target.Source.RentAsync(target.Protocol, request, token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is TransportException or OperationCanceledException)
        {
            CallOutcome? caused = CauseOf(parent, token);
            AttemptVerdict refusal = AttemptVerdict.Of(exception);
            Trace(null, $"not sent: {exception.Message}");
            return new AttemptEnd<TResult>(new AttemptVerdict(caused ?? refusal.Outcome) { IsUnprocessed = true, Pushback = refusal.Pushback }, default, exception, default)
            {
                WasSent = false,
                WasEndedHere = caused is not null,
            };
        }

        int number = CountSent();
        ChannelEndPoint? endPoint = _plan.Trace is null ? null : lease.EndPoint;
        target.CountSent();
        target.Tried.Add(lease.EndPointId);
        CallDiagnostics.AttemptLeased(activity, lease, number);
        if (endPoint is not null)
        {
            Trace(endPoint, $"{number} ({CallDiagnostics.NameOf(kind)}) sent");
        }

        AttemptEnd<TResult> end = await SendAsync(lease, new AttemptContext(number, kind, _plan.Idempotency, _deadline), parent, token).ConfigureAwait(false);
        if (endPoint is not null)
        {
            Trace(endPoint, $"{number} ended: {CallDiagnostics.NameOf(end.Verdict.Outcome)}{(end.Exception is { } why ? $", {why.Message}" : "")}");
        }

        return end;
    }

    private async ValueTask<AttemptEnd<TResult>> SendAsync(ChannelLease lease, AttemptContext context, CancellationToken parent, CancellationToken token)
    {
        TResult result;
        try
        {
            ValueTask<TResult> sending = _plan.Policy?.AttemptPipeline is not { } pipeline
                ? _handler.SendAsync(_call, lease, context, token)
                : SendThroughAsync(pipeline, lease, context, token);
            result = sending.IsCompleted || !token.CanBeCanceled
                ? await sending.ConfigureAwait(false)
                : await AttemptWait.WaitAsync(sending.AsTask(), _call, _handler, _runner.TimeProvider, token).ConfigureAwait(false);
        }
        catch (RefusedByPipelineException refusal)
        {
            lease.Complete(CallOutcome.Cancelled);
            CallOutcome outcome = CauseOf(parent, token) ?? CallOutcome.Refused;
            return new AttemptEnd<TResult>(new AttemptVerdict(outcome) { IsUnprocessed = true }, default, refusal.InnerException, lease) { WasEndedHere = outcome != CallOutcome.Refused };
        }
#pragma warning disable CA1031 // Whatever the handler throws is classified and reaches the caller, or is followed by another attempt.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return AttemptEnd<TResult>.OfException(_call, _handler, exception, lease, CauseOf(parent, token));
        }

        AttemptVerdict verdict;
        try
        {
            verdict = _handler.Classify(_call, result);
        }
        catch
        {
            lease.Dispose();
            throw;
        }

        if (!verdict.Outcome.IsAnswer() && CauseOf(parent, token) is CallOutcome caused)
        {
            verdict = verdict with { Outcome = caused };
        }

        var end = new AttemptEnd<TResult>(verdict, result, null, lease);
        end.CompleteLease();
        return end;
    }

    private async ValueTask<TResult> SendThroughAsync(ResiliencePipeline pipeline, ChannelLease lease, AttemptContext context, CancellationToken token)
    {
        int executions = 0;
        try
        {
            return await pipeline.ExecuteAsync(
                async end => Interlocked.Increment(ref executions) == 1
                    ? await _handler.SendAsync(_call, lease, context, end).ConfigureAwait(false)
                    : throw new InvalidOperationException(
                        $"The {nameof(CallPolicy.AttemptPipeline)} of '{_plan.Method}' sends an attempt a second time; put retries and hedging into {nameof(CallPolicy)}.{nameof(CallPolicy.Retry)} or {nameof(CallPolicy.Hedging)}."),
                token).ConfigureAwait(false);
        }
        catch (Exception exception) when (executions == 0)
        {
            throw new RefusedByPipelineException(exception);
        }
        catch (TimeoutRejectedException exception)
        {
            throw new TransportException(TransportError.DeadlineExceeded, $"The {nameof(CallPolicy.AttemptPipeline)} of '{_plan.Method}' ended the attempt: {exception.Message}", exception);
        }
    }

    private CallOutcome? CauseOf(CancellationToken parent, CancellationToken token)
    {
        if (!token.IsCancellationRequested)
        {
            return null;
        }

        // The caller first: who gives up at the deadline gives up. A parent that fired alone is that of an attempt that lost.
        return _callerToken.IsCancellationRequested ? CallOutcome.Cancelled
            : CallToken.IsCancellationRequested ? CallOutcome.TimedOut
            : parent.IsCancellationRequested ? CallOutcome.Cancelled
            : CallOutcome.TimedOut;
    }

    private void Trace(ChannelEndPoint? endPoint, string detail) =>
        _plan.Trace?.Add(new CallTraceStep(CallTraceStepKind.Attempt, _runner.TimeProvider.GetElapsedTime(_started), endPoint, detail));

    /// <summary>The pipeline ended an attempt before it was sent.</summary>
    private sealed class RefusedByPipelineException(Exception reason) : Exception(reason.Message, reason);
}
