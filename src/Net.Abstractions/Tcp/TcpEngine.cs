using System.Net.Security;

namespace Net;

/// <summary>Carries raw streams (<c>net/1</c>) over TLS on TCP, for networks that block UDP: the same contract, the same handlers, without what only QUIC has.</summary>
/// <remarks>
/// <para>The framing is <c>protocol/net-1.md</c>, section 7: many streams share a connection, each with credit and error codes of its own. Lost packets hold up all of them, as always over TCP.
/// A server beside HTTP takes them through Kestrel, on the TCP ports that it serves HTTP on (<c>Net.Server</c>).</para>
/// <para><see cref="TransportStream.SendCompletion"/> says that all was handed to the socket, as nobody is told what TCP delivered. Priorities are ignored. Where the server refuses this side's certificate,
/// the connection ends with <see cref="TransportError.CertificateRejected"/> a moment after it was returned.</para>
/// </remarks>
/// <param name="timeProvider">The clock; <c>null</c>: the system's.</param>
public sealed class TcpEngine(TimeProvider? timeProvider = null) : TransportEngine
{
    internal const EngineCapabilities ConnectionCapabilities = EngineCapabilities.Listen | EngineCapabilities.Ping | EngineCapabilities.CloseReason | EngineCapabilities.InjectedClock | EngineCapabilities.TlsPerHandshake;

    private readonly TimeProvider _timeProvider = timeProvider ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly HashSet<TcpConnection> _connections = [];
    private readonly List<TcpTransportListener> _listeners = [];
    private bool _isDisposed;

    /// <inheritdoc/>
    public override string Name => TcpConnection.EngineName;

    /// <inheritdoc/>
    public override EngineSupport Support { get; } = new(true, null, null);

    /// <inheritdoc/>
    public override EngineCapabilities Capabilities => ConnectionCapabilities;

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        TcpConnection[] connections;
        TcpTransportListener[] listeners;
        lock (_lock)
        {
            _isDisposed = true;
            connections = [.. _connections];
            listeners = [.. _listeners];
        }

        foreach (TcpTransportListener listener in listeners)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }

        foreach (TcpConnection connection in connections)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(connections.Select(static connection => connection.Finished)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async ValueTask<TransportConnection> ConnectCoreAsync(ConnectOptions options, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        TcpOptionCheck.ThrowIfNotSupported(options);
        if (options.ApplicationProtocols is not [var protocol])
        {
            throw new NotSupportedException("Over TCP a connection is opened for one application protocol, as its frames belong to it; name one.");
        }

        long started = _timeProvider.GetTimestamp();
        TlsOverTcp tls = await TlsOverTcp.ConnectAsync(options, new SslApplicationProtocol(protocol), _timeProvider, cancellationToken).ConfigureAwait(false);
        var connection = TcpConnection.Start(
            TlsOverTcpLink.From(tls),
            TcpConnectionOptions.From(options, protocol, _timeProvider),
            isServer: false,
            _timeProvider.GetElapsedTime(started));
        bool isKept;
        lock (_lock)
        {
            isKept = !_isDisposed && _connections.Add(connection);
        }

        if (!isKept)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw new ObjectDisposedException(nameof(TcpEngine));
        }

        _ = ForgetAsync(connection);
        return connection;
    }

    /// <inheritdoc/>
    protected override ValueTask<TransportListener> ListenCoreAsync(ListenOptions options, CancellationToken cancellationToken)
    {
        TcpOptionCheck.ThrowIfNotSupported(options);
        TcpTransportListener listener = TcpTransportListener.Bind(options, _timeProvider);
        bool isKept;
        lock (_lock)
        {
            isKept = !_isDisposed;
            if (isKept)
            {
                _listeners.Add(listener);
            }
        }

        return isKept ? new ValueTask<TransportListener>(listener) : RefuseAsync(listener);
    }

    private static async ValueTask<TransportListener> RefuseAsync(TcpTransportListener listener)
    {
        await listener.DisposeAsync().ConfigureAwait(false);
        throw new ObjectDisposedException(nameof(TcpEngine));
    }

    private async Task ForgetAsync(TcpConnection connection)
    {
        await connection.Finished.ConfigureAwait(false);
        lock (_lock)
        {
            _connections.Remove(connection);
        }
    }
}
