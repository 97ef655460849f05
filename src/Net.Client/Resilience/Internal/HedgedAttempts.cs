namespace Net.Client;

/// <summary>The attempts of one call side by side: each begins a while after the one before, or when that fails, and the first answer wins (gRPC proposal A6, hedging).</summary>
internal sealed class HedgedAttempts<TCall, TResult>(
    CallRunner runner, AttemptSender<TCall, TResult> sender, CallTarget target, HedgingOptions options, Idempotency idempotency)
{
    private readonly List<Running> _running = [];
    private AttemptEnd<TResult>? _failure;
    private int _started;
    private bool _isStopped;
    private Task? _timer;
    private bool _waitsForServer;

    internal async ValueTask<AttemptEnd<TResult>> RunAsync()
    {
        using var timerEnd = CancellationTokenSource.CreateLinkedTokenSource(sender.CallToken);
        try
        {
            Start(target.Step is null ? AttemptKind.First : AttemptKind.Fallback);
            _timer = Arm(options.Delay, timerEnd.Token);
            while (_running.Count > 0 || (_waitsForServer && _timer is not null))
            {
                await WaitForAnyAsync().ConfigureAwait(false);
                if (_timer is { IsCompleted: true })
                {
                    _waitsForServer = false;
                    _timer = !sender.CallToken.IsCancellationRequested && TryHedge(runner.Budget.AllowsRetry) ? Arm(options.Delay, timerEnd.Token) : null;
                }

                foreach (Running ended in _running.Where(static r => r.Attempt.IsCompleted).ToArray())
                {
                    _running.Remove(ended);
                    ended.End.Dispose();
                    AttemptEnd<TResult> end = await ended.Attempt.ConfigureAwait(false);
                    if (IsFinal(end))
                    {
                        Keep(null);
                        return end;
                    }

                    GoOn(end, timerEnd.Token);
                }
            }

            AttemptEnd<TResult> failure = _failure!.Value;
            if (!sender.CallToken.IsCancellationRequested || failure.WasEndedHere)
            {
                return failure;
            }

            // Given up between two attempts: only by the caller, as a wait that would outlast the deadline is not begun.
            sender.Discard(failure);
            return failure with
            {
                Verdict = new AttemptVerdict(CallOutcome.Cancelled), Exception = new OperationCanceledException(sender.CallToken), WasEndedHere = true,
            };
        }
        finally
        {
            timerEnd.Cancel();
            foreach (Running loser in _running)
            {
                _ = GiveUpAsync(loser);
            }
        }
    }

    private bool CanStart => !_isStopped && _started < options.MaxAttempts && target.Sent < CallRunner.MaxAttempts;

    private async Task WaitForAnyAsync()
    {
        List<Task> waits = [.. _running.Select(static r => (Task)r.Attempt)];
        if (_timer is not null)
        {
            waits.Add(_timer);
        }

        await Task.WhenAny(waits).ConfigureAwait(false);
    }

    private Task? Arm(TimeSpan delay, CancellationToken timerEnd) => CanStart ? Task.Delay(delay, runner.TimeProvider, timerEnd) : null;

    private void Start(AttemptKind kind)
    {
        _started++;
        var end = CancellationTokenSource.CreateLinkedTokenSource(sender.CallToken);
        _running.Add(new Running(sender.SendAsync(target, kind, end.Token).AsTask(), end));
    }

    private bool TryHedge(bool isAllowed)
    {
        if (!CanStart)
        {
            return false;
        }

        if (!isAllowed)
        {
            CallDiagnostics.BudgetExhausted(runner);
            return false;
        }

        CallDiagnostics.NextAttempt(AttemptKind.Hedge);
        Start(AttemptKind.Hedge);
        return true;
    }

    // What was never sent, and what this side ended, says nothing for the others.
    private bool IsFinal(in AttemptEnd<TResult> end) =>
        end.IsAnswer || (end.WasSent && end.Verdict.Outcome != CallOutcome.Cancelled && (!end.MayBeFollowed(idempotency) || !end.IsNamedBy(options.GoOnAfter)));

    private void GoOn(in AttemptEnd<TResult> end, CancellationToken timerEnd)
    {
        if (end.WasSent || _failure is null)
        {
            Keep(end);
        }

        if (end.Verdict.Outcome == CallOutcome.Cancelled || sender.CallToken.IsCancellationRequested)
        {
            return;
        }

        bool isAllowed = runner.Charge(end.WasSent);
        if (end.Verdict.ForbidsRetry)
        {
            _isStopped = true;
            _timer = null;
        }
        else if (end.Verdict.Pushback is TimeSpan pushback)
        {
            _timer = sender.Remaining <= pushback ? null : Arm(pushback, timerEnd);
            _waitsForServer = true;
        }
        else if (end.WasSent && TryHedge(isAllowed))
        {
            // What the channel could not serve it cannot serve a moment later; what a server failed at another may do.
            _timer = Arm(options.Delay, timerEnd);
        }
    }

    private void Keep(AttemptEnd<TResult>? failure)
    {
        if (_failure is { } earlier)
        {
            sender.Discard(earlier);
        }

        _failure = failure;
    }

    // The winner does not wait for those that lost; each of them ends within the time that an attempt has to unwind.
    private async Task GiveUpAsync(Running loser)
    {
        try
        {
            loser.End.Cancel();
        }
        catch (AggregateException)
        {
            // What a handler hung on its token failed; the attempt is cancelled all the same.
        }

        try
        {
            sender.Discard(await loser.Attempt.ConfigureAwait(false));
        }
#pragma warning disable CA1031 // A handler that fails over an attempt which lost has nobody to tell; its lease is completed.
        catch (Exception)
#pragma warning restore CA1031
        {
        }

        loser.End.Dispose();
    }

    private readonly record struct Running(Task<AttemptEnd<TResult>> Attempt, CancellationTokenSource End);
}
