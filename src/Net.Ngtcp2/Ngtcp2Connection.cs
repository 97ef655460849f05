using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Streams;
using Net.Ngtcp2.Tls;

namespace Net.Ngtcp2;

/// <summary>A connection as the application sees it. This part is for any thread; it only posts to the driver and reads what the driver published.</summary>
internal sealed partial class Ngtcp2Connection : TransportConnection
{
    private readonly IDriverHost _host;
    private readonly TaskCompletionSource _handshake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _usable = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ConnectionClose> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ConnectionDriver? _driver;
    private volatile HandshakeFacts? _facts;
    private volatile IPEndPoint _local;
    private volatile IPEndPoint _remote;
    private volatile int _earlyData;
    private volatile string? _earlyProtocol;
    private volatile ConnectionClose? _close;
    private int _closeRequested;
    private volatile bool _isAbandoned;

    internal Ngtcp2Connection(TransportOptions options, IDriverHost host, bool isServer, IPEndPoint remote, IPEndPoint local)
    {
        Options = options;
        _host = host;
        IsServer = isServer;
        _remote = remote;
        _local = local;
        Id = CreateId();
        StreamCreditLump = Math.Min(256 << 10, options.Limits.StreamReceiveWindow / 4);
        _connectionCreditLump = Math.Min(256 << 10, options.Limits.ConnectionReceiveWindow / 4);
        _creditWork = new CreditWork(this);
        _acceptQueue = new AcceptQueue<TransportStream>(options.InlineContinuations);
        _datagramQueue = new DatagramQueue(options.Limits.DatagramReceiveQueue);
        FirstVersion = options.Versions[0];
        if (!isServer)
        {
            var connect = (ConnectOptions)options;
            TicketKey = new SessionTicketKey(
                connect.EffectiveServerName, connect.RemotePort, connect.ApplicationProtocols[0],
                connect.Tls.Identity?.Generation ?? 0, connect.Tls.ServerCertificatePolicy.Generation, Ngtcp2Engine.EngineName);
        }
    }

    public override long Id { get; }

    public override bool IsServer { get; }

    public override EngineCapabilities Capabilities => Ngtcp2Engine.AllCapabilities;

    public override IPEndPoint LocalEndPoint => _local;

    public override IPEndPoint RemoteEndPoint => _remote;

    public override string ApplicationProtocol => _facts?.ApplicationProtocol ?? _earlyProtocol ?? "";

    public override string? ServerName => IsServer ? _facts?.ServerName : TlsServerName.ForExtension(((ConnectOptions)Options).EffectiveServerName);

    public override string? CertificateName => IsServer ? ServerName : ((ConnectOptions)Options).EffectiveServerName;

    public override QuicVersion Version => _facts?.Version ?? FirstVersion;

    public override string? CipherSuite => _facts?.CipherSuite;

    public override X509Certificate2? PeerCertificate => _facts?.PeerLeaf?.Certificate;

    public override IReadOnlyList<ReadOnlyMemory<byte>> PeerCertificateChain => _facts?.PeerChain ?? [];

    public override long IdentityGeneration => _facts?.IdentityGeneration ?? 0;

    public override bool IsResumed => _facts?.IsResumed ?? false;

    public override EarlyDataStatus EarlyData => (EarlyDataStatus)_earlyData;

    public override Task HandshakeCompletion => _handshake.Task;

    public override Task<ConnectionClose> Closed => _closed.Task;

    internal TransportOptions Options { get; }

    internal SessionTicketKey TicketKey { get; }

    /// <summary>The version that a client's first packet has.</summary>
    internal QuicVersion FirstVersion { get; init; }

    /// <summary>The version to try next when the server has answered that it does not speak the first one; <c>null</c> when there is none in common.</summary>
    internal QuicVersion? NextVersion { get; private set; }

    /// <summary>The driver of this connection; only its own thread may use it.</summary>
    internal ConnectionDriver Driver => _driver ?? throw new InvalidOperationException("The connection has no driver yet.");

    /// <summary>Completes when streams may be opened: the handshake is over, or early data may be sent.</summary>
    internal Task Usable => _usable.Task;

    public override PathStatistics GetPathStatistics() => ReadFigures().ToStatistics();

    public override async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        var completion = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        Run(completion, driver => driver.Ping(completion));
        return await completion.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask UpdateKeysAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        var completion = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        Run(completion, driver => driver.UpdateKeys(completion));
        int result = await completion.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (result != 0)
        {
            throw new TransportException(
                TransportError.ConnectionLost, $"The keys cannot be updated now: {ConnectionDriver.DescribeError(result)}. The handshake must be confirmed and the last update acknowledged.")
            {
                NativeError = result,
            };
        }
    }

    public override async ValueTask MigrateAsync(IPEndPoint? localEndPoint = null, CancellationToken cancellationToken = default)
    {
        if (IsServer)
        {
            throw new NotSupportedException("Only a client can move its connection; a server follows (RFC 9000, section 9).");
        }

        ThrowIfClosed();
        var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Run(completion, driver =>
        {
            IPEndPoint wanted = localEndPoint ?? new IPEndPoint(driver.RemoteAddress.IsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
            int socket;
            Udp.SocketAddressBuffer local;
            try
            {
                (socket, local) = _host.OpenSocketFor(wanted, driver.RemoteAddress);
            }
            catch (TransportException exception)
            {
                completion.TrySetException(new TransportException(TransportError.ConnectFailed, exception.Message, exception) { NativeError = exception.NativeError });
                return;
            }

            driver.Migrate(socket, local, completion);
        });
        await completion.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask CloseAsync(long errorCode, string reason = "", CancellationToken cancellationToken = default)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        ArgumentNullException.ThrowIfNull(reason);
        RequestClose(driver => driver.Close(errorCode, reason));
        await _closed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask DisposeAsync()
    {
        RequestClose(driver => driver.Close(Options.DefaultCloseErrorCode, ""));
        await _closed.Task.ConfigureAwait(false);
        _facts?.PeerLeaf?.Dispose();
    }

    /// <summary>Whether <see cref="Abandon"/> was called.</summary>
    internal bool IsAbandoned => _isAbandoned;

    /// <summary>Gives up an attempt.</summary>
    internal void Abandon(string reason)
    {
        _isAbandoned = true;
        RequestClose(driver => driver.Abandon(reason));
    }

    internal void Attach(ConnectionDriver driver) => _driver = driver;

    internal void Post(IDriverWork work) => _host.Post(work);

    internal void ThrowIfClosed()
    {
        if (_close is { } close)
        {
            throw close.ToException(isSafeToRetry: true);
        }
    }

    private void RequestClose(Action<ConnectionDriver> close)
    {
        if (Interlocked.Exchange(ref _closeRequested, 1) == 0)
        {
            RaiseDraining();
            _host.Post(new DriverAction(this, close));
        }
    }

    // Runs on the driver's thread; a connection that is over by then fails the completion.
    private void Run<T>(TaskCompletionSource<T> completion, Action<ConnectionDriver> action) =>
        _host.Post(new DriverAction(this, action, exception => completion.TrySetException(exception)));

    private void Run(TaskCompletionSource completion, Action<ConnectionDriver> action) =>
        _host.Post(new DriverAction(this, action, exception => completion.TrySetException(exception)));

    private sealed class DriverAction(Ngtcp2Connection connection, Action<ConnectionDriver> action, Action<Exception>? fail = null) : IDriverWork
    {
        public void Drop() => fail?.Invoke(new TransportException(TransportError.ConnectionLost, "The engine was disposed."));

        public void Run()
        {
            if (connection._close is { } close)
            {
                fail?.Invoke(close.ToException(isSafeToRetry: true));
                return;
            }

            if (connection._driver is not { } driver)
            {
                return;
            }

            try
            {
                action(driver);
            }
            catch (Exception exception) when (fail is not null)
            {
                fail(exception);
            }
            catch (Exception exception)
            {
                driver.EndAfterFailure(exception);
            }
        }
    }
}
