using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Net.Chaos.Proxy;

namespace Net.Chaos.Tcp;

/// <summary>A TCP proxy on real sockets.</summary>
internal sealed class TcpProxyRunner : IProxyRunner
{
    private const int Backlog = 512;

    private readonly ChaosProxyOptions _options;
    private readonly ChaosClock _clock;
    private readonly ulong _seed;
    private readonly TrafficCounters _traffic;
    private readonly ILogger _logger;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<Toxic> _toxics;
    private readonly HashSet<TcpConnection> _connections = [];
    private readonly HashSet<Task> _running = [];
    private readonly Task _accepting;
    private long _nextConnection;

    private TcpProxyRunner(ChaosProxyOptions options, ChaosClock clock, ulong seed, TrafficCounters traffic, ILogger logger, Socket listener, IEnumerable<Toxic> toxics)
    {
        _options = options;
        _clock = clock;
        _seed = seed;
        _traffic = traffic;
        _logger = logger;
        _listener = listener;
        _toxics = [.. toxics];
        EndPoint = (IPEndPoint)listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <inheritdoc/>
    public IPEndPoint EndPoint { get; }

    /// <summary>Opens the listening socket and begins to accept.</summary>
    /// <exception cref="ChaosException">An address is wrong, or the system refuses it.</exception>
    internal static async Task<TcpProxyRunner> StartAsync(
        ChaosProxyOptions options, ChaosClock clock, ulong seed, TrafficCounters traffic, ILogger logger, IEnumerable<Toxic> toxics, CancellationToken cancellationToken)
    {
        IPEndPoint listen = await HostPort.ResolveAsync(options.Listen, cancellationToken).ConfigureAwait(false);
        var listener = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (listen.Address.Equals(IPAddress.IPv6Any))
            {
                listener.DualMode = true;
            }

            listener.Bind(listen);
            listener.Listen(Backlog);
        }
        catch (SocketException exception)
        {
            listener.Dispose();
            throw new ChaosException(ChaosError.Failed, $"listen tcp {options.Listen}: {exception.Message}", exception);
        }

        return new TcpProxyRunner(options, clock, seed, traffic, logger, listener, toxics);
    }

    /// <inheritdoc/>
    public Task AddAsync(Toxic toxic) => ChangeAsync(t => t.Add(toxic), chain => chain.Add(toxic));

    /// <inheritdoc/>
    public Task UpdateAsync(Toxic toxic) => ChangeAsync(t => t[t.FindIndex(o => o.Name == toxic.Name)] = toxic, chain => chain.Update(toxic));

    /// <inheritdoc/>
    public Task RemoveAsync(string toxic) => ChangeAsync(t => t.RemoveAll(o => o.Name == toxic), chain => chain.Remove(toxic));

    /// <inheritdoc/>
    public Task<int> RebindAsync(IPAddress? source) => Task.FromResult(0);

    /// <inheritdoc/>
    public Task<IReadOnlyList<SessionView>> ListSessionsAsync()
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<SessionView>>([.. _connections.OrderBy(static c => c.Number).Select(static c => new SessionView(c.Number, c.Client, c.Local, 0, 0))]);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        TcpConnection[] connections;
        Task[] running;
        lock (_lock)
        {
            connections = [.. _connections];
            running = [.. _running];
        }

        foreach (TcpConnection connection in connections)
        {
            connection.Abort(isReset: false);
        }

        await Task.WhenAll(running).ConfigureAwait(false);
    }

    private Task ChangeAsync(Action<List<Toxic>> list, Action<StreamChain> change)
    {
        TcpConnection[] connections;

        // A connection that is made meanwhile gets the new list; one that is there gets the change.
        lock (_lock)
        {
            list(_toxics);
            connections = [.. _connections];
        }

        foreach (TcpConnection connection in connections)
        {
            connection.Change(change);
        }

        return Task.CompletedTask;
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception)
            {
                // One client's failure, or no descriptors left for a while.
                ChaosLog.AcceptFailed(_logger, _options.Name, exception.Message);
                await PauseAsync().ConfigureAwait(false);
                continue;
            }

            Track(ServeAsync(client, Interlocked.Increment(ref _nextConnection) - 1));
        }
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), _clock.Provider, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The proxy goes down.
        }
    }

    private void Track(Task task)
    {
        lock (_lock)
        {
            _running.Add(task);
        }

        _ = task.ContinueWith(
            t =>
            {
                lock (_lock)
                {
                    _running.Remove(t);
                }
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task ServeAsync(Socket client, long number)
    {
        client.NoDelay = true;
        if (await ConnectAsync(client).ConfigureAwait(false) is not { } server)
        {
            client.Dispose();
            _traffic.AddRefusedSession();
            return;
        }

        TcpConnection? connection = null;
        lock (_lock)
        {
            if (!_stop.IsCancellationRequested && _connections.Count < _options.MaxSessions)
            {
                connection = Create_NeedsLock(client, server, number);
            }
        }

        if (connection is null)
        {
            client.Dispose();
            server.Dispose();
            _traffic.AddRefusedSession();
            return;
        }

        _traffic.AddSession();
        await connection.RunAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
        lock (_lock)
        {
            _connections.Remove(connection);
        }
    }

    private TcpConnection? Create_NeedsLock(Socket client, Socket server, long number)
    {
        try
        {
            var connection = new TcpConnection(client, server, new ChainIdentity(_seed, _options.Name, number), _clock, [.. _toxics], _traffic, _options.MaxHeldBytes);
            _connections.Add(connection);
            return connection;
        }
        catch (SocketException)
        {
            // A client that has reset the connection already has no address any more.
            return null;
        }
    }

    private async Task<Socket?> ConnectAsync(Socket client)
    {
        Socket? server = null;
        try
        {
            // Looked up each time: where a name points to may change while the proxy runs.
            IPEndPoint upstream = await HostPort.ResolveAsync(_options.Upstream, _stop.Token).ConfigureAwait(false);
            server = new Socket(upstream.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await server.ConnectAsync(upstream, _stop.Token).ConfigureAwait(false);
            return server;
        }
        catch (Exception exception) when (exception is SocketException or ChaosException or OperationCanceledException)
        {
            ChaosLog.UpstreamRefused(_logger, _options.Name, $"for {client.RemoteEndPoint}: {exception.Message}");
            server?.Dispose();
            return null;
        }
    }
}
