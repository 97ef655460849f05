using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Net.Client;

/// <summary>The instruments of breakers and ejection.</summary>
/// <remarks>
/// Numbers of breakers are kept whether or not somebody listens and are read when somebody does, so that a listener that comes late reads them right.
/// Names of end points stand on spans only.
/// </remarks>
internal static class ResilienceDiagnostics
{
    private static readonly string[] StateNames = ["closed", "open", "half_open", "isolated"];
    private static readonly long[] Breakers = new long[StateNames.Length];
    private static readonly Counter<long> BreakerTransitions = ClientDiagnostics.Meter.CreateCounter<long>(
        "transport.breaker.transitions", "{transition}", "Changes of state of circuit breakers.");
    private static readonly Counter<long> OutlierEjections = ClientDiagnostics.Meter.CreateCounter<long>("transport.outlier.ejections", "{ejection}", "End points ejected as outliers.");

    static ResilienceDiagnostics() => ClientDiagnostics.Meter.CreateObservableUpDownCounter(
        "transport.breaker.state", ObserveBreakers, "{breaker}", "Circuit breakers, by the state that they are in.");

    internal static void AddBreaker(BreakerState state) => Interlocked.Increment(ref Breakers[(int)state]);

    internal static void RemoveBreaker(BreakerState state) => Interlocked.Decrement(ref Breakers[(int)state]);

    internal static void MoveBreaker(BreakerState from, BreakerState to)
    {
        RemoveBreaker(from);
        AddBreaker(to);
    }

    internal static void BreakerChanged(string endPoint, BreakerStateChangedEventArgs change)
    {
        string state = StateNames[(int)change.Current];
        if (BreakerTransitions.Enabled)
        {
            BreakerTransitions.Add(1, new("transport.breaker.state", state), new("transport.breaker.trigger", NameOf(change.Trigger)));
        }

        // The span of the call that caused the change tells of it.
        if (Activity.Current is { IsAllDataRequested: true } activity)
        {
            activity.AddEvent(new ActivityEvent("transport.breaker.changed", tags: new ActivityTagsCollection
            {
                ["transport.endpoint"] = endPoint,
                ["transport.breaker.state"] = state,
                ["transport.breaker.trigger"] = NameOf(change.Trigger),
            }));
        }
    }

    internal static void Ejected(OutlierReason reason)
    {
        if (OutlierEjections.Enabled)
        {
            OutlierEjections.Add(1, new KeyValuePair<string, object?>("transport.outlier.reason", reason == OutlierReason.SuccessRate ? "success_rate" : "consecutive_failures"));
        }
    }

    private static IEnumerable<Measurement<long>> ObserveBreakers()
    {
        for (int i = 0; i < StateNames.Length; i++)
        {
            yield return new Measurement<long>(Volatile.Read(ref Breakers[i]), new KeyValuePair<string, object?>("transport.breaker.state", StateNames[i]));
        }
    }

    private static string NameOf(BreakerTrigger trigger) => trigger switch
    {
        BreakerTrigger.ConsecutiveFailures => "consecutive_failures",
        BreakerTrigger.FailureRatio => "failure_ratio",
        BreakerTrigger.ProbeFailed => "probe_failed",
        BreakerTrigger.OpenTimeOver => "open_time_over",
        BreakerTrigger.ProbesSucceeded => "probes_succeeded",
        _ => "manual",
    };
}
