using Microsoft.Extensions.Logging;

namespace Net.Server;

/// <summary>The raw streams and other protocols of a host, collected until the first port is bound; then all ports share one router, so that its limits hold over all of them.</summary>
internal sealed class RawStreamRoutes(NetTransportOptions options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, IRawStreamHandler> _routes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IConnectionHandler> _protocols = new(StringComparer.Ordinal);
    private bool _isFrozen;

    internal void Map(string route, IRawStreamHandler handler)
    {
        _ = new RawStreamHeader(route);
        lock (_lock)
        {
            ThrowIfFrozen_NeedsLock();
            if (!_routes.TryAdd(route, handler))
            {
                throw new ArgumentException($"The route '{route}' has a handler already.", nameof(route));
            }
        }
    }

    internal void MapProtocol(string applicationProtocol, IConnectionHandler handler)
    {
        lock (_lock)
        {
            ThrowIfFrozen_NeedsLock();
            if (applicationProtocol is RawStreamProtocol.ApplicationProtocol or Kestrel.Http3ConnectionHandler.ApplicationProtocol || !_protocols.TryAdd(applicationProtocol, handler))
            {
                throw new ArgumentException($"The protocol '{applicationProtocol}' has a handler already; raw streams are added with MapNetStream, and HTTP/3 is Kestrel's.", nameof(applicationProtocol));
            }
        }
    }

    /// <summary>Takes no more routes, and gives the handlers by application protocol.</summary>
    internal IReadOnlyDictionary<string, IConnectionHandler> Freeze(TimeProvider timeProvider, ILogger logger)
    {
        lock (_lock)
        {
            if (!_isFrozen)
            {
                _isFrozen = true;
                if (_routes.Count > 0)
                {
                    _protocols.Add(RawStreamProtocol.ApplicationProtocol, new RawStreamRouter(_routes, options.RawStreams, timeProvider, logger, options.Access));
                }
            }

            return _protocols;
        }
    }

    private void ThrowIfFrozen_NeedsLock()
    {
        if (_isFrozen)
        {
            throw new InvalidOperationException("The server listens already; map raw streams and protocols before the host starts.");
        }
    }
}
