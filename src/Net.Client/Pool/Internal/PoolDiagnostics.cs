using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Net.Client.Internal;

/// <summary>What pools report, under <see cref="ClientDiagnostics.SourceName"/>. The counts are read only when somebody collects them; a call that needs no wait reports nothing.</summary>
internal static class PoolDiagnostics
{
    private static readonly ActivitySource Source = new(ClientDiagnostics.SourceName);
    private static readonly Meter Meter = new(ClientDiagnostics.SourceName);
    private static readonly ConcurrentDictionary<ChannelCore, string> Channels = new();
    private static long s_lastId;
    private static readonly Histogram<double> WaitDuration = Meter.CreateHistogram<double>(
        "transport.pool.wait.duration", "s", "Time calls waited for a connection; those that needed no wait are not counted.");

    private static readonly Counter<long> ConnectFailures = Meter.CreateCounter<long>("transport.pool.connect.failures", "{attempt}", "Attempts to connect that failed.");
    private static readonly Counter<long> Renewals = Meter.CreateCounter<long>("transport.pool.renewals", "{connection}", "Connections that are being replaced by a successor.");
    private static readonly Counter<long> Opened = Meter.CreateCounter<long>("transport.pool.connections.opened", "{connection}", "Connections that became ready, by what carries them.");

    static PoolDiagnostics()
    {
        Meter.CreateObservableUpDownCounter("transport.pool.connections", CountConnections, "{connection}", "Connections in the pool, by state.");
        Meter.CreateObservableUpDownCounter("transport.pool.leases", () => Measure(static c => c.Count().Leases), "{lease}", "Calls and streams under way.");
        Meter.CreateObservableUpDownCounter("transport.pool.waiters", () => Measure(static c => c.CountWaiters()), "{call}", "Calls that wait for a connection.");
        Meter.CreateObservableGauge("transport.pool.generation", () => Measure(static c => c.Generation), "{generation}", "Generation of identity and trust that connections should have.");
    }

    internal static long NextId() => Interlocked.Increment(ref s_lastId);

    internal static IReadOnlyList<ChannelSnapshot> GetSnapshots() => [.. Channels.Keys.OrderBy(static core => core.Id).Select(static core => core.GetSnapshot())];

    internal static void Add(ChannelCore core) => Channels[core] = core.Options.Name;

    internal static void Remove(ChannelCore core) => Channels.TryRemove(core, out _);

    internal static Activity? StartWait(ChannelProtocol protocol)
    {
        Activity? caller = Activity.Current;
        Activity? activity = Source.StartActivity("transport.pool.wait", ActivityKind.Internal);
        if (activity is not null)
        {
            activity.SetTag("network.protocol.name", protocol.Name);

            // It ends on another thread; what the caller does meanwhile does not belong to it.
            Activity.Current = caller;
        }

        return activity;
    }

    internal static void EndWait(ChannelCore core, ChannelProtocol protocol, Activity? activity, TimeSpan duration, Exception? failure)
    {
        string outcome = failure switch
        {
            null => "ok",
            TransportException transport => transport.Error.ToString(),
            OperationCanceledException => "Cancelled",
            _ => "Other",
        };
        if (WaitDuration.Enabled)
        {
            WaitDuration.Record(duration.TotalSeconds, new("transport.channel", core.Options.Name), new("network.protocol.name", protocol.Name), new("transport.outcome", outcome));
        }

        if (activity is null)
        {
            return;
        }

        if (failure is not null)
        {
            activity.SetTag("error.type", outcome);
            activity.SetStatus(ActivityStatusCode.Error, failure.Message);
        }

        activity.Stop();
    }

    internal static void Connected(ChannelCore core, PooledConnection connection)
    {
        if (Opened.Enabled)
        {
            Opened.Add(1, new("transport.channel", core.Options.Name), new("network.transport", connection.Protocol.Transport));
        }
    }

    internal static void ConnectFailed(ChannelCore core, ConnectAttempt attempt, TransportException failure)
    {
        if (ConnectFailures.Enabled)
        {
            ConnectFailures.Add(1, new("transport.channel", core.Options.Name), new("network.transport", attempt.Protocol.Transport), new("error.type", failure.Error.ToString()));
        }
    }

    internal static void Renewing(ChannelCore core, string reason)
    {
        if (Renewals.Enabled)
        {
            Renewals.Add(1, new("transport.channel", core.Options.Name), new("transport.reason", reason));
        }
    }

    private static IEnumerable<Measurement<long>> Measure(Func<ChannelCore, long> value)
    {
        foreach ((ChannelCore core, string name) in Channels)
        {
            yield return new Measurement<long>(value(core), new KeyValuePair<string, object?>("transport.channel", name));
        }
    }

    private static IEnumerable<Measurement<long>> CountConnections()
    {
        foreach ((ChannelCore core, string name) in Channels)
        {
            (int[] connections, _) = core.Count();
            for (PooledConnectionState state = PooledConnectionState.Ready; state < PooledConnectionState.Closed; state++)
            {
                yield return new Measurement<long>(
                    connections[(int)state],
                    new("transport.channel", name),
                    new("transport.pool.state", state switch { PooledConnectionState.Ready => "ready", PooledConnectionState.Expiring => "expiring", _ => "draining" }));
            }
        }
    }
}
