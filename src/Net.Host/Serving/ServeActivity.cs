using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Net.Server.Kestrel;

namespace Net.Hosting.Serving;

/// <summary>What the server is doing and did: calls and streams in flight, totals, and whether it drains. Thread-safe.</summary>
internal sealed class ServeActivity(TimeProvider timeProvider) : IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly ConditionalWeakTable<TransportConnection, ConnectionBytes> _connections = [];
    private readonly long _started = timeProvider.GetTimestamp();
    private int _callsInFlight;
    private int _streamsInFlight;
    private long _calls;
    private long _callErrors;
    private long _streams;
    private long _streamErrors;
    private long _bytesSent;
    private long _bytesReceived;
    private volatile bool _isDraining;
    private volatile bool _wasCut;

    /// <summary>Whether the server was told to stop.</summary>
    internal bool IsDraining => _isDraining;

    /// <summary>Whether something still ran when <see cref="Cut"/> was called.</summary>
    internal bool WasCut => _wasCut;

    /// <summary>Cancelled when what still runs is to end at once.</summary>
    internal CancellationToken CutToken => _cut.Token;

    internal int CallsInFlight => Volatile.Read(ref _callsInFlight);

    internal int StreamsInFlight => Volatile.Read(ref _streamsInFlight);

    internal TimeSpan Uptime => timeProvider.GetElapsedTime(_started);

    internal ActivityTotals Totals => new(
        Interlocked.Read(ref _calls), Interlocked.Read(ref _callErrors), Interlocked.Read(ref _streams), Interlocked.Read(ref _streamErrors),
        Interlocked.Read(ref _bytesReceived), Interlocked.Read(ref _bytesSent), Math.Round(Uptime.TotalSeconds, 3));

    internal void StartDraining() => _isDraining = true;

    /// <summary>Ends what still runs.</summary>
    internal void Cut()
    {
        if (CallsInFlight > 0 || StreamsInFlight > 0)
        {
            _wasCut = true;
        }

        _cut.Cancel();
    }

    /// <summary>The first middleware: counts every request.</summary>
    internal async Task CountCallAsync(HttpContext context, RequestDelegate next)
    {
        Interlocked.Increment(ref _callsInFlight);
        bool hasFailed = true;
        try
        {
            await next(context).ConfigureAwait(false);
            hasFailed = HasFailed(context);
        }
        finally
        {
            Interlocked.Decrement(ref _callsInFlight);
            Interlocked.Increment(ref _calls);
            if (hasFailed)
            {
                Interlocked.Increment(ref _callErrors);
            }

            if (context.Features.Get<ITransportConnectionFeature>() is { } feature)
            {
                CountBytes(feature.Connection);
            }
        }
    }

    internal void StreamStarted() => Interlocked.Increment(ref _streamsInFlight);

    internal void StreamEnded(TransportConnection connection, bool hasFailed)
    {
        Interlocked.Decrement(ref _streamsInFlight);
        Interlocked.Increment(ref _streams);
        if (hasFailed)
        {
            Interlocked.Increment(ref _streamErrors);
        }

        CountBytes(connection);
    }

    public void Dispose() => _cut.Dispose();

    private static bool HasFailed(HttpContext context)
    {
        if (context.Response.StatusCode >= StatusCodes.Status500InternalServerError || context.RequestAborted.IsCancellationRequested)
        {
            return true;
        }

        // gRPC says how a call ended in the trailers, or in the headers when there is no answer.
        string? status = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers["grpc-status"];
        status ??= context.Response.Headers["grpc-status"];
        return status is not (null or "" or "0");
    }

    /// <summary>Adds what a connection carried since it was last looked at.</summary>
    private void CountBytes(TransportConnection connection)
    {
        PathStatistics path = connection.GetPathStatistics();
        if (path is not { BytesSent: long sent, BytesReceived: long received })
        {
            return;
        }

        ConnectionBytes bytes = _connections.GetValue(connection, static _ => new ConnectionBytes());
        lock (bytes)
        {
            Interlocked.Add(ref _bytesSent, Math.Max(0, sent - bytes.Sent));
            Interlocked.Add(ref _bytesReceived, Math.Max(0, received - bytes.Received));
            bytes.Sent = Math.Max(bytes.Sent, sent);
            bytes.Received = Math.Max(bytes.Received, received);
        }
    }

    private sealed class ConnectionBytes
    {
        internal long Sent { get; set; }

        internal long Received { get; set; }
    }
}
