using System.Collections.Concurrent;
using System.Net;
using System.Net.Quic;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using System.Threading.Channels;

namespace Net.MsQuic.Internal;

/// <summary>A listener over a QuicListener.</summary>
/// <remarks>
/// Each handshake asks <see cref="SelectAsync"/> for its options, and yields exactly one result to the loop: a connection or an exception. One that is refused in
/// <see cref="SelectAsync"/> yields its exception too, some seconds later, when the library has closed it.
/// </remarks>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
internal sealed class MsQuicListener : TransportListener
{
    private readonly Lock _lock = new();
    private readonly ListenOptions _options;
    private readonly CredentialCache _credentials;
    private readonly TimeProvider _timeProvider;
    private readonly Action<MsQuicListener> _disposed;
    private readonly ConcurrentDictionary<MsQuicConnection, bool> _connections = [];
    private readonly ConditionalWeakTable<QuicConnection, Handshake> _handshakes = [];
    private readonly Channel<MsQuicConnection> _accepted = Channel.CreateUnbounded<MsQuicConnection>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly BackgroundWork _handshaking = new();
    private QuicListener? _quic;
    private Task _loop = Task.CompletedTask;
    private Task? _disposing;
    private int _active;
    private int _reported;
    private bool _isStopping;
    private bool _isClosed;

    private MsQuicListener(ListenOptions options, CredentialCache credentials, TimeProvider timeProvider, Action<MsQuicListener> disposed)
    {
        _options = options;
        _credentials = credentials;
        _timeProvider = timeProvider;
        _disposed = disposed;
    }

    /// <inheritdoc/>
    public override IPEndPoint LocalEndPoint => _quic!.LocalEndPoint;

    /// <summary>Binds a port.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="credentials">What is derived from identities.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="disposed">Called when the listener is gone.</param>
    /// <returns>The listener.</returns>
    /// <exception cref="TransportException"><see cref="TransportError.ListenFailed"/>.</exception>
    internal static async ValueTask<MsQuicListener> BindAsync(
        ListenOptions options, CredentialCache credentials, TimeProvider timeProvider, Action<MsQuicListener> disposed)
    {
        var listener = new MsQuicListener(options, credentials, timeProvider, disposed);
        try
        {
            PortProbe.ThrowIfNotBindable(options.LocalEndPoint);
            listener._quic = await QuicListener.ListenAsync(
                new QuicListenerOptions
                {
                    ListenEndPoint = options.LocalEndPoint,
                    ApplicationProtocols = MsQuicOptions.ToProtocols(options),
                    ListenBacklog = options.MaxHandshakes,
                    ConnectionOptionsCallback = listener.SelectAsync,
                },
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is QuicException or SocketException or InvalidOperationException)
        {
            ErrorMeaning meaning = MsQuicErrors.Translate(exception, ErrorScene.Listening);
            string remedy = exception is SocketException { SocketErrorCode: SocketError.AccessDenied }
                ? "Choose a port of 1024 or above, or give the process the right to lower ones (root, or the capability CAP_NET_BIND_SERVICE)."
                : "Choose another address or port, or free this one.";
            throw meaning.ToException($"Listening on {options.LocalEndPoint} failed: {meaning.Reason}. {remedy}", exception);
        }

        ListenedPorts.Add(listener.LocalEndPoint.Port);
        listener._loop = listener.AcceptLoopAsync();
        return listener;
    }

    /// <inheritdoc/>
    public override async ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            MsQuicConnection connection = await _accepted.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public override ValueTask StopAcceptingAsync(CancellationToken cancellationToken = default) =>
        new(StopAsync().WaitAsync(cancellationToken));

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            return new ValueTask(_disposing ??= DisposeCoreAsync());
        }
    }

    private async Task StopAsync()
    {
        lock (_lock)
        {
            _isStopping = true;
        }

        foreach (MsQuicConnection connection in _connections.Keys)
        {
            connection.StartDraining();
        }

        await _handshaking.DrainAsync().ConfigureAwait(false);
        _accepted.Writer.TryComplete();
    }

    private async Task DisposeCoreAsync()
    {
        // Off the caller's lock.
        await Task.Yield();
        Volatile.Write(ref _isStopping, true);
        Volatile.Write(ref _isClosed, true);
        IPEndPoint local = LocalEndPoint;
        await _quic!.DisposeAsync().ConfigureAwait(false);
        ListenedPorts.Remove(local.Port);
        await _loop.ConfigureAwait(false);
        _handshaking.Abandon();
        _accepted.Writer.TryComplete();
        await Task.WhenAll(_connections.Keys.Select(connection => connection.DisposeAsync().AsTask())).ConfigureAwait(false);
        await PortProbe.WaitUntilFreeAsync(local).ConfigureAwait(false);
        _disposed(this);
    }

    private ValueTask<QuicServerConnectionOptions> SelectAsync(QuicConnection quic, SslClientHelloInfo hello, CancellationToken cancellationToken)
    {
        long started = _timeProvider.GetTimestamp();
        string? serverName = hello.ServerName.Length == 0 ? null : hello.ServerName;
        IPEndPoint remote = quic.RemoteEndPoint;
        if (FindRefusal() is string refusal)
        {
            throw Refuse(remote, started, refusal, null);
        }

        try
        {
            // No name of a server has such characters (RFC 6066, section 3), and who is asked may log the name as it is.
            ServerTlsOptions? tls = (PlainText.IsUnsafe(serverName) ? null : _options.Tls(new ClientHello(serverName, remote)))
                ?? throw Refuse(remote, started, $"no TLS options were chosen for the server name '{PlainText.Clean(serverName)}'", null);
            tls.Validate();
            var check = new CertificateCheck(tls.ClientCertificatePolicy, tls.ClientCertificateMode, isServerCertificate: false, serverName, _timeProvider);
            var handshake = new Handshake(started, check, new StreamCredit(), serverName, tls.Identity.Generation);
            QuicServerConnectionOptions options = MsQuicOptions.CreateServer(_options, tls, _credentials.GetContext(tls.Identity), check, handshake.Credit);
            SslServerAuthenticationOptions authentication = options.ServerAuthenticationOptions;
            RemoteCertificateValidationCallback validate = authentication.RemoteCertificateValidationCallback!;
            authentication.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
                validate(sender, certificate, chain, errors) || ReportRefused(remote, handshake);
            _handshakes.Add(quic, handshake);
            return ValueTask.FromResult(options);
        }
        catch (Exception exception)
        {
            LeaveHandshake();
            throw exception as RefusedException ?? Refuse(remote, started, $"choosing the TLS options failed: {exception.Message}", exception);
        }
    }

    /// <summary>Counts a handshake in, or says why there must be none.</summary>
    private string? FindRefusal()
    {
        lock (_lock)
        {
            if (_isStopping || !_handshaking.TryEnter())
            {
                return "the listener takes no new connections";
            }

            if (_active >= _options.MaxConnections || _accepted.Reader.Count >= _options.Backlog)
            {
                _handshaking.Leave();
                return _active >= _options.MaxConnections
                    ? $"{_active} connections are open or under way, and MaxConnections allows {_options.MaxConnections}"
                    : $"{_options.Backlog} connections wait to be accepted, as many as Backlog allows";
            }

            _active++;
            return null;
        }
    }

    private RefusedException Refuse(IPEndPoint remote, long started, string reason, Exception? cause)
    {
        var close = new ConnectionClose(CloseInitiator.Local, TransportError.ConnectFailed, null, null, reason);
        TransportDiagnostics.HandshakeFailed(MsQuicEngine.EngineName, isServer: true, remote, _timeProvider.GetElapsedTime(started), close);
        return new RefusedException(reason, cause);
    }

    private bool ReportRefused(IPEndPoint remote, Handshake handshake)
    {
        // The exception that follows in the loop does not tell which handshake it is of, so it is reported here, where that is known.
        Interlocked.Increment(ref _reported);
        ConnectionClose close = handshake.Check.Rejection!.ToMeaning(0).ToClose();
        TransportDiagnostics.HandshakeFailed(MsQuicEngine.EngineName, isServer: true, remote, _timeProvider.GetElapsedTime(handshake.Started), close);
        return false;
    }

    private async Task AcceptLoopAsync()
    {
        while (true)
        {
            try
            {
                Admit(await _quic!.AcceptConnectionAsync(CancellationToken.None).ConfigureAwait(false));
            }
            catch (ObjectDisposedException) when (Volatile.Read(ref _isClosed))
            {
                return;
            }
            catch (QuicException exception) when (exception.InnerException is RefusedException)
            {
                // Counted and reported when it was refused.
            }
            catch (Exception exception)
            {
                LeaveHandshake();
                ReportFailed(exception);
            }
        }
    }

    private void Admit(QuicConnection quic)
    {
        // The options were chosen for every connection that comes here, and the table keeps them as long as the connection.
        _handshakes.TryGetValue(quic, out Handshake? handshake);
        var start = new ConnectionStart(
            quic, _options, handshake!.Check, handshake.Credit, handshake.ServerName, handshake.IdentityGeneration, IsServer: true);
        var connection = new MsQuicConnection(start, Remove);
        _connections.TryAdd(connection, true);
        TransportDiagnostics.HandshakeCompleted(MsQuicEngine.EngineName, connection, _timeProvider.GetElapsedTime(handshake.Started));
        connection.Start();
        bool isLate = Volatile.Read(ref _isClosed) || _accepted.Reader.Count >= _options.Backlog || !_accepted.Writer.TryWrite(connection);
        _handshaking.Leave();
        if (isLate)
        {
            // Nobody will ever accept it. The dispose goes on by itself; the listener's own waits for all its connections.
            _ = connection.DisposeAsync().AsTask();
        }
        else if (Volatile.Read(ref _isStopping))
        {
            connection.StartDraining();
        }
    }

    private void ReportFailed(Exception exception)
    {
        ErrorMeaning meaning = MsQuicErrors.Translate(exception, ErrorScene.Accepting);
        if (meaning.Error == TransportError.CertificateRejected && Interlocked.Decrement(ref _reported) >= 0)
        {
            return;
        }

        if (meaning.Error == TransportError.CertificateRejected)
        {
            Interlocked.Increment(ref _reported);
        }

        // The library does not say whose handshake it was, nor since when.
        TransportDiagnostics.HandshakeFailed(
            MsQuicEngine.EngineName, isServer: true, new IPEndPoint(IPAddress.None, 0), TimeSpan.Zero, meaning.ToClose());
    }

    private void Remove(MsQuicConnection connection)
    {
        _connections.TryRemove(connection, out _);
        lock (_lock)
        {
            _active--;
        }
    }

    private void LeaveHandshake()
    {
        lock (_lock)
        {
            _active--;
        }

        _handshaking.Leave();
    }

    /// <summary>What is known of a handshake under way.</summary>
    private sealed record Handshake(long Started, CertificateCheck Check, StreamCredit Credit, string? ServerName, long IdentityGeneration);

    /// <summary>Thrown into System.Net.Quic to refuse a handshake.</summary>
    private sealed class RefusedException(string reason, Exception? cause) : Exception(reason, cause);
}
