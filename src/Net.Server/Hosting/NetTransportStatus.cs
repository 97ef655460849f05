using System.Collections.Concurrent;
using System.Net;

namespace Net.Server;

/// <summary>What a host's QUIC side is doing now: engine, ports, connections. A singleton of the host's services.</summary>
public sealed class NetTransportStatus
{
    private readonly ConcurrentDictionary<long, TransportConnection> _connections = [];
    private readonly Lock _lock = new();
    private IPEndPoint[] _endPoints = [];

    internal NetTransportStatus(string? engineName, string missingReason)
    {
        EngineName = engineName;
        MissingReason = missingReason;
    }

    /// <summary>Name of the engine, or <c>null</c> when none runs here and only HTTP over TCP is served.</summary>
    public string? EngineName { get; }

    /// <summary>Why the engines that would have been preferred do not run here, with what to install; "" when the first choice runs.</summary>
    public string MissingReason { get; }

    /// <summary>The UDP ports that are bound now, in the order in which they were.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints => Volatile.Read(ref _endPoints);

    /// <summary>The QUIC connections that are open now, whatever their protocol. The server owns them: look, but neither close nor dispose.</summary>
    public IReadOnlyCollection<TransportConnection> Connections => (IReadOnlyCollection<TransportConnection>)_connections.Values;

    internal void AddEndPoint(IPEndPoint endPoint)
    {
        lock (_lock)
        {
            _endPoints = [.. _endPoints, endPoint];
        }
    }

    internal void RemoveEndPoint(IPEndPoint endPoint)
    {
        lock (_lock)
        {
            _endPoints = [.. _endPoints.Where(other => !ReferenceEquals(other, endPoint))];
        }
    }

    /// <summary>Wraps a handler so that its connections are seen here.</summary>
    internal IConnectionHandler Track(IConnectionHandler handler) => new Tracking(this, handler);

    private sealed class Tracking(NetTransportStatus status, IConnectionHandler handler) : IConnectionHandler
    {
        public long OverloadedErrorCode => handler.OverloadedErrorCode;

        public long? ExcessiveLoadErrorCode => handler.ExcessiveLoadErrorCode;

        public long DistrustErrorCode => handler.DistrustErrorCode;

        public async Task ServeAsync(TransportConnection connection, CancellationToken draining, CancellationToken aborting)
        {
            status._connections.TryAdd(connection.Id, connection);
            try
            {
                await handler.ServeAsync(connection, draining, aborting).ConfigureAwait(false);
            }
            finally
            {
                status._connections.TryRemove(connection.Id, out _);
            }
        }
    }
}
