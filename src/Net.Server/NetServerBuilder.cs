using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Net.Security;

namespace Net.Server;

/// <summary>Puts a server together: routes of raw streams, other protocols, limits, clock and log.</summary>
public sealed class NetServerBuilder
{
    private readonly Dictionary<string, IRawStreamHandler> _routes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IConnectionHandler> _protocols = new(StringComparer.Ordinal);
    private NetServerOptions _options = new();
    private RawStreamServerOptions _rawStreamOptions = new();
    private TimeProvider _timeProvider = TimeProvider.System;
    private ILoggerFactory _loggerFactory = NullLoggerFactory.Instance;
    private ConnectionGuard? _guard;
    private AccessGate? _access;
    private bool _isBuilt;

    /// <summary>Adds a route of raw streams.</summary>
    /// <param name="route">Its name: 1 to 255 bytes of UTF-8 without control characters, compared byte by byte.</param>
    /// <param name="handler">Called for each stream. The stream ends when its task does: well (FIN), or reset with <see cref="RawStreamErrorCodes.HandlerFailed"/> when it fails.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">The name cannot be used or is taken.</exception>
    /// <exception cref="InvalidOperationException">The server is built already.</exception>
    public NetServerBuilder MapStream(string route, Func<RawStreamContext, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return MapStream(route, new DelegateStreamHandler(handler));
    }

    /// <summary>Adds a route of raw streams.</summary>
    /// <param name="route">Its name: 1 to 255 bytes of UTF-8 without control characters, compared byte by byte.</param>
    /// <param name="handler">Called for each stream, from many threads at once.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">The name cannot be used or is taken.</exception>
    /// <exception cref="InvalidOperationException">The server is built already.</exception>
    public NetServerBuilder MapStream(string route, IRawStreamHandler handler)
    {
        ThrowIfBuilt();
        ArgumentNullException.ThrowIfNull(handler);
        _ = new RawStreamHeader(route);
        if (!_routes.TryAdd(route, handler))
        {
            throw new ArgumentException($"The route '{route}' has a handler already.", nameof(route));
        }

        return this;
    }

    /// <summary>Adds another protocol on the same ports, told apart by ALPN.</summary>
    /// <param name="applicationProtocol">Its ALPN name.</param>
    /// <param name="handler">Serves its connections, from many threads at once.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">The name is taken; <see cref="RawStreamProtocol.ApplicationProtocol"/> belongs to <see cref="MapStream(string, IRawStreamHandler)"/>.</exception>
    /// <exception cref="InvalidOperationException">The server is built already.</exception>
    public NetServerBuilder MapProtocol(string applicationProtocol, IConnectionHandler handler)
    {
        ThrowIfBuilt();
        ArgumentException.ThrowIfNullOrEmpty(applicationProtocol);
        ArgumentNullException.ThrowIfNull(handler);
        if (applicationProtocol == RawStreamProtocol.ApplicationProtocol || !_protocols.TryAdd(applicationProtocol, handler))
        {
            throw new ArgumentException($"The protocol '{applicationProtocol}' has a handler already; raw streams are added with MapStream.", nameof(applicationProtocol));
        }

        return this;
    }

    /// <summary>Sets the limits over all protocols.</summary>
    /// <param name="options">The limits.</param>
    /// <returns>This builder.</returns>
    public NetServerBuilder UseOptions(NetServerOptions options)
    {
        ThrowIfBuilt();
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        return this;
    }

    /// <summary>Sets the limits of raw streams.</summary>
    /// <param name="options">The limits.</param>
    /// <returns>This builder.</returns>
    public NetServerBuilder UseRawStreamOptions(RawStreamServerOptions options)
    {
        ThrowIfBuilt();
        ArgumentNullException.ThrowIfNull(options);
        _rawStreamOptions = options;
        return this;
    }

    /// <summary>Sets the clock of deadlines and time limits. Default: the system's.</summary>
    /// <param name="timeProvider">The clock.</param>
    /// <returns>This builder.</returns>
    public NetServerBuilder UseTimeProvider(TimeProvider timeProvider)
    {
        ThrowIfBuilt();
        ArgumentNullException.ThrowIfNull(timeProvider);
        _timeProvider = timeProvider;
        return this;
    }

    /// <summary>Sets where the server logs, under category <c>Net.Server</c>. Default: nowhere.</summary>
    /// <param name="loggerFactory">Makes the logger; stays the caller's.</param>
    /// <returns>This builder.</returns>
    public NetServerBuilder UseLoggerFactory(ILoggerFactory loggerFactory)
    {
        ThrowIfBuilt();
        ArgumentNullException.ThrowIfNull(loggerFactory);
        _loggerFactory = loggerFactory;
        return this;
    }

    /// <summary>Sets what ends connections whose client is no longer trusted. Default: nothing, a client is judged by its handshake alone.</summary>
    /// <param name="guard">The guard, such as that of Net.Security's CertificateSource; stays the caller's.</param>
    /// <returns>This builder.</returns>
    public NetServerBuilder UseConnectionGuard(ConnectionGuard guard)
    {
        ThrowIfBuilt();
        ArgumentNullException.ThrowIfNull(guard);
        _guard = guard;
        return this;
    }

    /// <summary>Sets who may open which raw streams. Default: whoever the handshake lets in, all. Other protocols see to it themselves.</summary>
    /// <param name="access">The rules.</param>
    /// <returns>This builder.</returns>
    public NetServerBuilder UseAccess(AccessGate access)
    {
        ThrowIfBuilt();
        ArgumentNullException.ThrowIfNull(access);
        _access = access;
        return this;
    }

    /// <summary>Makes the server, which serves nothing until it listens. The builder takes no changes after that.</summary>
    /// <returns>The server; the caller owns and disposes it.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists every fault.</exception>
    /// <exception cref="InvalidOperationException">The server is built already, or serves nothing.</exception>
    public NetServer Build()
    {
        ThrowIfBuilt();
        _options.Validate();
        _rawStreamOptions.Validate();
        if (_routes.Count == 0 && _protocols.Count == 0)
        {
            throw new InvalidOperationException("The server would serve nothing; add a route with MapStream or a protocol with MapProtocol.");
        }

        _isBuilt = true;
        ILogger logger = _loggerFactory.CreateLogger("Net.Server");
        if (_routes.Count > 0)
        {
            _protocols.Add(RawStreamProtocol.ApplicationProtocol, new RawStreamRouter(_routes, _rawStreamOptions, _timeProvider, logger, _access));
        }

        return new NetServer(_protocols, _options, _timeProvider, logger, _guard);
    }

    private void ThrowIfBuilt()
    {
        if (_isBuilt)
        {
            throw new InvalidOperationException("The server is built already; make a new NetServerBuilder for another.");
        }
    }
}
