using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Net.Client;

/// <summary>Spans and instruments of attempts. Nothing is allocated while nobody listens.</summary>
internal static class CallDiagnostics
{
    private static readonly Counter<long> Attempts = ClientDiagnostics.Meter.CreateCounter<long>("transport.call.attempts", "{attempt}", "Times that calls were sent, by how that ended.");
    private static readonly Counter<long> Retries = ClientDiagnostics.Meter.CreateCounter<long>("transport.call.retries", "{attempt}", "Attempts after a failed one, by kind.");
    private static readonly Counter<long> Hedges = ClientDiagnostics.Meter.CreateCounter<long>("transport.call.hedges", "{attempt}", "Attempts beside others.");
    private static readonly Counter<long> Fallbacks = ClientDiagnostics.Meter.CreateCounter<long>("transport.call.fallbacks", "{call}", "Steps of fallback chains that were taken.");
    private static readonly Counter<long> Exhausted = ClientDiagnostics.Meter.CreateCounter<long>("transport.retry.exhausted", "{attempt}", "Attempts that were not made because the retry budget was used up.");
    private static readonly Gauge<double> Tokens = ClientDiagnostics.Meter.CreateGauge<double>("transport.retry.budget", "{token}", "Tokens left of a channel's retry budget when an attempt last failed.");
    private static readonly KeyValuePair<string, object?>[] OutcomeTags =
        [.. Enum.GetValues<CallOutcome>().Select(static o => new KeyValuePair<string, object?>("transport.outcome", NameOf(o)))];

    // Boxed once.
    // What is the same for all attempts on a session, boxed once.
    private static readonly ConditionalWeakTable<ChannelSession, SessionTags> Sessions = [];
    private static readonly object[] Numbers = [.. Enumerable.Range(0, CallRunner.MaxAttempts + 1).Cast<object>()];

    /// <summary>Whether somebody wants spans.</summary>
    internal static bool IsTraced => ClientDiagnostics.Source.HasListeners();

    internal static void AttemptEnded(CallOutcome outcome)
    {
        if (Attempts.Enabled)
        {
            Attempts.Add(1, OutcomeTags[(int)outcome]);
        }
    }

    internal static void NextAttempt(AttemptKind kind)
    {
        if (kind == AttemptKind.Hedge)
        {
            Hedges.Add(1);
        }
        else if (Retries.Enabled)
        {
            Retries.Add(1, new KeyValuePair<string, object?>("transport.attempt.kind", NameOf(kind)));
        }
    }

    internal static void BudgetCharged(CallRunner runner)
    {
        if (Tokens.Enabled)
        {
            Tokens.Record(runner.Budget.Tokens, new KeyValuePair<string, object?>("transport.channel", runner.Name));
        }
    }

    internal static void BudgetExhausted(CallRunner runner)
    {
        if (Exhausted.Enabled)
        {
            Exhausted.Add(1, new KeyValuePair<string, object?>("transport.channel", runner.Name));
        }
    }

    internal static void FellBack(FallbackStep step, CallOutcome outcome)
    {
        if (Fallbacks.Enabled)
        {
            Fallbacks.Add(1, new KeyValuePair<string, object?>("transport.fallback", step.Name));
        }

        // On the caller's span, as an answer that needs no server has no attempt of its own.
        if (Activity.Current is { IsAllDataRequested: true } activity)
        {
            activity.SetTag("transport.fallback", step.Name);
            activity.AddEvent(new ActivityEvent("transport.fallback", tags: new ActivityTagsCollection
            {
                ["transport.fallback"] = step.Name,
                ["transport.outcome"] = NameOf(outcome),
            }));
        }
    }

    internal static Activity? StartAttempt(in CallPlan plan, AttemptKind kind, string? fallback)
    {
        Activity? activity = ClientDiagnostics.Source.StartActivity("transport.attempt");
        if (activity is { IsAllDataRequested: true })
        {
            // Most attempts are first ones and go well: as with a resend count, that is what a span says by saying nothing.
            activity.SetTag("transport.method", plan.Method);
            if (kind != AttemptKind.First)
            {
                activity.SetTag("transport.attempt.kind", NameOf(kind));
            }

            if (fallback is not null)
            {
                activity.SetTag("transport.fallback", fallback);
            }
        }

        return activity;
    }

    internal static void AttemptLeased(Activity? activity, ChannelLease lease, int number)
    {
        if (activity is { IsAllDataRequested: true })
        {
            if (number > 1)
            {
                activity.SetTag("transport.attempt.number", number < Numbers.Length ? Numbers[number] : number);
            }

            SessionTags tags = Sessions.GetValue(lease.Session, static _ => new SessionTags());
            activity.SetTag("server.address", lease.EndPoint.Address.Host);
            activity.SetTag("server.port", tags.Port ??= lease.EndPoint.Address.Port);
            activity.SetTag("network.protocol.name", lease.Session.Protocol);
            activity.SetTag("transport.connection.id", tags.ConnectionId ??= lease.ConnectionId);
            if (lease.Choice is { Length: > 0 } choice)
            {
                activity.SetTag("transport.pool.choice", choice);
            }
        }
    }

    internal static void EndAttempt(Activity? activity, in AttemptVerdict verdict, Exception? exception)
    {
        if (activity is null)
        {
            return;
        }

        if (verdict.Outcome != CallOutcome.Success)
        {
            activity.SetTag("transport.outcome", NameOf(verdict.Outcome));
        }

        if (!verdict.Outcome.IsAnswer())
        {
            activity.SetTag("error.type", exception is TransportException transport ? transport.Error.ToString() : exception?.GetType().FullName ?? NameOf(verdict.Outcome));
            activity.SetStatus(ActivityStatusCode.Error, exception?.Message);
        }

        activity.Stop();
    }

    internal static string NameOf(CallOutcome outcome) => outcome switch
    {
        CallOutcome.Success => "success",
        CallOutcome.ApplicationFailure => "application_failure",
        CallOutcome.ServerFailure => "server_failure",
        CallOutcome.Overloaded => "overloaded",
        CallOutcome.TransportFailure => "transport_failure",
        CallOutcome.TimedOut => "timed_out",
        CallOutcome.Cancelled => "cancelled",
        _ => "refused",
    };

    internal static string NameOf(AttemptKind kind) => kind switch
    {
        AttemptKind.First => "first",
        AttemptKind.Retry => "retry",
        AttemptKind.Transparent => "transparent",
        AttemptKind.Hedge => "hedge",
        _ => "fallback",
    };

    private sealed class SessionTags
    {
        internal object? Port { get; set; }

        internal object? ConnectionId { get; set; }
    }
}
