namespace Net.Client;

/// <summary>One call that needs more than a single attempt without a timer: its deadline, its attempts one after the other, its fallbacks.</summary>
internal sealed class CallExecution<TCall, TResult>
{
    private readonly AttemptSender<TCall, TResult> _sender;
    private readonly TimeSpan _timeout;

    internal CallExecution(CallRunner runner, in CallPlan plan, TCall call, CallHandler<TCall, TResult> handler, CancellationToken callerToken)
    {
        _timeout = CallRunner.LimitOf(plan);
        _sender = new AttemptSender<TCall, TResult>(runner, plan, call, handler, callerToken);
    }

    // What the sender holds is not held twice: a call with a timeout makes one of these.
    private CallPolicy Policy => _sender.Plan.Policy ?? CallPolicy.None;

    /// <summary>Runs the call from the beginning.</summary>
    internal async ValueTask<TResult> RunAsync()
    {
        var target = new CallTarget(_sender.Runner.Source, _sender.Plan.Protocol, null, new TriedEndPoints());
        if (_timeout == Timeout.InfiniteTimeSpan)
        {
            return await RunAsync(target, null).ConfigureAwait(false);
        }

        LeaseSource source = _sender.Runner.Source;
        using var deadline = CallDeadline.Start(source, source.DeadlineAfter(_timeout), _timeout, _sender.CallerToken);
        _sender.SetDeadline(deadline.Due, deadline.Token);
        return await RunAsync(target, null).ConfigureAwait(false);
    }

    /// <summary>Goes on after a first attempt that was made elsewhere and did not succeed.</summary>
    /// <param name="first">How it ended.</param>
    /// <param name="endPointId">Where it was sent.</param>
    /// <param name="deadline">The call's deadline, which it owns from now on; <c>null</c>: none.</param>
    internal async ValueTask<TResult> ContinueAsync(AttemptEnd<TResult> first, int endPointId, CallDeadline? deadline)
    {
        using CallDeadline? owned = deadline;
        if (deadline is not null)
        {
            _sender.SetDeadline(deadline.Due, deadline.Token);
        }

        var target = new CallTarget(_sender.Runner.Source, _sender.Plan.Protocol, null, new TriedEndPoints());
        target.Tried.Add(endPointId);
        target.CountSent();
        _sender.CountSent();
        _sender.NoteEnd(first.Verdict);
        return await RunAsync(target, first).ConfigureAwait(false);
    }

    private async ValueTask<TResult> RunAsync(CallTarget target, AttemptEnd<TResult>? first)
    {
        AttemptEnd<TResult> end = await RunTargetAsync(target, first).ConfigureAwait(false);
        return end.IsAnswer || Policy.Fallback is null ? Deliver(end) : await FallBackAsync(end, target).ConfigureAwait(false);
    }

    private ValueTask<AttemptEnd<TResult>> RunTargetAsync(CallTarget target, AttemptEnd<TResult>? first) =>
        Policy.Hedging is { } hedging && _sender.Plan.Idempotency != Idempotency.NonIdempotent && first is null
            ? new HedgedAttempts<TCall, TResult>(_sender.Runner, _sender, target, hedging, _sender.Plan.Idempotency).RunAsync()
            : RunInTurnAsync(target, first);

    private async ValueTask<AttemptEnd<TResult>> RunInTurnAsync(CallTarget target, AttemptEnd<TResult>? first)
    {
        AttemptKind kind = target.Step is null ? AttemptKind.First : AttemptKind.Fallback;
        var turns = new Turns();
        while (true)
        {
            AttemptEnd<TResult> end = first ?? await _sender.SendAsync(target, kind, _sender.CallToken).ConfigureAwait(false);
            first = null;
            turns.Counted += kind == AttemptKind.Transparent ? 0 : 1;
            if (Next(end, target, ref turns) is not { } next)
            {
                return end;
            }

            kind = next.Kind;
            if (next.Pause > TimeSpan.Zero)
            {
                try
                {
                    await Task.Delay(next.Pause, _sender.Runner.TimeProvider, _sender.CallToken).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    // Only the caller: a pause that would outlast the deadline is not begun.
                    _sender.Discard(end);
                    return end with { Verdict = new AttemptVerdict(CallOutcome.Cancelled), Exception = new OperationCanceledException(_sender.CallerToken), WasEndedHere = true };
                }
            }

            _sender.Discard(end);
            CallDiagnostics.NextAttempt(kind);
        }
    }

    /// <summary>Decides what follows an attempt; <c>null</c>: nothing.</summary>
    private (AttemptKind Kind, TimeSpan Pause)? Next(in AttemptEnd<TResult> end, CallTarget target, ref Turns turns)
    {
        bool mayFollow = end.MayBeFollowed(_sender.Plan.Idempotency) && target.Sent < CallRunner.MaxAttempts;

        // A6 lets these pass the budget. Here they stop with it, too: when every server refuses, they would double the load on all of them.
        if (mayFollow && end.WasSent && end.Verdict is { IsUnprocessed: true, Pushback: null } && !turns.WasTransparent && _sender.Runner.Budget.AllowsRetry)
        {
            turns.WasTransparent = true;
            return (AttemptKind.Transparent, TimeSpan.Zero);
        }

        if (Policy.Retry is not { } retry || end.IsAnswer)
        {
            return null;
        }

        bool isNamed = end.IsNamedBy(retry.RetryOn);
        bool isAllowed = _sender.Runner.Charge(end.WasSent && (isNamed || end.Verdict.ForbidsRetry));
        if (!isNamed || !mayFollow || end.Verdict.ForbidsRetry || turns.Counted >= retry.MaxAttempts)
        {
            return null;
        }

        if (!isAllowed)
        {
            CallDiagnostics.BudgetExhausted(_sender.Runner);
            return null;
        }

        // After the server named a time, the growth begins anew (A6, pushback).
        turns.Backoffs = end.Verdict.Pushback is null ? turns.Backoffs + 1 : 0;
        TimeSpan pause = end.Verdict.Pushback ?? _sender.Runner.DrawBackoff(retry, turns.Backoffs);
        return _sender.Remaining is TimeSpan remaining && pause >= remaining ? null : (AttemptKind.Retry, pause);
    }

    private async ValueTask<TResult> FallBackAsync(AttemptEnd<TResult> end, CallTarget tried)
    {
        foreach (FallbackStep step in Policy.Fallback!.Steps)
        {
            if (end.IsAnswer || end.Verdict.Outcome == CallOutcome.Cancelled)
            {
                break;
            }

            if (step.IsAnswer)
            {
                CallDiagnostics.FellBack(step, end.Verdict.Outcome);
                try
                {
                    var context = new FallbackContext(_sender.Plan.Method, end.Verdict.Outcome, end.Exception, _sender.Sent);
                    TResult answer = await step.AnswerAsync<TResult>(context, _sender.CallerToken).ConfigureAwait(false);
                    _sender.Discard(end);
                    return answer;
                }
                catch (TransportException)
                {
                    // The step has no answer; the failure that led here is still the one to report.
                    continue;
                }
            }

            if (end.MayBeFollowed(_sender.Plan.Idempotency) && !(_sender.Remaining <= TimeSpan.Zero))
            {
                CallDiagnostics.FellBack(step, end.Verdict.Outcome);
                _sender.Discard(end);
                tried = new CallTarget(step.Source ?? _sender.Runner.Source, step.Protocol ?? _sender.Plan.Protocol, step, step.Source is null ? tried.Tried : new TriedEndPoints());
                end = await RunTargetAsync(tried, null).ConfigureAwait(false);
            }
        }

        return Deliver(end);
    }

    private TResult Deliver(in AttemptEnd<TResult> end)
    {
        if (end.Exception is not null && end.WasEndedHere)
        {
            if (end.Verdict.Outcome == CallOutcome.Cancelled && _sender.CallerToken.IsCancellationRequested)
            {
                throw new OperationCanceledException($"The call of '{_sender.Plan.Method}' was cancelled by its caller.", end.Exception, _sender.CallerToken);
            }

            if (end.Verdict.Outcome == CallOutcome.TimedOut)
            {
                throw TimedOut(end);
            }
        }

        return end is { Exception: { } failure, Verdict.IsUnprocessed: true } && _sender.MayHaveBeenProcessed ? throw InDoubt(failure) : end.Deliver();
    }

    // That the last attempt was not processed says nothing of those before it.
    private TransportException InDoubt(Exception last)
    {
        Exception? cause = last;
        while (cause is not (null or TransportException))
        {
            cause = cause.InnerException;
        }

        var transport = cause as TransportException;
        return new TransportException(
            transport?.Error ?? TransportError.ConnectionLost, $"The call of '{_sender.Plan.Method}' was sent {_sender.Sent} times, and it is not known whether it was processed. In the end: {last.Message}", last)
        {
            IsSafeToRetry = false,
            RetryAfter = transport?.RetryAfter,
        };
    }

    private TransportException TimedOut(in AttemptEnd<TResult> end)
    {
        bool isCall = _sender.CallToken.IsCancellationRequested;
        string limit = isCall
            ? $"{_timeout}, its {(_sender.Plan.Timeout is null ? $"{nameof(TimeoutOptions)}.{nameof(TimeoutOptions.PerCall)}" : $"{nameof(CallPlan)}.{nameof(CallPlan.Timeout)}")}"
            : $"{Policy.Timeouts?.PerAttempt}, its {nameof(TimeoutOptions)}.{nameof(TimeoutOptions.PerAttempt)}";
        return new TransportException(
            TransportError.DeadlineExceeded, $"The call of '{_sender.Plan.Method}' did not end within {limit}; it was sent {_sender.Sent} times.", end.Exception)
        {
            IsSafeToRetry = _sender.Sent == 0,
        };
    }

    /// <summary>What one target has seen so far.</summary>
    private struct Turns
    {
        internal int Counted;
        internal int Backoffs;
        internal bool WasTransparent;
    }
}
