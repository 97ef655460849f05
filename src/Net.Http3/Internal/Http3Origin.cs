using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Net.Http3;

/// <summary>The connections to one host and port.</summary>
/// <remarks>
/// One connection serves until it has no room for another stream; then another is opened, up to the limit; then requests wait on the least busy one for the server's credit. A connection that
/// drains leaves the list at once and is disposed when it is closed. An attempt belongs to nobody: whoever waits shares it, and its connection is kept when they give up.
/// </remarks>
internal sealed class Http3Origin
{
    // Each of them was opened and of no use to the one who waited; more would be a loop without end against a server that closes at once.
    private const int MaxUselessConnections = 100;

    private readonly Http3HandlerOptions _options;
    private readonly Http3ConnectionOptions _sessionOptions;
    private readonly ILogger _logger;
    private readonly CancellationToken _stopping;
    private readonly Lock _lock = new();
    private readonly List<PooledConnection> _connections = [];
    private readonly HashSet<Task> _work = [];
    private Task<PooledConnection>? _connecting;
    private int _users;
    private bool _isRetired;
    private long _pausedSince;
    private bool _isPaused;

    /// <summary>Makes an origin without connections.</summary>
    internal Http3Origin(string host, int port, Http3HandlerOptions options, ILogger logger, CancellationToken stopping)
    {
        EndPoint = new TransportEndPoint(host, port);
        _options = options;
        _sessionOptions = options.Connection with { TimeProvider = options.TimeProvider, LoggerFactory = options.LoggerFactory };
        _logger = logger;
        _stopping = stopping;
    }

    /// <summary>Where it is.</summary>
    internal TransportEndPoint EndPoint { get; }

    /// <summary>How many connections take requests.</summary>
    internal int ConnectionCount
    {
        get
        {
            lock (_lock)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Whether an attempt failed so recently that another version is to be used at once.</summary>
    internal bool IsPaused
    {
        get
        {
            lock (_lock)
            {
                return _isPaused && _options.TimeProvider.GetElapsedTime(_pausedSince) < _options.Http3RetryInterval;
            }
        }
    }

    /// <summary>Begins to use the origin, so that it is not forgotten meanwhile.</summary>
    /// <returns><c>false</c> when it has been forgotten already.</returns>
    internal bool TryBeginUse()
    {
        lock (_lock)
        {
            _users += _isRetired ? 0 : 1;
            return !_isRetired;
        }
    }

    /// <summary>Ends what <see cref="TryBeginUse"/> began.</summary>
    internal void EndUse()
    {
        lock (_lock)
        {
            _users--;
        }
    }

    /// <summary>Gives a connection that takes requests, opening one if need be. <see cref="EndPromise"/> must follow when the request has asked for its stream.</summary>
    /// <exception cref="HttpRequestException">No connection came about; the inner exception says why.</exception>
    internal async ValueTask<PooledConnection> RentAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (int attempt = 0; attempt <= MaxUselessConnections; attempt++)
            {
                Task connecting;
                lock (_lock)
                {
                    PooledConnection? chosen = Choose_NeedsLock();
                    if (chosen is not null)
                    {
                        chosen.LastUsed = _options.TimeProvider.GetTimestamp();
                        chosen.Promised++;
                        return chosen;
                    }

                    connecting = _connecting ??= BeginConnect_NeedsLock();
                }

                // Whoever waited chooses again: others may have taken all the room of the new connection.
                await connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            throw new TransportException(TransportError.ConnectFailed, $"{EndPoint} ended or used up {MaxUselessConnections} new connections before this request could begin on one.");
        }
        catch (Exception exception) when (exception is TransportException or NotSupportedException or ArgumentException)
        {
            throw exception is TransportException transport
                ? Http3Exceptions.ToRequestFailure(transport)
                : new HttpRequestException(HttpRequestError.ConnectionError, exception.Message, exception);
        }
    }

    /// <summary>The request has asked its connection for a stream, and counts there from now on.</summary>
    internal void EndPromise(PooledConnection connection)
    {
        lock (_lock)
        {
            connection.Promised--;
        }
    }

    /// <summary>Retires connections that are too old or were idle for too long, and the origin itself when it has none left.</summary>
    /// <returns>Whether the origin is to be forgotten.</returns>
    internal bool Maintain()
    {
        List<(PooledConnection Connection, string Reason)> retired = [];
        bool isRetired;
        lock (_lock)
        {
            foreach (PooledConnection connection in _connections)
            {
                if (connection.Session.ActiveRequests + connection.Promised > 0)
                {
                    connection.LastUsed = _options.TimeProvider.GetTimestamp();
                }

                if (IsOver(_options.PooledConnectionLifetime, connection.Opened))
                {
                    retired.Add((connection, "its lifetime is over"));
                }
                else if (IsOver(_options.PooledConnectionIdleTimeout, connection.LastUsed))
                {
                    retired.Add((connection, "it was idle"));
                }
            }

            retired.ForEach(r => _connections.Remove(r.Connection));

            isRetired = _isRetired = _users == 0 && _connections.Count == 0 && _work.Count == 0
                && (!_isPaused || _options.TimeProvider.GetElapsedTime(_pausedSince) >= _options.Http3RetryInterval);
        }

        foreach ((PooledConnection connection, string reason) in retired)
        {
            Http3Log.ConnectionRetired(_logger, connection.Session.Connection.Id, EndPoint, reason);
            connection.Session.Drain();
        }

        return isRetired;
    }

    /// <summary>Closes all connections and waits until they are gone. The handler's token is cancelled already.</summary>
    internal async Task CloseAsync()
    {
        PooledConnection[] connections;
        Task[] work;
        lock (_lock)
        {
            _isRetired = true;
            connections = [.. _connections];
            work = [.. _work];
        }

        foreach (PooledConnection connection in connections)
        {
            await connection.Session.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(work).ConfigureAwait(false);
    }

    private bool IsOver(TimeSpan limit, long since) => limit != Timeout.InfiniteTimeSpan && _options.TimeProvider.GetElapsedTime(since) >= limit;

    private PooledConnection? Choose_NeedsLock()
    {
        PooledConnection? leastBusy = null;
        foreach (PooledConnection connection in _connections)
        {
            if (connection.Session.IsDraining)
            {
                continue;
            }

            if (connection.HasRoom_NeedsLock)
            {
                return connection;
            }

            if (leastBusy is null || connection.Session.ActiveRequests < leastBusy.Session.ActiveRequests)
            {
                leastBusy = connection;
            }
        }

        return _connections.Count >= _options.MaxConnectionsPerServer ? leastBusy : null;
    }

    private Task<PooledConnection> BeginConnect_NeedsLock()
    {
        // On the pool, so that no engine's code runs under the lock.
        Task<PooledConnection> connecting = Task.Run(ConnectAsync, CancellationToken.None);
        Track_NeedsLock(ObserveAsync(connecting));
        return connecting;
    }

    private async Task ObserveAsync(Task<PooledConnection> connecting)
    {
        await Task.Yield();
        try
        {
            await connecting.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Http3Log.ConnectFailed(_logger, EndPoint, _options.Http3RetryInterval, exception);
        }
    }

    private async Task<PooledConnection> ConnectAsync()
    {
        try
        {
            Http3Log.Connecting(_logger, EndPoint);
            Http3Connection session = await OpenAsync().ConfigureAwait(false);
            var opened = new PooledConnection(session, _options.TimeProvider.GetTimestamp());
            session.Draining += (_, _) => Remove(opened);
            lock (_lock)
            {
                _connections.Add(opened);
                _connecting = null;
                _isPaused = false;
                Track_NeedsLock(WatchAsync(opened));
            }

            return opened;
        }
        catch (Exception exception)
        {
            lock (_lock)
            {
                _connecting = null;
                if (exception is TransportException { Error: TransportError.ConnectFailed or TransportError.EngineMissing })
                {
                    _isPaused = true;
                    _pausedSince = _options.TimeProvider.GetTimestamp();
                }
            }

            throw;
        }
    }

    private async Task<Http3Connection> OpenAsync()
    {
        using var timeout = new CancellationTokenSource(_options.ConnectTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopping);
        try
        {
            return await Http3Protocol.OpenAsync(
                new ChannelConnectContext
                {
                    EndPoint = new ChannelEndPoint(EndPoint),
                    Engine = _options.Engine,
                    Tls = _options.Tls,
                    Limits = _options.Limits,
                    ConnectTimeout = _options.ConnectTimeout,
                    IdleTimeout = _options.TransportIdleTimeout,
                    KeepAliveInterval = _options.KeepAliveInterval,
                    AllowEarlyData = _options.AllowEarlyData,
                    TimeProvider = _options.TimeProvider,
                },
                _sessionOptions,
                either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (either.IsCancellationRequested)
        {
            throw _stopping.IsCancellationRequested
                ? new TransportException(TransportError.ConnectFailed, "The HTTP/3 handler was disposed while it connected.", exception)
                : new TransportException(
                    TransportError.ConnectFailed,
                    string.Create(CultureInfo.InvariantCulture, $"No connection to {EndPoint} within {_options.ConnectTimeout.TotalSeconds:0.###} s ({nameof(Http3HandlerOptions)}.{nameof(Http3HandlerOptions.ConnectTimeout)})."),
                    exception);
        }
    }

    // A connection leaves the list when it drains; it is disposed when its last request has ended and it is closed.
    private async Task WatchAsync(PooledConnection connection)
    {
        await Task.Yield();
        if (connection.Session.IsDraining)
        {
            Remove(connection);
        }

        await connection.Session.Closed.ConfigureAwait(false);
        Remove(connection);
        try
        {
            await connection.Session.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Http3Log.CloseFailed(_logger, connection.Session.Connection.Id, exception);
        }
    }

    private void Remove(PooledConnection connection)
    {
        lock (_lock)
        {
            _connections.Remove(connection);
        }
    }

    private void Track_NeedsLock(Task task)
    {
        _work.Add(task);
        _ = ForgetAsync(task);
    }

    private async Task ForgetAsync(Task task)
    {
        await task.ConfigureAwait(false);
        lock (_lock)
        {
            _work.Remove(task);
        }
    }
}
