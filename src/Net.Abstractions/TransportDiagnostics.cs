using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;

namespace Net;

/// <summary>The trace source and meter that every engine reports to, by name <c>Net.Transport</c>. Costs nothing while nobody listens.</summary>
/// <remarks>
/// Spans: <c>transport.connect</c> (client, from the call to the usable connection), <c>transport.handshake</c> (both sides).
/// Instruments: <c>transport.connections.active</c> {connection}, <c>transport.connect.duration</c> s, <c>transport.handshake.duration</c> s,
/// <c>transport.handshake.failures</c> {handshake}, <c>transport.streams.opened</c> {stream}, <c>transport.event_handler.failures</c> {failure}.
/// Tags come from closed sets; addresses stand on spans only.
/// </remarks>
public static class TransportDiagnostics
{
    /// <summary>Name of the trace source and of the meter.</summary>
    public const string SourceName = "Net.Transport";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly Meter Meter = new(SourceName);
    private static readonly UpDownCounter<long> ConnectionsActive = Meter.CreateUpDownCounter<long>("transport.connections.active", "{connection}", "Connections that are open.");
    private static readonly Histogram<double> HandshakeDuration = Meter.CreateHistogram<double>("transport.handshake.duration", "s", "Time from the first packet to the end of the handshake.");
    private static readonly Histogram<double> ConnectDuration = Meter.CreateHistogram<double>("transport.connect.duration", "s", "Time from the call to the usable connection, name resolution included.");
    private static readonly Counter<long> HandshakeFailures = Meter.CreateCounter<long>("transport.handshake.failures", "{handshake}", "Handshakes that failed.");
    private static readonly Counter<long> StreamsOpened = Meter.CreateCounter<long>("transport.streams.opened", "{stream}", "Streams that began, by either side.");
    private static readonly Counter<long> EventHandlerFailures =
        Meter.CreateCounter<long>("transport.event_handler.failures", "{failure}", "Handlers of a connection's events that threw.");

    /// <summary>Notes that a handshake ended well and a connection is open. Engines call it once for each connection.</summary>
    /// <param name="engine">Name of the engine.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="duration">From the first packet to the end of the handshake.</param>
    public static void HandshakeCompleted(string engine, TransportConnection connection, TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(connection);
        string role = connection.IsServer ? "server" : "client";
        ConnectionsActive.Add(1, new("transport.engine", engine), new("transport.role", role));
        HandshakeDuration.Record(
            duration.TotalSeconds, new("transport.engine", engine), new("transport.role", role), new("tls.resumed", connection.IsResumed));
        if (Source.HasListeners())
        {
            using Activity? span = StartHandshake(engine, role, duration);
            span?.SetTag("network.peer.address", connection.RemoteEndPoint.Address.ToString());
            span?.SetTag("network.peer.port", connection.RemoteEndPoint.Port);
            span?.SetTag("tls.resumed", connection.IsResumed);
            span?.SetTag("network.protocol.name", connection.ApplicationProtocol);
        }
    }

    /// <summary>Notes that a handshake failed.</summary>
    /// <param name="engine">Name of the engine.</param>
    /// <param name="isServer">Which side this is.</param>
    /// <param name="remote">The peer's address.</param>
    /// <param name="duration">From the first packet to the failure.</param>
    /// <param name="close">How it ended.</param>
    public static void HandshakeFailed(string engine, bool isServer, IPEndPoint remote, TimeSpan duration, ConnectionClose close)
    {
        ArgumentNullException.ThrowIfNull(remote);
        ArgumentNullException.ThrowIfNull(close);
        string role = isServer ? "server" : "client";
        HandshakeFailures.Add(1, new("transport.engine", engine), new("transport.role", role), new("error.type", close.Error.ToString()));
        if (Source.HasListeners())
        {
            using Activity? span = StartHandshake(engine, role, duration);
            span?.SetTag("network.peer.address", remote.Address.ToString());
            span?.SetTag("network.peer.port", remote.Port);
            span?.SetTag("error.type", close.Error.ToString());
            span?.SetStatus(ActivityStatusCode.Error, close.Reason);
        }
    }

    /// <summary>Notes that an open connection is over. Engines call it once for each <see cref="HandshakeCompleted"/>.</summary>
    /// <param name="engine">Name of the engine.</param>
    /// <param name="isServer">Which side this is.</param>
    public static void ConnectionEnded(string engine, bool isServer) =>
        ConnectionsActive.Add(-1, new("transport.engine", engine), new("transport.role", isServer ? "server" : "client"));

    /// <summary>Notes that a stream began.</summary>
    /// <param name="engine">Name of the engine.</param>
    /// <param name="isLocal">Whether this side opened it.</param>
    public static void StreamOpened(string engine, bool isLocal)
    {
        if (StreamsOpened.Enabled)
        {
            StreamsOpened.Add(1, new("transport.engine", engine), new("transport.initiator", isLocal ? "local" : "remote"));
        }
    }

    internal static void EventHandlerFailed(string engine, Exception exception) =>
        EventHandlerFailures.Add(1, new("transport.engine", engine), new("error.type", exception.GetType().FullName));

    internal static Activity? StartConnect(string engine, ConnectOptions options)
    {
        Activity? activity = Source.StartActivity("transport.connect", ActivityKind.Client);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("transport.engine", engine);
            activity.SetTag("network.transport", CarrierOf(engine));
            activity.SetTag("server.address", options.EffectiveServerName);
            activity.SetTag("server.port", options.RemotePort);
        }

        return activity;
    }

    internal static void ConnectSucceeded(Activity? activity, TransportConnection connection)
    {
        if (activity is null)
        {
            return;
        }

        activity.SetTag("network.peer.address", connection.RemoteEndPoint.Address.ToString());
        activity.SetTag("network.peer.port", connection.RemoteEndPoint.Port);
        activity.SetTag("network.protocol.name", connection.ApplicationProtocol);
        activity.SetTag("tls.resumed", connection.IsResumed);
    }

    internal static void RecordConnect(string engine, TimeSpan duration, bool succeeded) =>
        ConnectDuration.Record(duration.TotalSeconds, new("transport.engine", engine), new("transport.outcome", succeeded ? "ok" : "error"));

    internal static void ConnectFailed(Activity? activity, Exception exception)
    {
        if (activity is null)
        {
            return;
        }

        activity.SetTag("error.type", exception is TransportException t ? t.Error.ToString() : exception.GetType().FullName);
        activity.SetStatus(ActivityStatusCode.Error, exception.Message);
    }

    private static string CarrierOf(string engine) => engine == TcpConnection.EngineName ? "tcp" : "quic";

    private static Activity? StartHandshake(string engine, string role, TimeSpan duration)
    {
        Activity? span = Source.StartActivity("transport.handshake", ActivityKind.Internal);
        if (span is not null)
        {
            // The span is made when the handshake is over, as only then its length is known.
            span.SetStartTime(span.StartTimeUtc - duration);
            span.SetTag("transport.engine", engine);
            span.SetTag("transport.role", role);
            span.SetTag("network.transport", CarrierOf(engine));
        }

        return span;
    }
}
