using System.Collections.Frozen;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Net.Server;

/// <summary>Accepts connections on any number of ports and hands each to the handler of its application protocol. Made by <see cref="NetServerBuilder"/>. Thread-safe.</summary>
public sealed class NetServer : IAsyncDisposable
{
    private readonly FrozenDictionary<string, IConnectionHandler> _handlers;
    private readonly NetServerOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly ConnectionGuard? _guard;
    private readonly CancellationTokenSource _draining = new();
    private readonly CancellationTokenSource _aborting = new();
    private readonly InFlight _connections = new();
    private readonly Lock _lock = new();
    private readonly List<Served> _listeners = [];
    private Task<bool>? _stopping;

    internal NetServer(IReadOnlyDictionary<string, IConnectionHandler> handlers, NetServerOptions options, TimeProvider timeProvider, ILogger logger, ConnectionGuard? guard = null)
    {
        _handlers = handlers.ToFrozenDictionary(StringComparer.Ordinal);
        _options = options;
        _timeProvider = timeProvider;
        _logger = logger;
        _guard = guard;
        ApplicationProtocols = [.. handlers.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>The application protocols that have a handler, for <see cref="TransportOptions.ApplicationProtocols"/>.</summary>
    public IReadOnlyList<string> ApplicationProtocols { get; }

    /// <summary>How many connections are open now.</summary>
    public int ConnectionCount => _connections.Count;

    /// <summary>Binds a port and serves it.</summary>
    /// <param name="engine">The engine; stays the caller's.</param>
    /// <param name="options">Where and how. Its application protocols must all have a handler.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The address and port that are really bound.</returns>
    /// <exception cref="ArgumentException">The options are out of range or name a protocol without a handler.</exception>
    /// <exception cref="InvalidOperationException">The server is stopping.</exception>
    /// <exception cref="TransportException"><see cref="TransportError.EngineMissing"/> or <see cref="TransportError.ListenFailed"/>.</exception>
    public async ValueTask<IPEndPoint> ListenAsync(TransportEngine engine, ListenOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        foreach (string protocol in options.ApplicationProtocols)
        {
            if (!_handlers.ContainsKey(protocol))
            {
                throw new ArgumentException($"The protocol '{protocol}' has no handler here; known are {string.Join(", ", ApplicationProtocols)}.", nameof(options));
            }
        }

        ThrowIfStopping();
        // What the caller named stays; the protocols know their own codes.
        if (options.ExcessiveLoadErrorCodes.Count == 0)
        {
            options = options with
            {
                ExcessiveLoadErrorCodes = _handlers.Where(static h => h.Value.ExcessiveLoadErrorCode is not null).ToDictionary(static h => h.Key, static h => h.Value.ExcessiveLoadErrorCode!.Value),
            };
        }

        TransportListener listener = await engine.ListenAsync(options, cancellationToken).ConfigureAwait(false);
        IPEndPoint endPoint = listener.LocalEndPoint;
        await ServeAsync(listener).ConfigureAwait(false);
        ServerLog.Listening(_logger, endPoint, engine.Name, string.Join(", ", options.ApplicationProtocols));
        return endPoint;
    }

    /// <summary>Serves a listener that is bound already.</summary>
    /// <param name="listener">The listener; the server owns it from now on.</param>
    /// <returns>A task that ends when connections are being accepted.</returns>
    /// <exception cref="InvalidOperationException">The server is stopping; the listener was disposed.</exception>
    public async ValueTask ServeAsync(TransportListener listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        bool isServed = false;
        lock (_lock)
        {
            if (_stopping is null)
            {
                // The loop begins on another thread: it runs until the first wait, and nothing of it belongs under the lock.
                _listeners.Add(new Served(listener, Task.Run(() => AcceptAsync(listener))));
                isServed = true;
            }
        }

        if (!isServed)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
            ThrowIfStopping();
        }
    }

    /// <summary>
    /// Ends the server gracefully: takes no new connections and streams, closes connections on which nothing runs, and lets running streams end; after <paramref name="timeout"/>
    /// aborts what is left with <see cref="RawStreamErrorCodes.ShuttingDown"/>. Then frees the ports. Further calls join the first.
    /// </summary>
    /// <param name="timeout">How long running streams may take; 0 aborts at once; <see cref="Timeout.InfiniteTimeSpan"/> waits for them without limit.</param>
    /// <param name="cancellationToken">Cuts the wait short: what is left is aborted at once. The task still ends normally.</param>
    /// <returns>Whether every stream ended by itself.</returns>
    public Task<bool> StopAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        if (timeout != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        }

        TaskCompletionSource? start = null;
        Task<bool> stopping;
        lock (_lock)
        {
            if (_stopping is null)
            {
                start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _stopping = StopCoreAsync(start.Task, timeout, cancellationToken);
            }

            stopping = _stopping;
        }

        start?.SetResult();
        return stopping;
    }

    /// <summary>Stops without patience if <see cref="StopAsync"/> was not called, and frees all that the server holds. May be called twice.</summary>
    /// <returns>A task.</returns>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero).ConfigureAwait(false);
        _draining.Dispose();
        _aborting.Dispose();
    }

    private async Task<bool> StopCoreAsync(Task start, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await start.ConfigureAwait(false);

        // What Kestrel stops has no time of its own, as a token ends its patience; the number that stands for that reads as less than nothing.
        ServerLog.Stopping(_logger, _connections.Count, timeout == Timeout.InfiniteTimeSpan ? "no limit of time" : timeout.ToString());
        Served[] listeners;
        lock (_lock)
        {
            listeners = [.. _listeners];
        }

        foreach (Served served in listeners)
        {
            await served.Listener.StopAcceptingAsync(CancellationToken.None).ConfigureAwait(false);
        }

        await _draining.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(listeners.Select(static served => served.Loop)).ConfigureAwait(false);
        Task idle = _connections.WhenIdle();
        bool isDrained = await WaitAsync(idle, timeout, cancellationToken).ConfigureAwait(false);
        if (!isDrained)
        {
            ServerLog.Aborting(_logger, _connections.Count);
            await _aborting.CancelAsync().ConfigureAwait(false);
            if (!await WaitAsync(idle, _options.AbortTimeout, CancellationToken.None).ConfigureAwait(false))
            {
                ServerLog.HandlersLeft(_logger, _connections.Count, _options.AbortTimeout);
            }
        }

        foreach (Served served in listeners)
        {
            await served.Listener.DisposeAsync().ConfigureAwait(false);
        }

        ServerLog.Stopped(_logger, isDrained);
        return isDrained;
    }

    private async Task<bool> WaitAsync(Task task, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (task.IsCompleted || timeout == TimeSpan.Zero || cancellationToken.IsCancellationRequested)
        {
            return task.IsCompleted;
        }

        try
        {
            await task.WaitAsync(timeout, _timeProvider, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            return task.IsCompleted;
        }
    }

    private async Task AcceptAsync(TransportListener listener)
    {
        try
        {
            while (await listener.AcceptAsync(CancellationToken.None).ConfigureAwait(false) is TransportConnection connection)
            {
                Take(connection);
            }
        }
#pragma warning disable CA1031 // The loop is the only place that sees its failure: it says so and ends, and the other listeners go on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ServerLog.AcceptFailed(_logger, listener.LocalEndPoint, exception);
        }
    }

    private void Take(TransportConnection connection)
    {
        IConnectionHandler? handler = _handlers.GetValueOrDefault(connection.ApplicationProtocol);
        if (!_connections.TryEnter(_options.MaxConnections))
        {
            ServerLog.ConnectionRefused(_logger, connection.RemoteEndPoint, _options.MaxConnections);
            _ = RefuseAsync(connection, handler?.OverloadedErrorCode ?? 0);
            return;
        }

        // On the thread pool, so that no handler's first synchronous part holds up the next accept.
        ThreadPool.UnsafeQueueUserWorkItem(
            static state => _ = state.Server.ServeConnectionAsync(state.Connection, state.Handler), (Server: this, Connection: connection, Handler: handler), preferLocal: false);
    }

    private async Task ServeConnectionAsync(TransportConnection connection, IConnectionHandler? handler)
    {
        try
        {
            ServerLog.ConnectionAccepted(_logger, connection.Id, connection.RemoteEndPoint, connection.ApplicationProtocol);
            if (handler is null)
            {
                throw new InvalidOperationException($"A connection came with application protocol '{connection.ApplicationProtocol}', which has no handler.");
            }

            using IDisposable? watch = _guard?.Watch(connection, handler.DistrustErrorCode);
            await handler.ServeAsync(connection, _draining.Token, _aborting.Token).ConfigureAwait(false);
            if (connection.Closed.IsCompletedSuccessfully)
            {
                ServerLog.ConnectionEnded(_logger, connection.Id, await connection.Closed.ConfigureAwait(false));
            }
        }
#pragma warning disable CA1031 // One connection's failure must not reach the others, and nobody but the log sees it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ServerLog.ConnectionFailed(_logger, connection.Id, exception);
        }
        finally
        {
            await DisposeAsync(connection).ConfigureAwait(false);
            _connections.Exit();
        }
    }

    private async Task RefuseAsync(TransportConnection connection, long errorCode)
    {
        try
        {
            await connection.CloseAsync(errorCode, "The server has as many connections as it takes.", CancellationToken.None).ConfigureAwait(false);
        }
        catch (TransportException)
        {
            // It is gone already, which is what was wanted.
        }

        await DisposeAsync(connection).ConfigureAwait(false);
    }

    private async Task DisposeAsync(TransportConnection connection)
    {
        try
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // An engine's fault in clearing up must not end the process or leave the count wrong.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ServerLog.ConnectionFailed(_logger, connection.Id, exception);
        }
    }

    private void ThrowIfStopping()
    {
        if (_stopping is not null)
        {
            throw new InvalidOperationException("The server is stopping or has stopped; make a new one.");
        }
    }

    private readonly record struct Served(TransportListener Listener, Task Loop);
}
