using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Net.Client;

/// <summary>
/// Runs each call as one or more attempts over leases of a channel: retries, hedging, timeouts and fallbacks, as its <see cref="CallPolicy"/> says, under one budget for all calls. Thread-safe; one for each channel.
/// </summary>
/// <remarks>
/// <para>A call has exactly one outcome, no later than 100 ms after its deadline: what then has not ended is left behind. All leases of a call are completed when it ends, but for the one that its result
/// keeps, and those of attempts that lost against another, which are cancelled at that moment and given up within 100 ms.</para>
/// <para>One rule decides whether something is sent again: the server provably never processed it, or the call's <see cref="Idempotency"/> allows it. Nothing is sent again once a response has begun.</para>
/// <para>A call without a time limit, whose policy has no hedging, whose connection is at hand and whose first attempt succeeds costs no allocation of the runner's. One with a limit costs its token,
/// which is never used for another call.</para>
/// </remarks>
public sealed class CallRunner
{
    /// <summary>How often a call is sent at most to the end points of one channel, whatever the policy (gRPC proposal A6).</summary>
    public const int MaxAttempts = 5;

    private readonly Random _random;
    private readonly Lock _randomLock = new();

    /// <summary>Makes a runner.</summary>
    /// <param name="source">The channel; it stays the caller's.</param>
    /// <param name="options">What else it is made of; <c>null</c>: the defaults.</param>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public CallRunner(LeaseSource source, CallRunnerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= CallRunnerOptions.Default;
        options.Validate();
        Source = source;
        Name = options.Name;
        Budget = new RetryBudget(options.Budget);
        _random = options.Random ?? new Random();
    }

    /// <summary>The retry budget of all calls.</summary>
    public RetryBudget Budget { get; }

    internal LeaseSource Source { get; }

    internal string Name { get; }

    internal TimeProvider TimeProvider => Source.TimeProvider;

    /// <summary>Runs a call.</summary>
    /// <typeparam name="TCall">What to send.</typeparam>
    /// <typeparam name="TResult">What it results in.</typeparam>
    /// <param name="plan">What the call asks for.</param>
    /// <param name="call">What to send.</param>
    /// <param name="handler">How to send it.</param>
    /// <param name="cancellationToken">The caller gives up.</param>
    /// <returns>The result of the last attempt, or of a fallback.</returns>
    /// <exception cref="TransportException">
    /// <see cref="TransportError.DeadlineExceeded"/>: the call's time, or that of its last attempt, was over. Others: the last attempt's, as the channel or the handler threw it; but
    /// where that was not processed and one before it may have been, an exception with that one inside which does not say <see cref="TransportException.IsSafeToRetry"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller gave up; the token is the caller's.</exception>
    public ValueTask<TResult> RunAsync<TCall, TResult>(
        CallPlan plan, TCall call, CallHandler<TCall, TResult> handler, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan.Protocol);
        ArgumentNullException.ThrowIfNull(handler);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TResult>(cancellationToken);
        }

        TimeSpan limit = LimitOf(plan);
        bool isLimited = limit != Timeout.InfiniteTimeSpan;
        if (IsPlain(plan) && !(isLimited && (limit <= TimeSpan.Zero || CallDiagnostics.IsTraced)))
        {
            long due = isLimited ? Source.DeadlineAfter(limit) : 0;
            if (Source.TryRent(plan.Protocol, RequestOf(plan, due, null), out ChannelLease lease))
            {
                return isLimited ? RunFirst(plan, call, handler, lease, CallDeadline.Start(Source, due, limit, cancellationToken), cancellationToken)
                    : CallDiagnostics.IsTraced ? RunTracedAsync(plan, call, handler, lease, cancellationToken)
                    : RunFirst(plan, call, handler, lease, null, cancellationToken);
            }
        }

        var execution = new CallExecution<TCall, TResult>(this, plan, call, handler, cancellationToken);
        return plan.Trace is { } trace && Activity.Current is { IsAllDataRequested: true } span ? ExplainAsync(execution.RunAsync(), trace, span) : execution.RunAsync();
    }

    /// <summary>Runs a call that is given as delegates. Allocates a handler for the call; faces that make many calls have one of their own.</summary>
    /// <typeparam name="TResult">What it results in.</typeparam>
    /// <param name="plan">What the call asks for.</param>
    /// <param name="attempt">Sends it once: <see cref="CallHandler{TCall, TResult}.SendAsync"/>.</param>
    /// <param name="classify">Says what a result or an exception means; one of the two is given. <c>null</c>: results are successes, and exceptions mean what <see cref="AttemptVerdict.Of(Exception)"/> says.</param>
    /// <param name="cancellationToken">The caller gives up.</param>
    /// <returns>As for the other overload.</returns>
    public ValueTask<TResult> RunAsync<TResult>(
        CallPlan plan, Func<ChannelLease, AttemptContext, CancellationToken, ValueTask<TResult>> attempt, Func<TResult?, Exception?, AttemptVerdict>? classify = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        return RunAsync(plan, 0, new DelegateHandler<TResult>(attempt, classify), cancellationToken);
    }

    private static async ValueTask<TResult> ExplainAsync<TResult>(ValueTask<TResult> call, CallTrace trace, Activity span)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        finally
        {
            trace.ExportTo(span);
        }
    }

    internal static LeaseRequest RequestOf(in CallPlan plan, long deadline, TriedEndPoints? tried) => new()
    {
        Deadline = deadline,
        Idempotency = plan.Idempotency,
        AffinityHash = plan.AffinityHash,
        Tried = tried,
        FailFast = plan.FailFast,
        Trace = plan.Trace,
    };

    internal TimeSpan DrawBackoff(RetryOptions options, int retry)
    {
        lock (_randomLock)
        {
            return options.GetBackoff(retry, _random.NextDouble());
        }
    }

    /// <summary>Counts how an attempt ended. Its failure, if it is one that counts, is charged by who decides about the next attempt.</summary>
    internal void Count(in AttemptVerdict verdict)
    {
        CallDiagnostics.AttemptEnded(verdict.Outcome);
        if (verdict.Outcome == CallOutcome.Success)
        {
            Budget.RecordSuccess();
        }
    }

    /// <summary>Takes a token for a failure, if it is to be charged.</summary>
    /// <returns>Whether calls may be sent again.</returns>
    internal bool Charge(bool isFailure)
    {
        if (!isFailure)
        {
            return Budget.AllowsRetry;
        }

        bool isAllowed = Budget.RecordFailure();
        CallDiagnostics.BudgetCharged(this);
        return isAllowed;
    }

    /// <summary>How long a call may take.</summary>
    internal static TimeSpan LimitOf(in CallPlan plan) => plan.Timeout ?? plan.Policy?.Timeouts?.PerCall ?? Timeout.InfiniteTimeSpan;

    private static bool IsPlain(in CallPlan plan) => (plan.Policy is null || plan.Policy.IsPlain) && plan.Trace is null;

    private ValueTask<TResult> RunFirst<TCall, TResult>(
        in CallPlan plan, TCall call, CallHandler<TCall, TResult> handler, ChannelLease lease, CallDeadline? deadline, CancellationToken cancellationToken)
    {
        TResult result;
        try
        {
            var context = new AttemptContext(1, AttemptKind.First, plan.Idempotency, deadline?.Due ?? 0);
            ValueTask<TResult> sending = handler.SendAsync(call, lease, context, deadline?.Token ?? cancellationToken);
            if (!sending.IsCompletedSuccessfully)
            {
                return AwaitFirstAsync(sending, plan, call, handler, lease, deadline, cancellationToken);
            }

            result = sending.Result;
        }
#pragma warning disable CA1031 // Whatever the handler throws is classified and reaches the caller, or is followed by another attempt.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return AwaitFirstAsync(ValueTask.FromException<TResult>(exception), plan, call, handler, lease, deadline, cancellationToken);
        }

        AttemptVerdict verdict = Judge(call, handler, lease, result, deadline, cancellationToken);
        if (verdict.Outcome is CallOutcome.Success)
        {
            deadline?.Dispose();
            return new ValueTask<TResult>(result);
        }

        return Continue(plan, call, handler, lease, new AttemptEnd<TResult>(verdict, result, null, lease), deadline, cancellationToken);
    }

    // A method of its own kind, so that the span is current for this attempt and not for the caller afterwards.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> RunTracedAsync<TCall, TResult>(
        CallPlan plan, TCall call, CallHandler<TCall, TResult> handler, ChannelLease lease, CancellationToken cancellationToken)
    {
        Activity? activity = CallDiagnostics.StartAttempt(plan, AttemptKind.First, null);
        CallDiagnostics.AttemptLeased(activity, lease, 1);
        int endPointId = lease.EndPointId;
        AttemptEnd<TResult> end = default;
        try
        {
            end = await EndFirstAsync(plan, call, handler, lease, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            CallDiagnostics.EndAttempt(activity, end.Verdict, end.Exception);
        }

        return end.Verdict.Outcome is CallOutcome.Success && end.Exception is null
            ? end.Result!
            : await new CallExecution<TCall, TResult>(this, plan, call, handler, cancellationToken).ContinueAsync(end, endPointId, null).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AttemptEnd<TResult>> EndFirstAsync<TCall, TResult>(
        CallPlan plan, TCall call, CallHandler<TCall, TResult> handler, ChannelLease lease, CancellationToken cancellationToken)
    {
        TResult result;
        try
        {
            result = await handler.SendAsync(call, lease, new AttemptContext(1, AttemptKind.First, plan.Idempotency, 0), cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever the handler throws is classified and reaches the caller, or is followed by another attempt.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            AttemptEnd<TResult> failure = AttemptEnd<TResult>.OfException(call, handler, exception, lease, cancellationToken.IsCancellationRequested ? CallOutcome.Cancelled : null);
            Count(failure.Verdict);
            return failure;
        }

        var end = new AttemptEnd<TResult>(Judge(call, handler, lease, result, null, cancellationToken), result, null, lease);
        if (end.Verdict.Outcome is not CallOutcome.Success)
        {
            end.CompleteLease();
        }

        return end;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> AwaitFirstAsync<TCall, TResult>(
        ValueTask<TResult> sending, CallPlan plan, TCall call, CallHandler<TCall, TResult> handler, ChannelLease lease, CallDeadline? deadline, CancellationToken cancellationToken)
    {
        TResult result;
        try
        {
            result = deadline is null || sending.IsCompleted
                ? await sending.ConfigureAwait(false)
                : await AttemptWait.WaitAsync(sending.AsTask(), call, handler, TimeProvider, deadline.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever the handler throws is classified and reaches the caller, or is followed by another attempt.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            int endPointId = lease.EndPointId;
            AttemptEnd<TResult> failure;
            try
            {
                failure = AttemptEnd<TResult>.OfException(call, handler, exception, lease, CauseOf(deadline, cancellationToken));
            }
            catch
            {
                deadline?.Dispose();
                throw;
            }

            Count(failure.Verdict);
            return await new CallExecution<TCall, TResult>(this, plan, call, handler, cancellationToken).ContinueAsync(failure, endPointId, deadline).ConfigureAwait(false);
        }

        AttemptVerdict verdict = Judge(call, handler, lease, result, deadline, cancellationToken);
        if (verdict.Outcome is CallOutcome.Success)
        {
            deadline?.Dispose();
            return result;
        }

        return await Continue(plan, call, handler, lease, new AttemptEnd<TResult>(verdict, result, null, lease), deadline, cancellationToken).ConfigureAwait(false);
    }

    // The caller first: who gives up at the deadline gives up.
    private static CallOutcome? CauseOf(CallDeadline? deadline, CancellationToken callerToken) =>
        callerToken.IsCancellationRequested ? CallOutcome.Cancelled : deadline is { IsCancellationRequested: true } ? CallOutcome.TimedOut : null;

    // The lease of a failure is completed by who goes on with it, as its end point is not known any more afterwards.
    private AttemptVerdict Judge<TCall, TResult>(
        TCall call, CallHandler<TCall, TResult> handler, ChannelLease lease, TResult result, CallDeadline? deadline, CancellationToken cancellationToken)
    {
        AttemptVerdict verdict;
        try
        {
            verdict = handler.Classify(call, result);
        }
        catch
        {
            deadline?.Dispose();
            lease.Dispose();
            throw;
        }

        if (deadline is not null && !verdict.Outcome.IsAnswer() && CauseOf(deadline, cancellationToken) is CallOutcome caused)
        {
            verdict = verdict with { Outcome = caused };
        }

        if (verdict.Outcome == CallOutcome.Success && !verdict.KeepsLease)
        {
            lease.Complete(CallOutcome.Success);
        }

        Count(verdict);
        return verdict;
    }

    private ValueTask<TResult> Continue<TCall, TResult>(
        in CallPlan plan, TCall call, CallHandler<TCall, TResult> handler, ChannelLease lease, in AttemptEnd<TResult> end, CallDeadline? deadline, CancellationToken cancellationToken)
    {
        int endPointId = lease.EndPointId;
        end.CompleteLease();
        return new CallExecution<TCall, TResult>(this, plan, call, handler, cancellationToken).ContinueAsync(end, endPointId, deadline);
    }

    private sealed class DelegateHandler<TResult>(
        Func<ChannelLease, AttemptContext, CancellationToken, ValueTask<TResult>> attempt, Func<TResult?, Exception?, AttemptVerdict>? classify) : CallHandler<int, TResult>
    {
        public override ValueTask<TResult> SendAsync(int request, ChannelLease lease, AttemptContext attemptContext, CancellationToken cancellationToken) =>
            attempt(lease, attemptContext, cancellationToken);

        public override AttemptVerdict Classify(int request, TResult result) => classify is null ? base.Classify(request, result) : classify(result, null);

        public override AttemptVerdict Classify(int request, Exception exception) => classify is null ? base.Classify(request, exception) : classify(default, exception);
    }
}
