using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Net.Server.Kestrel.Checking;

namespace Net.Server.Kestrel;

// What Kestrel asks of a stream by its features: what it is, its error codes, aborts.
internal sealed partial class TransportStreamContext
    : IStreamDirectionFeature, IStreamIdFeature, IProtocolErrorCodeFeature, IStreamAbortFeature, IStreamClosedFeature, IPersistentStateFeature,
      IConnectionIdFeature, IConnectionItemsFeature, IConnectionLifetimeFeature, ITransportStreamFeature, IRequestLifeFeature, IHttp3Observer
{
    // No error code is negative (RFC 9000, section 20.2), and Kestrel takes -1 for "none".
    private const long NoError = -1;

    private IDictionary<object, object?>? _state;
    private long _error = NoError;
    private ConnectionAbortedException? _abortReason;
    private ConnectionAbortedException? _readAbortReason;
    private bool _isBegun;
    private bool _isRejected;
    private bool _isAborted;
    private bool _isPeerAborted;
    private bool _isReadStopped;
    private bool _isWriteStopped;

    public bool CanRead => _stream.CanRead;

    public bool CanWrite => _stream.CanWrite;

    public long StreamId => _stream.Id;

    public TransportStream Stream => _stream;

    /// <summary>The code that Kestrel sets before it aborts, or the one that the peer sent; -1 when there is none.</summary>
    public long Error
    {
        get => Volatile.Read(ref _error);
        set => Volatile.Write(ref _error, value);
    }

    /// <summary>How much of a field section is judged before Kestrel sees it.</summary>
    internal FieldSectionLimits FieldLimits => _connection.FieldLimits;

    /// <summary>Where Kestrel keeps what it uses again with this instance.</summary>
    public IDictionary<object, object?> State => _state ??= new ConnectionItems();

    private bool IsAborted
    {
        get
        {
            lock (_lock)
            {
                return _isAborted || _isPeerAborted || _isReadStopped || _isWriteStopped;
            }
        }
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        lock (_lock)
        {
            if (_isAborted)
            {
                return;
            }

            _isAborted = true;
            _isInputOver = true;
            _abortReason = abortReason;
        }

        long code = Error;
        _stream.Abort(code == NoError ? Http3ErrorCodes.RequestCancelled : TrueCode(code));
        _stream.Input.CancelPendingRead();
    }

    public override void Abort() => Abort(new ConnectionAbortedException("The application aborted the stream."));

    public void AbortRead(long errorCode, ConnectionAbortedException abortReason)
    {
        lock (_lock)
        {
            _isReadStopped = true;
            _isInputOver = true;
            _readAbortReason ??= abortReason;
        }

        _stream.AbortRead(TrueCode(errorCode));
        _stream.Input.CancelPendingRead();
    }

    public void AbortWrite(long errorCode, ConnectionAbortedException abortReason)
    {
        lock (_lock)
        {
            _isWriteStopped = true;
        }

        _stream.AbortWrite(TrueCode(errorCode));
    }

    /// <inheritdoc/>
    public bool TryBegin()
    {
        lock (_lock)
        {
            _isBegun = !_isRejected;
            return _isBegun;
        }
    }

    public void OnClosed(Action<object?> callback, object? state)
    {
        lock (_lock)
        {
            _isServed = true;
            if (!_isClosed)
            {
                (_onClosed ??= []).Add((callback, state));
                return;
            }
        }

        callback(state);
    }

    /// <summary>A rejection promises that nothing was processed. Of a request that has begun that would be a lie, for which the client would have it done twice.</summary>
    private long TrueCode(long code)
    {
        if (code != Http3ErrorCodes.RequestRejected)
        {
            return code;
        }

        lock (_lock)
        {
            _isRejected |= !_isBegun;
            return _isBegun ? Http3ErrorCodes.InternalError : code;
        }
    }

    /// <summary>The application left input unread that may still come: tells the peer to stop.</summary>
    internal void StopReading()
    {
        lock (_lock)
        {
            if (_isReadStopped || _isAborted || _isPeerAborted)
            {
                return;
            }

            _isReadStopped = true;
            _isInputOver = true;
        }

        _stream.AbortRead(Http3ErrorCodes.NoError);
    }

    /// <summary>The output was completed with a failure, which must not look like an end to the peer.</summary>
    internal void StopWriting()
    {
        lock (_lock)
        {
            _isWriteStopped = true;
        }

        long code = Error;
        _stream.AbortWrite(code == NoError ? Http3ErrorCodes.RequestCancelled : code);
    }

    /// <summary>Throws when this side has given up reading.</summary>
    internal void ThrowIfReadAborted()
    {
        if (Volatile.Read(ref _isAborted) || Volatile.Read(ref _isReadStopped))
        {
            throw ReadAbortReason() ?? new ConnectionAbortedException("Reading was given up by this side.");
        }
    }

    /// <summary>Turns the engine's failure of a read into one that Kestrel knows: reset by the peer or aborted here.</summary>
    internal Exception TranslateReadFailure(TransportException failure)
    {
        HandleInputEnded();
        if (ReadAbortReason() is { } reason)
        {
            return reason;
        }

        if (_connection.AbortReason is { } connectionReason)
        {
            return new ConnectionAbortedException(connectionReason.Message, failure);
        }

        NotePeerAbort(failure);
        return new ConnectionResetException(failure.Message, failure);
    }

    /// <summary>Ends the connection, or only this stream, for what its peer did here.</summary>
    /// <returns>What the read throws.</returns>
    internal Exception Reject(Http3Violation violation)
    {
        if (Volatile.Read(ref _isAborted) || Volatile.Read(ref _isReadStopped) || _connection.AbortReason is not null)
        {
            // What looks like a fault of the client's may be what this side has just done to the stream, such as at the end of a connection that is drained.
            return ReadAbortReason() ?? new ConnectionAbortedException("Reading was given up by this side.");
        }

        var reason = new ConnectionAbortedException($"The client broke HTTP/3: {violation.Reason}.");
        if (!violation.EndsStreamOnly)
        {
            _connection.Abort(reason, violation.ErrorCode);
            return reason;
        }

        Error = violation.ErrorCode;
        Abort(reason);

        // Kestrel takes it for a reset by the client with the code in Error, and ends the request without a word; what this side aborts it logs as an error of its own.
        return new ConnectionResetException(reason.Message, reason);
    }

    /// <summary>The priority that the request's headers ask for, unless the client has said another by now.</summary>
    public void HandlePriority(StreamPriority priority) => _connection.Priorities.SetFromHeaders(StreamId, priority);

    /// <summary>A priority for any request of the connection.</summary>
    public void HandlePriorityUpdate(long streamId, StreamPriority priority) => _connection.Priorities.Update(streamId, priority);

    private void BeginAborts()
    {
        _error = NoError;
        _abortReason = _readAbortReason = null;
        _isBegun = _isRejected = _isAborted = _isPeerAborted = _isReadStopped = _isWriteStopped = false;
    }

    private ConnectionAbortedException? ReadAbortReason()
    {
        lock (_lock)
        {
            return _readAbortReason ?? _abortReason;
        }
    }

    private void NotePeerAbort(TransportException failure)
    {
        lock (_lock)
        {
            if (_isAborted || _isWriteStopped)
            {
                return;
            }

            _isPeerAborted = true;
            if (failure.ApplicationErrorCode is long code && _connection.AbortReason is null)
            {
                _error = code;
            }
        }
    }
}
