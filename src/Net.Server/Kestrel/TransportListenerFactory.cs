using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Net.Server.Kestrel.Checking;

namespace Net.Server.Kestrel;

/// <summary>Binds UDP ports for Kestrel on one of our engines.</summary>
internal sealed class TransportListenerFactory(
    NetTransportOptions options,
    TransportEngine engine,
    RawStreamRoutes routes,
    NetTransportStatus status,
    ILoggerFactory loggerFactory,
    IOptions<HostOptions> hostOptions,
    IOptions<KestrelServerOptions> serverOptions,
    TimeProvider? timeProvider = null,
    IMemoryPoolFactory<byte>? memoryPools = null) : IMultiplexedConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private const int AddressInUseLinux = 98;
    private const int AddressInUseMacOS = 48;
    private const int AddressInUseWindows = unchecked((int)0x80072740);

    /// <summary>QUIC runs over UDP: no Unix sockets, no named pipes, no file handles.</summary>
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    public async ValueTask<IMultiplexedConnectionListener> BindAsync(EndPoint endpoint, IFeatureCollection? features = null, CancellationToken cancellationToken = default)
    {
        if (endpoint is not IPEndPoint address)
        {
            throw new NotSupportedException($"QUIC cannot listen on {endpoint}; give an IP address and a port.");
        }

        TlsConnectionCallbackOptions? tls = features?.Get<TlsConnectionCallbackOptions>();
        if (tls is null && options.Tls is null)
        {
            throw new InvalidOperationException($"HTTP/3 on {endpoint} has no certificate; call UseHttps for the end point or set {nameof(NetTransportOptions)}.{nameof(NetTransportOptions.Tls)}.");
        }

        ILogger logger = loggerFactory.CreateLogger("Net.Server");
        var scope = new ListenerScope(
            options, timeProvider ?? TimeProvider.System, logger, memoryPools?.Create() ?? MemoryPool<byte>.Shared, FieldSectionLimits.From(serverOptions.Value.Limits));
        var http3 = new Http3ConnectionHandler(scope);
        var handlers = new Dictionary<string, IConnectionHandler>(StringComparer.Ordinal) { [Http3ConnectionHandler.ApplicationProtocol] = status.Track(http3) };
        foreach ((string protocol, IConnectionHandler handler) in routes.Freeze(scope.TimeProvider, logger))
        {
            handlers.Add(protocol, status.Track(handler));
        }

        var server = new NetServer(handlers, new NetServerOptions { MaxConnections = options.MaxConnections }, scope.TimeProvider, logger, options.ConnectionGuard);
        try
        {
            ListenOptions listen = options.ToListenOptions(address, [.. handlers.Keys], options.Tls ?? new HandshakeTls(tls!, address, options.ServerCertificateChain, logger).Select);
            IPEndPoint bound = await server.ListenAsync(engine, listen, cancellationToken).ConfigureAwait(false);
            status.AddEndPoint(bound);
            return new TransportConnectionListener(server, http3, bound, scope, status, options.DrainTimeout ?? hostOptions.Value.ShutdownTimeout);
        }
        catch (Exception exception)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            if (exception is TransportException { Error: TransportError.ListenFailed } failure)
            {
                throw Translate(failure, address);
            }

            throw;
        }
    }

    /// <summary>The exceptions by which Kestrel tells an occupied port, and an address family that the machine lacks, from the rest.</summary>
    private static Exception Translate(TransportException failure, IPEndPoint address) => failure switch
    {
        { NativeError: AddressInUseLinux or AddressInUseMacOS or AddressInUseWindows } => new AddressInUseException($"UDP {address}: {failure.Message}", failure),
        _ when address.AddressFamily == AddressFamily.InterNetworkV6 => new InvalidOperationException($"UDP {address}: {failure.Message}", failure),
        _ => failure,
    };
}
