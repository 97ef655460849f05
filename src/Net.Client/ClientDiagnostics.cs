using System.Diagnostics;
using System.Diagnostics.Metrics;
using Net.Client.Internal;

namespace Net.Client;

/// <summary>The trace source and meter of the client. Cost nothing while nobody listens.</summary>
/// <remarks>
/// <para>Span: <c>transport.stream</c> (client), from the opening of a raw stream to its disposal; its context travels in the stream's header.
/// Instrument: <c>transport.client.stream.duration</c> s, with <c>error.type</c> when the stream failed.</para>
/// <para>Span: <c>transport.attempt</c>, one for each time a call is sent, with its number and kind, the end point, the outcome, and the fallback step it belongs to. Events on the span of the moment:
/// <c>transport.breaker.changed</c>, <c>transport.fallback</c>.
/// Instruments: <c>transport.call.attempts</c> by outcome, <c>transport.call.retries</c> by kind, <c>transport.call.hedges</c>, <c>transport.call.fallbacks</c> by step, <c>transport.retry.budget</c> {token} and
/// <c>transport.retry.exhausted</c> by channel, <c>transport.breaker.state</c> (breakers by state), <c>transport.breaker.transitions</c>, <c>transport.outlier.ejections</c> by reason.</para>
/// </remarks>
public static class ClientDiagnostics
{
    /// <summary>Name of the trace source and of the meter.</summary>
    public const string SourceName = "Net.Client";

    internal static readonly ActivitySource Source = new(SourceName);
    internal static readonly Meter Meter = new(SourceName);
    private static readonly Histogram<double> StreamDuration = Meter.CreateHistogram<double>(
        "transport.client.stream.duration", "s", "Time from the opening of a raw stream to its end.");

    /// <summary>What all channels of this process are now, in the order in which they were made; those that are disposed are gone.</summary>
    /// <returns>A snapshot of each.</returns>
    public static IReadOnlyList<ChannelSnapshot> GetSnapshots() => PoolDiagnostics.GetSnapshots();

    internal static Activity? StartStream(string route, TransportConnection connection)
    {
        Activity? activity = Source.StartActivity("transport.stream", ActivityKind.Client);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("transport.route", route);
            activity.SetTag("network.transport", connection.NetworkTransport);
            activity.SetTag("network.protocol.name", RawStreamProtocol.ApplicationProtocol);
            activity.SetTag("network.peer.address", connection.RemoteEndPoint.Address.ToString());
            activity.SetTag("network.peer.port", connection.RemoteEndPoint.Port);
        }

        return activity;
    }

    internal static void EndStream(Activity? activity, TimeSpan duration, Exception? failure)
    {
        string? errorType = failure switch
        {
            null => null,
            TransportException transport => transport.Error.ToString(),
            OperationCanceledException => "Cancelled",
            _ => failure.GetType().FullName,
        };
        if (StreamDuration.Enabled)
        {
            if (errorType is null)
            {
                StreamDuration.Record(duration.TotalSeconds);
            }
            else
            {
                StreamDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("error.type", errorType));
            }
        }

        if (activity is null)
        {
            return;
        }

        if (failure is not null)
        {
            activity.SetTag("error.type", errorType);
            activity.SetStatus(ActivityStatusCode.Error, failure.Message);
        }

        activity.Stop();
    }
}
