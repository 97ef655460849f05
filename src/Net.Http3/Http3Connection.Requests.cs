namespace Net.Http3;

// Requests come and go; the end of the connection follows from them.
public sealed partial class Http3Connection
{
    /// <summary>Forgets a request that is over.</summary>
    internal void Remove(Http3Exchange exchange)
    {
        bool isIdle;
        lock (_lock)
        {
            _exchanges.Remove(exchange);
            isIdle = IsIdleAndDraining_NeedsLock();
        }

        if (isIdle)
        {
            CloseWhenIdle();
        }
    }

    /// <summary>Ends the connection because the server broke the protocol.</summary>
    internal void Fail(Http3ErrorCode code, string message)
    {
        var failure = Http3ProtocolException.ForConnection(code, message);
        if (Interlocked.CompareExchange(ref _failure, failure, null) is null)
        {
            if (!Connection.Closed.IsCompleted)
            {
                Http3Log.ConnectionError(Logger, Connection.Id, Http3Exceptions.Describe((long)code), message);
            }

            // In this order: an idle connection that begins to drain is closed at once, and without an error.
            BeginClose((long)code, message);
            BeginDraining();
        }
    }

    /// <summary>Throws when the connection is over.</summary>
    internal void ThrowIfClosed()
    {
        if (Connection.Closed.IsCompletedSuccessfully)
        {
            throw Failure ?? (Exception)Connection.Closed.Result.ToException();
        }
    }

    private async ValueTask<Http3Exchange> OpenExchangeAsync(HttpRequestMessage request, HttpCallObserver? observer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_isDraining)
            {
                throw Http3Exceptions.ToRequestFailure(Refusal());
            }

            _opening++;
        }

        TransportStream? stream = null;
        try
        {
            Idempotency idempotency = Http3RequestOptions.IdempotencyOf(request);
            if (!Connection.TryOpenStream(StreamDirection.Bidirectional, idempotency, out stream))
            {
                stream = await WaitForStreamAsync(idempotency, cancellationToken).ConfigureAwait(false);
            }

            var exchange = new Http3Exchange(this, stream, request, observer);
            Add(exchange);
            return exchange;
        }
        catch (Exception exception)
        {
            if (stream is not null)
            {
                stream.Abort((long)Http3ErrorCode.RequestCancelled);
                await stream.DisposeAsync().ConfigureAwait(false);
            }

            EndOpening();
            throw Http3Exceptions.ToRequestFailure(exception);
        }
    }

    // A server that goes away gives no more credit: who waits for it is told to go elsewhere, instead of keeping the connection open by waiting.
    private async ValueTask<TransportStream> WaitForStreamAsync(Idempotency idempotency, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _drained.Token);
        try
        {
            return await Connection.OpenStreamAsync(StreamDirection.Bidirectional, idempotency, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            throw cancellationToken.IsCancellationRequested ? new OperationCanceledException(cancellationToken) : Refusal();
        }
    }

    private TransportException Refusal() => new(
        Failure is null ? TransportError.ConnectionClosed : TransportError.ProtocolViolation,
        Failure is { } failure ? $"The connection was closed: {failure.Message}" : "The connection takes no more requests (GOAWAY or drained); send it on another one.")
    {
        IsSafeToRetry = true,
    };

    private void Add(Http3Exchange exchange)
    {
        lock (_lock)
        {
            // The GOAWAY may have come while the stream was being opened.
            if (exchange.StreamId >= _goAwayId)
            {
                throw Refusal();
            }

            _exchanges.Add(exchange);
            _opening--;
        }
    }

    private void EndOpening()
    {
        bool isIdle;
        lock (_lock)
        {
            _opening--;
            isIdle = IsIdleAndDraining_NeedsLock();
        }

        if (isIdle)
        {
            CloseWhenIdle();
        }
    }

    private void OnGoAway(long streamId)
    {
        Http3Exchange[] rejected;
        lock (_lock)
        {
            _goAwayId = streamId;
            rejected = [.. _exchanges.Where(e => e.StreamId >= streamId)];
        }

        Http3Log.GoAwayReceived(Logger, Connection.Id, streamId, rejected.Length);
        foreach (Http3Exchange exchange in rejected)
        {
            exchange.Reject();
        }

        BeginDraining();
    }

    private void OnTransportDraining(object? sender, EventArgs e) => BeginDraining();

    private void BeginDraining()
    {
        EventHandler? handlers;
        bool isFirst;
        bool isIdle;
        lock (_lock)
        {
            isFirst = !_isDraining;
            handlers = _draining;
            _isDraining = true;
            isIdle = IsIdleAndDraining_NeedsLock();
        }

        if (isFirst)
        {
            // Asynchronously, as those who wait must not go on inside this call.
            Options.Continuations.Cancel(_drained);
            handlers?.Invoke(this, EventArgs.Empty);
        }

        if (isIdle)
        {
            CloseWhenIdle();
        }
    }

    private bool IsIdleAndDraining_NeedsLock() => _isDraining && !_isClosed && _opening == 0 && _exchanges.Count == 0;

    // A server that is shutting down waits for its clients to go (RFC 9114, section 5.2).
    private void CloseWhenIdle() => BeginClose((long)Http3ErrorCode.NoError, "");

    private void BeginClose(long code, string reason)
    {
        lock (_lock)
        {
            if (_closeBegun)
            {
                return;
            }

            _closeBegun = _isClosed = true;
        }

        _close = CloseAsync(code, reason);
    }

    private async Task CloseAsync(long code, string reason)
    {
        try
        {
            await Connection.CloseAsync(code, reason).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TransportException or ObjectDisposedException)
        {
            // It is over already, and Closed says how.
        }
        catch (Exception exception)
        {
            Http3Log.CloseFailed(Logger, Connection.Id, exception);
        }
    }
}
