using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Net.Server.Kestrel.Checking;

namespace Net.Server.Kestrel;

/// <summary>One connection of HTTP/3 as Kestrel sees it.</summary>
/// <remarks>
/// How accepting ends:
/// <code>
/// Kestrel cancels the token (shutdown, keep-alive timeout) -> null, and from then on null once each time the last request is over, which wakes Kestrel to look and close
/// Kestrel aborts                                           -> the reason it gave
/// the peer closes, or the connection is lost               -> ConnectionResetException, with the peer's code in Error
/// </code>
/// </remarks>
internal sealed partial class TransportConnectionContext : MultiplexedConnectionContext
{
    // A client of HTTP/3 grants at least three unidirectional streams with its first flight (RFC 9114, section 6.2).
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A control stream with empty SETTINGS and a GOAWAY for stream 0: no request was or will be processed, each may be sent elsewhere (RFC 9114, sections 5.2, 6.2.1 and 7.2.6).</summary>
    private static readonly byte[] Refusal = [0x00, 0x04, 0x00, 0x07, 0x01, 0x00];

    private readonly Lock _lock = new();
    private readonly TransportConnection _connection;
    private readonly ListenerScope _scope;
    private readonly CancellationTokenSource _closedSource = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<TransportStreamContext> _opened = [];
    private readonly StreamContextPool _pool = new();
    private ConnectionAbortedException? _abortReason;
    private CancellationTokenSource? _drainWake;
    private Task? _closing;
    private Task? _disposal;
    private int _requests;
    private bool _isServed;
    private bool _isClosing;
    private bool _isDrained;
    private bool _isPoolTrimmed;

    internal TransportConnectionContext(TransportConnection connection, ListenerScope scope)
    {
        _connection = connection;
        _scope = scope;
        ConnectionId = string.Create(CultureInfo.InvariantCulture, $"net-{connection.Id}");
        LocalEndPoint = connection.LocalEndPoint;
        RemoteEndPoint = connection.RemoteEndPoint;
        ConnectionClosed = _closedSource.Token;
        ResponseRate = scope.Options.MinResponseDataRate is { } rate ? new ResponseRateWatch(rate, scope.TimeProvider) : null;
        SetFeatures();
        _ = WatchEndAsync();
    }

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features => _features;

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    /// <summary>Cancelled when the peer closed or the connection was lost; not when this side closes.</summary>
    public override CancellationToken ConnectionClosed { get; set; }

    /// <summary>Completes when Kestrel has disposed the connection.</summary>
    internal Task Ended => _ended.Task;

    internal ResponseRateWatch? ResponseRate { get; }

    internal RequestPriorities Priorities { get; } = new();

    internal ILogger Logger => _scope.Logger;

    internal FieldSectionLimits FieldLimits => _scope.FieldLimits;

    /// <summary>Why this side aborted the connection, once it has.</summary>
    internal ConnectionAbortedException? AbortReason => Volatile.Read(ref _abortReason);

    // Kestrel awaits it once for each stream, before it asks again.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        CancellationToken token = cancellationToken;
        CancellationTokenSource? wake = null;
        lock (_lock)
        {
            _isServed = true;
            if (_abortReason is { } reason)
            {
                throw reason;
            }

            if (_isDrained)
            {
                _isDrained = false;
                return null;
            }

            if (_isClosing)
            {
                wake = _drainWake = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                token = wake.Token;
            }
        }

        try
        {
            return Take(await _connection.AcceptStreamAsync(token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                _isClosing = true;
                _isDrained = false;
                return _abortReason is { } reason ? throw reason : null;
            }
        }
        catch (TransportException exception)
        {
            throw Translate(exception, await _connection.Closed.ConfigureAwait(false));
        }
        finally
        {
            if (wake is not null)
            {
                lock (_lock)
                {
                    _drainWake = null;
                }

                wake.Dispose();
            }
        }
    }

    public override async ValueTask<ConnectionContext> ConnectAsync(IFeatureCollection? features = null, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            _isServed = true;
        }

        StreamDirection direction = features?.Get<IStreamDirectionFeature>() is { CanRead: false } ? StreamDirection.Unidirectional : StreamDirection.Bidirectional;
        if (!_connection.TryOpenStream(direction, Idempotency.NonIdempotent, out TransportStream? stream))
        {
            stream = await WaitForStreamAsync(direction, cancellationToken).ConfigureAwait(false);
        }

        // Of unidirectional streams Kestrel opens only the control stream.
        var context = new TransportStreamContext(this, isControlStream: direction == StreamDirection.Unidirectional);
        context.Begin(stream);
        lock (_lock)
        {
            _opened.Add(context);
        }

        return context;
    }

    public override void Abort() => Abort(new ConnectionAbortedException("The application aborted the connection."));

    /// <summary>Closes the connection with <see cref="Error"/>. Any thread, also under Kestrel's locks: nothing of the application runs inside.</summary>
    public override void Abort(ConnectionAbortedException abortReason) => Abort(abortReason, errorCode: null);

    /// <summary>Closes the connection unless that was done before.</summary>
    /// <param name="abortReason">Why.</param>
    /// <param name="errorCode">The code; <c>null</c>: what <see cref="Error"/> says.</param>
    internal void Abort(ConnectionAbortedException abortReason, long? errorCode)
    {
        lock (_lock)
        {
            if (_abortReason is not null)
            {
                return;
            }

            _abortReason = abortReason;
            if (errorCode is long code)
            {
                Error = code;
            }

            _closing ??= CloseAsync(Error);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        Task disposal;
        lock (_lock)
        {
            _abortReason ??= new ConnectionAbortedException("The connection was disposed.");
            disposal = _disposal ??= DisposeCoreAsync();
        }

        await disposal.ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Takes a stream context back whose stream is over.</summary>
    internal void Release(TransportStreamContext context, bool isRequest, bool canServeAgain)
    {
        if (!isRequest)
        {
            return;
        }

        // Before the context may be taken again, and have another stream.
        Priorities.Remove(context.StreamId);
        if (canServeAgain)
        {
            Keep(context);
        }

        lock (_lock)
        {
            if (--_requests == 0 && _isClosing)
            {
                // Kestrel looks whether it can close only when accepting returns, and nothing else makes it.
                _isDrained = true;
                _ = _drainWake?.CancelAsync();
            }
        }
    }

    private TransportStreamContext Take(TransportStream stream)
    {
        TransportStreamContext? context = null;
        if (stream.Direction == StreamDirection.Bidirectional)
        {
            lock (_lock)
            {
                _requests++;
            }

            Priorities.Add(stream);
            context = _pool.TryTake();
        }

        context ??= new TransportStreamContext(this);
        context.Begin(stream);
        return context;
    }

    private void Keep(TransportStreamContext context)
    {
        _pool.Return(context);
        if (_isPoolTrimmed)
        {
            return;
        }

        _isPoolTrimmed = true;
        Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static state => ((StreamContextPool)state).Trim(), _pool);
    }

    private async ValueTask<TransportStream> WaitForStreamAsync(StreamDirection direction, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(OpenTimeout, _scope.TimeProvider);
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), limit);
        try
        {
            return await _connection.OpenStreamAsync(direction, Idempotency.NonIdempotent, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var reason = new ConnectionAbortedException(
                $"The client lets the server open no stream ({direction}) within {OpenTimeout.TotalSeconds:0} s; HTTP/3 needs three of the server's (RFC 9114, section 6.2).");
            Error = Http3ErrorCodes.StreamCreationError;
            Abort(reason);
            throw reason;
        }
        catch (TransportException exception)
        {
            throw Translate(exception, await _connection.Closed.ConfigureAwait(false));
        }
    }

    /// <summary>What accepting and opening throw when the connection is over.</summary>
    private Exception Translate(TransportException exception, ConnectionClose close)
    {
        if (AbortReason is { } reason)
        {
            return reason;
        }

        NoteEnd(close);
        return close.Initiator == CloseInitiator.Local
            ? new ConnectionAbortedException(exception.Message, exception)
            : new ConnectionResetException(exception.Message, exception);
    }

    private void NoteEnd(ConnectionClose close)
    {
        if (close is { Initiator: CloseInitiator.Remote, ApplicationErrorCode: long code })
        {
            Error = code;
        }
    }

    private async Task WatchEndAsync()
    {
        ConnectionClose close = await _connection.Closed.ConfigureAwait(false);
        if (close.Initiator != CloseInitiator.Local && AbortReason is null)
        {
            NoteEnd(close);

            // On the thread pool: Kestrel's callbacks take its locks.
            await _closedSource.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <param name="code">The code as it is now: whoever comes later does not change it.</param>
    private async Task CloseAsync(long code)
    {
        // Not under the lock of the caller.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (code == Http3ErrorCodes.NoError && _scope.Options.GracefulCloseDelay > TimeSpan.Zero)
        {
            // The client has GOAWAY and the last response, acknowledged by its transport, perhaps not yet read by its application; a close now could take both from it.
            Task closed = _connection.Closed;
            await closed.WaitAsync(_scope.Options.GracefulCloseDelay, _scope.TimeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        try
        {
            await _connection.CloseAsync(code < 0 ? Http3ErrorCodes.NoError : code, "", CancellationToken.None).ConfigureAwait(false);
        }
        catch (TransportException)
        {
            // It is gone already, which is what was wanted.
        }
    }

    /// <summary>Closes a connection that was never served, as by Kestrel's <c>MaxConcurrentConnections</c>. Its client may have requests under way already, which it could not know to be safe from a close alone.</summary>
    private async Task RefuseAsync()
    {
        // Not under the lock of the caller.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        TransportStream? stream = null;
        try
        {
            if (_connection.TryOpenStream(StreamDirection.Unidirectional, Idempotency.NonIdempotent, out stream))
            {
                await stream.Output.WriteAsync(Refusal).ConfigureAwait(false);
            }
        }
        catch (TransportException)
        {
            // The client has gone, or will learn no more than that the connection closes.
        }

        await CloseAsync(Http3ErrorCodes.NoError).ConfigureAwait(false);
        if (stream is not null)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task DisposeCoreAsync()
    {
        Task closing;
        TransportStreamContext[] opened;
        lock (_lock)
        {
            closing = _closing ??= _isServed ? CloseAsync(Error) : RefuseAsync();
            opened = [.. _opened];
        }

        await closing.ConfigureAwait(false);

        foreach (TransportStreamContext context in opened)
        {
            await context.DisposeStreamAsync().ConfigureAwait(false);
        }

        if (ResponseRate is { } rate)
        {
            await rate.DisposeAsync().ConfigureAwait(false);
        }

        _ended.TrySetResult();
    }
}
