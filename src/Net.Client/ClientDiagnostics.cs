using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Net.Client;

/// <summary>The trace source and meter of the client. Cost nothing while nobody listens.</summary>
/// <remarks>
/// Span: <c>transport.stream</c> (client), from the opening of a raw stream to its disposal; its context travels in the stream's header.
/// Instrument: <c>transport.client.stream.duration</c> s, with <c>error.type</c> when the stream failed.
/// </remarks>
public static class ClientDiagnostics
{
    /// <summary>Name of the trace source and of the meter.</summary>
    public const string SourceName = "Net.Client";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly Meter Meter = new(SourceName);
    private static readonly Histogram<double> StreamDuration = Meter.CreateHistogram<double>(
        "transport.client.stream.duration", "s", "Time from the opening of a raw stream to its end.");

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
