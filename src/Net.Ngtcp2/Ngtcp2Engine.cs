using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Loop;
using Net.Ngtcp2.Tls;
using Net.Ngtcp2.Udp;

namespace Net.Ngtcp2;

/// <summary>QUIC over libngtcp2 and GnuTLS: every capability of the contract, on Linux.</summary>
/// <remarks>
/// Threads start with the first connection or listener. Dispose the engine last: it closes every connection and ends its threads.
/// Where the libraries are missing it can be made all the same; <see cref="Support"/> tells what to install.
/// </remarks>
public sealed class Ngtcp2Engine : TransportEngine
{
    internal const string EngineName = "ngtcp2";

    internal const EngineCapabilities AllCapabilities =
        EngineCapabilities.Listen | EngineCapabilities.Resumption | EngineCapabilities.EarlyData | EngineCapabilities.Migration
        | EngineCapabilities.Datagrams | EngineCapabilities.StreamPriority | EngineCapabilities.PathStatistics | EngineCapabilities.CongestionControlChoice
        | EngineCapabilities.Ping | EngineCapabilities.KeyUpdate | EngineCapabilities.InlineContinuations | EngineCapabilities.KeyLog
        | EngineCapabilities.Version2 | EngineCapabilities.InjectedClock | EngineCapabilities.Retry | EngineCapabilities.StatelessReset
        | EngineCapabilities.CloseReason | EngineCapabilities.TlsPerHandshake | EngineCapabilities.AbuseLimits | EngineCapabilities.ConfirmedConnect;

    private readonly Lock _lock = new();
    private readonly List<Ngtcp2Listener> _listeners = [];
    private UdpLoop[]? _clientLoops;
    private TlsSessionContext? _tlsContext;
    private int _nextLoop;
    private Task? _disposal;
    private volatile Exception? _loopFailure;

    /// <summary>Makes an engine.</summary>
    /// <param name="options">Settings; <c>null</c> for the defaults.</param>
    /// <exception cref="ArgumentException">The options are out of range; the message lists every fault.</exception>
    public Ngtcp2Engine(Ngtcp2EngineOptions? options = null)
    {
        Options = options ?? new Ngtcp2EngineOptions();
        Options.Validate();
        Logger = new GuardedLogger(Options.LoggerFactory.CreateLogger(EngineLog.Category));
    }

    /// <inheritdoc/>
    public override string Name => EngineName;

    /// <inheritdoc/>
    public override EngineSupport Support
    {
        get
        {
            NativeLibraryProbe probe = NativeLibraries.Probe();
            return new EngineSupport(probe.IsSupported, probe.Reason, probe.Version);
        }
    }

    /// <inheritdoc/>
    public override EngineCapabilities Capabilities => AllCapabilities;

    /// <summary>The settings.</summary>
    public Ngtcp2EngineOptions Options { get; }

    internal ILogger Logger { get; }

    internal TlsSessionContext TlsContext
    {
        get
        {
            lock (_lock)
            {
                return _tlsContext ??= new TlsSessionContext(Options.TimeProvider);
            }
        }
    }

    internal IReadOnlyList<UdpLoop> ClientLoops
    {
        get
        {
            lock (_lock)
            {
                return _clientLoops ?? [];
            }
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposal ??= DisposeCoreAsync();
            return new ValueTask(_disposal);
        }
    }

    internal void Forget(Ngtcp2Listener listener)
    {
        lock (_lock)
        {
            _listeners.Remove(listener);
        }
    }

    /// <summary>A loop ended with a failure of its own: the engine takes no new work and says why.</summary>
    internal void HandleLoopFailure(Exception exception)
    {
        _loopFailure ??= exception;
        Logger.LoopFailed(exception);
    }

    /// <inheritdoc/>
    protected override async ValueTask<TransportConnection> ConnectCoreAsync(ConnectOptions options, CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        TlsSession.ThrowIfUnsupported(options.ApplicationProtocols);
        if (options.RemoteEndPoint is IPEndPoint address)
        {
            return await ConnectToAsync(options, address, cancellationToken).ConfigureAwait(false);
        }

        var dns = (DnsEndPoint)options.RemoteEndPoint;
        IPAddress[] addresses = await ResolveAsync(dns, cancellationToken).ConfigureAwait(false);
        TransportException? last = null;
        foreach (IPAddress candidate in addresses)
        {
            try
            {
                return await ConnectToAsync(options, new IPEndPoint(candidate, dns.Port), cancellationToken).ConfigureAwait(false);
            }
            catch (TransportException exception) when (exception.Error == TransportError.ConnectFailed)
            {
                last = exception;
            }
        }

        throw last!;
    }

    /// <inheritdoc/>
    protected override async ValueTask<TransportListener> ListenCoreAsync(ListenOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfUnusable();
        TlsSession.ThrowIfUnsupported(options.ApplicationProtocols);
        Ngtcp2Listener listener = Ngtcp2Listener.Start(this, options);
        bool isKept;
        lock (_lock)
        {
            isKept = _disposal is null;
            if (isKept)
            {
                _listeners.Add(listener);
            }
        }

        if (!isKept)
        {
            // The engine was disposed meanwhile, and would not know of this listener.
            await listener.DisposeAsync().ConfigureAwait(false);
            throw new ObjectDisposedException(GetType().FullName);
        }

        return listener;
    }

    private static async ValueTask<IPAddress[]> ResolveAsync(DnsEndPoint dns, CancellationToken cancellationToken)
    {
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(dns.Host, dns.AddressFamily, cancellationToken).ConfigureAwait(false);
            if (addresses.Length > 0)
            {
                return addresses;
            }
        }
        catch (SocketException exception)
        {
            throw new TransportException(TransportError.ConnectFailed, $"The name '{dns.Host}' could not be resolved: {exception.Message}", exception);
        }

        throw new TransportException(TransportError.ConnectFailed, $"The name '{dns.Host}' has no address.");
    }

    private async ValueTask<TransportConnection> ConnectToAsync(
        ConnectOptions options, IPEndPoint remote, CancellationToken cancellationToken, QuicVersion? nextVersion = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        UdpLoop loop = NextClientLoop();
        var connection = new Ngtcp2Connection(options, loop, isServer: false, remote, options.LocalEndPoint ?? new IPEndPoint(IPAddress.Any, 0))
        {
            FirstVersion = nextVersion ?? options.Versions[0],
        };
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(new ConnectWork(loop, connection, options, SocketAddressBuffer.From(remote), begun));
        await begun.Task.ConfigureAwait(false);
        await using (cancellationToken.UnsafeRegister(static state => ((Ngtcp2Connection)state!).Abandon("the caller gave up"), connection).ConfigureAwait(false))
        {
            try
            {
                await connection.Usable.ConfigureAwait(false);
            }
            catch (TransportException exception)
            {
                // A cancelled attempt is over before it is reported, so that nothing is left behind.
                cancellationToken.ThrowIfCancellationRequested();
                if (nextVersion is null && connection.NextVersion is { } version)
                {
                    return await ConnectToAsync(options, remote, cancellationToken, version).ConfigureAwait(false);
                }

                throw new TransportException(exception.Error == TransportError.CertificateRejected ? exception.Error : TransportError.ConnectFailed, $"Connecting to {remote} failed. {exception.Message}", exception)
                {
                    TransportErrorCode = exception.TransportErrorCode,
                    ApplicationErrorCode = exception.ApplicationErrorCode,
                };
            }
        }

        if (connection.IsAbandoned)
        {
            // The handshake and the cancellation came at once: what is being closed is no connection to return.
            await connection.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return connection;
    }

    private UdpLoop NextClientLoop()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            if (_clientLoops is null)
            {
                var loops = new UdpLoop[Options.ClientLoops];
                _tlsContext ??= new TlsSessionContext(Options.TimeProvider);
                for (int i = 0; i < loops.Length; i++)
                {
                    loops[i] = new UdpLoop(this, $"net-ngtcp2-client-{i}");
                    loops[i].Start();
                }

                _clientLoops = loops;
            }

            return _clientLoops[_nextLoop++ % _clientLoops.Length];
        }
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposal is not null, this);
        if (_loopFailure is { } failure)
        {
            throw new TransportException(TransportError.ConnectionLost, $"A loop of the engine has failed; make a new engine. {failure.Message}", failure);
        }
    }

    private async Task DisposeCoreAsync()
    {
        Ngtcp2Listener[] listeners;
        UdpLoop[] loops;
        lock (_lock)
        {
            listeners = [.. _listeners];
            loops = _clientLoops ?? [];
        }

        foreach (Ngtcp2Listener listener in listeners)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }

        foreach (UdpLoop loop in loops)
        {
            await loop.StopAsync("the engine was disposed").ConfigureAwait(false);
        }
    }

    private sealed class ConnectWork(
        UdpLoop loop, Ngtcp2Connection connection, ConnectOptions options, SocketAddressBuffer remote, TaskCompletionSource begun) : IDriverWork
    {
        public void Drop() => begun.TrySetException(new TransportException(TransportError.ConnectFailed, "The engine was disposed."));

        public void Run()
        {
            int own = -1;
            try
            {
                (int socket, SocketAddressBuffer local) = options.LocalEndPoint is { } wanted ? loop.OpenSocketFor(wanted, remote) : loop.SharedSocketFor(remote);
                own = options.LocalEndPoint is null ? -1 : socket;
                ConnectionDriver driver = loop.Driver.Connect(connection, local, remote, socket);
                driver.OwnSocket = own;
                connection.Attach(driver);
                begun.TrySetResult();
            }
            catch (Exception exception)
            {
                if (own >= 0)
                {
                    loop.CloseSocket(own);
                }

                begun.TrySetException(exception is TransportException { Error: TransportError.ListenFailed } bind
                    ? new TransportException(TransportError.ConnectFailed, bind.Message, bind)
                    : exception);
            }
        }
    }
}
