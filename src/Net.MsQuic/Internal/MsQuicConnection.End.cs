using System.Net.Quic;

namespace Net.MsQuic.Internal;

/// <content>How a connection ends, and what its operations throw then.</content>
internal sealed partial class MsQuicConnection
{
    /// <inheritdoc/>
    public override ValueTask CloseAsync(long errorCode, string reason = "", CancellationToken cancellationToken = default)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        ArgumentNullException.ThrowIfNull(reason);
        Task closing = Close(new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionClosed, errorCode, null, reason), errorCode);
        return new ValueTask(closing.WaitAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => DisposeAsync(
        new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionClosed, _options.DefaultCloseErrorCode, null, "it was disposed without a close"));

    /// <summary>Closes because the engine goes, and frees what the connection holds.</summary>
    /// <returns>A task that is over when the resources are free.</returns>
    internal ValueTask DisposeWithEngineAsync() => DisposeAsync(
        new ConnectionClose(CloseInitiator.Local, TransportError.ConnectionLost, null, null, "the engine was disposed"));

    private async ValueTask DisposeAsync(ConnectionClose close)
    {
        await Close(close, close.ApplicationErrorCode ?? _options.DefaultCloseErrorCode).ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await _quic.DisposeAsync().ConfigureAwait(false);
        await _streams.DrainAsync().ConfigureAwait(false);
        if (!Interlocked.Exchange(ref _isDisposed, true))
        {
            _peerCertificate?.Dispose();
        }
    }

    private async Task EndAsync(Exception exception)
    {
        ConnectionClose close;
        lock (_lock)
        {
            ErrorMeaning end = Complete(MsQuicErrors.Translate(exception, ErrorScene.Connected));
            _end = end;
            close = end.ToClose();
        }

        StartDraining();
        _accepted.Writer.TryComplete();
        TransportDiagnostics.ConnectionEnded(MsQuicEngine.EngineName, IsServer);
        _closed.TrySetResult(close);
        foreach (QuicStream left in _bidirectional.Fail(exception).Concat(_unidirectional.Fail(exception)))
        {
            await left.DisposeAsync().ConfigureAwait(false);
        }

        // The application may hold the connection long after its end, or never dispose it; the native part need not wait for that.
        await _quic.DisposeAsync().ConfigureAwait(false);
        _ended(this);
    }

    private Task Close(ConnectionClose close, long errorCode)
    {
        lock (_lock)
        {
            if (_closing is not null)
            {
                return _closing;
            }

            // The first close counts; after the end of the connection there is nothing left to say to the peer.
            if (_end is not null)
            {
                return _closing = Task.CompletedTask;
            }

            _localClose = close;
            _closing = CloseCoreAsync(errorCode);
        }

        StartDraining();
        return _closing;
    }

    private async Task CloseCoreAsync(long errorCode)
    {
        try
        {
            await _quic.CloseAsync(errorCode, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The peer was faster, and the end of the connection disposed it.
        }
    }

    private TransportException CreateEndException(ErrorMeaning? meaning, Exception? cause, bool isSafeToRetry)
    {
        ErrorMeaning end;
        lock (_lock)
        {
            end = _end ?? Complete(meaning);
        }

        TransportException described = end.ToClose().ToException(isSafeToRetry);
        return end.ToException(described.Message, cause, described.IsSafeToRetry);
    }

    /// <summary>Fills in what only this side knows of its own close. An operation may fail a moment before the loop learns of the end.</summary>
    private ErrorMeaning Complete(ErrorMeaning? meaning)
    {
        bool isOurs = _localClose is not null && meaning is null or { Initiator: CloseInitiator.Local };
        if (!isOurs || _localClose is not ConnectionClose close)
        {
            return meaning!.Value;
        }

        return new ErrorMeaning(
            close.Error, close.Initiator, close.ApplicationErrorCode, close.TransportErrorCode, meaning?.NativeError ?? 0, close.Reason);
    }
}
