using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Net.Server;

/// <summary>The trace source and meter of the server. Cost nothing while nobody listens.</summary>
/// <remarks>
/// Span: <c>transport.stream</c> (server), from the header of a raw stream to the end of its handler; it continues the caller's trace.
/// Instruments: <c>transport.server.streams.active</c> {stream}; <c>transport.server.stream.duration</c> s, with <c>transport.route</c> for routes that exist
/// and <c>error.type</c> for streams that did not end well.
/// </remarks>
public static class ServerDiagnostics
{
    /// <summary>Name of the trace source and of the meter.</summary>
    public const string SourceName = "Net.Server";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly Meter Meter = new(SourceName);
    private static readonly UpDownCounter<long> StreamsActive = Meter.CreateUpDownCounter<long>(
        "transport.server.streams.active", "{stream}", "Raw streams whose handler runs.");

    private static readonly Histogram<double> StreamDuration = Meter.CreateHistogram<double>(
        "transport.server.stream.duration", "s", "Time from the arrival of a raw stream to the end of its handler.");

    internal static Activity? StartStream(RawStreamHeader header, TransportConnection connection)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        Activity? activity = Source.StartActivity("transport.stream", ActivityKind.Server, header.TraceContext);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("transport.route", header.Route);
            activity.SetTag("network.transport", connection.NetworkTransport);
            activity.SetTag("network.protocol.name", RawStreamProtocol.ApplicationProtocol);
            activity.SetTag("network.peer.address", connection.RemoteEndPoint.Address.ToString());
            activity.SetTag("network.peer.port", connection.RemoteEndPoint.Port);
        }

        return activity;
    }

    internal static void StreamStarted(string route) => StreamsActive.Add(1, new KeyValuePair<string, object?>("transport.route", route));

    internal static void StreamStopped(string route) => StreamsActive.Add(-1, new KeyValuePair<string, object?>("transport.route", route));

    internal static bool MeasuresDuration => StreamDuration.Enabled;

    internal static void RecordStream(string? route, RawStreamOutcome outcome, TimeSpan duration)
    {
        double seconds = duration.TotalSeconds;
        switch (route, outcome)
        {
            case (null, _):
                StreamDuration.Record(seconds, new KeyValuePair<string, object?>("error.type", outcome.GetName()));
                break;
            case (_, RawStreamOutcome.Completed):
                StreamDuration.Record(seconds, new KeyValuePair<string, object?>("transport.route", route));
                break;
            default:
                StreamDuration.Record(
                    seconds, new KeyValuePair<string, object?>("transport.route", route), new KeyValuePair<string, object?>("error.type", outcome.GetName()));
                break;
        }
    }

    internal static void EndStream(Activity? activity, RawStreamOutcome outcome, Exception? exception)
    {
        if (activity is null)
        {
            return;
        }

        if (outcome != RawStreamOutcome.Completed)
        {
            activity.SetTag("error.type", outcome == RawStreamOutcome.HandlerFailed ? exception?.GetType().FullName : outcome.GetName());
            activity.SetStatus(ActivityStatusCode.Error, outcome == RawStreamOutcome.HandlerFailed ? exception?.Message : null);
        }

        activity.Dispose();
    }
}
