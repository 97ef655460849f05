using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Channels;

namespace Net;

/// <summary>A TCP port of the <see cref="TcpEngine"/>: takes connections, does their handshakes side by side, and queues those that are done.</summary>
internal sealed class TcpTransportListener : TransportListener
{
    private readonly ListenOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly Socket _socket;
    private readonly Channel<TransportConnection> _accepted;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly HashSet<TcpConnection> _connections = [];
    private readonly HashSet<Task> _handshakes = [];
    private readonly Task _loop;

    private TcpTransportListener(Socket socket, ListenOptions options, TimeProvider timeProvider)
    {
        _socket = socket;
        _options = options;
        _timeProvider = timeProvider;
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
        _accepted = Channel.CreateBounded<TransportConnection>(options.Backlog);
        _loop = AcceptSocketsAsync();
    }

    public override IPEndPoint LocalEndPoint { get; }

    internal static TcpTransportListener Bind(ListenOptions options, TimeProvider timeProvider)
    {
        var socket = new Socket(options.LocalEndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (options.LocalEndPoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(options.LocalEndPoint);
            socket.Listen(options.Backlog);
            return new TcpTransportListener(socket, options, timeProvider);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new TransportException(TransportError.ListenFailed, $"TCP {options.LocalEndPoint} cannot be listened on: {exception.Message}", exception) { NativeError = exception.NativeErrorCode };
        }
    }

    public override async ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_accepted.Reader.TryRead(out TransportConnection? connection))
            {
                return connection;
            }
        }

        return null;
    }

    public override async ValueTask StopAcceptingAsync(CancellationToken cancellationToken = default)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.WaitAsync(cancellationToken).ConfigureAwait(false);
        Task[] handshakes;
        lock (_lock)
        {
            handshakes = [.. _handshakes];
        }

        await Task.WhenAll(handshakes).WaitAsync(cancellationToken).ConfigureAwait(false);
        _accepted.Writer.TryComplete();
    }

    public override async ValueTask DisposeAsync()
    {
        await StopAcceptingAsync().ConfigureAwait(false);
        _socket.Dispose();
        TcpConnection[] connections;
        lock (_lock)
        {
            connections = [.. _connections];
        }

        foreach (TcpConnection connection in connections)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(connections.Select(static connection => connection.Finished)).ConfigureAwait(false);
    }

    private async Task AcceptSocketsAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _socket.AcceptAsync(_stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException)
            {
                // One that was reset before it was taken, or no handles are left: the next may fare better.
                await Task.Delay(TimeSpan.FromMilliseconds(10), _timeProvider, CancellationToken.None).ConfigureAwait(false);
                continue;
            }

            Task handshake;
            lock (_lock)
            {
                if (_handshakes.Count >= _options.MaxHandshakes || _connections.Count >= _options.MaxConnections)
                {
                    // Before the handshake there is no way to say it but the end of TCP.
                    socket.Dispose();
                    continue;
                }

                handshake = Task.Run(() => HandshakeAsync(socket));
                _handshakes.Add(handshake);
            }

            _ = ForgetAsync(handshake);
        }
    }

    private async Task ForgetAsync(Task handshake)
    {
        await handshake.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _handshakes.Remove(handshake);
        }
    }

    private async Task HandshakeAsync(Socket socket)
    {
        long started = _timeProvider.GetTimestamp();
        var remote = (IPEndPoint)socket.RemoteEndPoint!;
        using var timeout = new CancellationTokenSource(_options.HandshakeTimeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopping.Token);
        TlsOverTcp tls;
        try
        {
            tls = await TlsOverTcp.AcceptAsync(socket, _options, _timeProvider, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            socket.Dispose();
            TransportError error = exception is AuthenticationException ? TransportError.CertificateRejected : TransportError.ConnectFailed;
            TransportDiagnostics.HandshakeFailed(
                TcpConnection.EngineName, isServer: true, remote, _timeProvider.GetElapsedTime(started), new ConnectionClose(CloseInitiator.None, error, null, null, exception.Message));
            return;
        }

        TcpConnection connection = TcpConnection.Start(
            TlsOverTcpLink.From(tls), TcpConnectionOptions.From(_options, tls.ApplicationProtocol, _timeProvider), isServer: true, _timeProvider.GetElapsedTime(started));
        lock (_lock)
        {
            _connections.Add(connection);
        }

        _ = ForgetAsync(connection);
        if (_stopping.IsCancellationRequested || !_accepted.Writer.TryWrite(connection))
        {
            await connection.CloseAsync(RawStreamErrorCodes.Overloaded, "The server takes no more connections.").ConfigureAwait(false);
        }
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
