using System.Buffers;
using System.IO.Pipelines;

namespace Net;

/// <summary>One stream of a <see cref="TcpConnection"/>: a pipe in each direction, with credit for the peer in the one and the peer's credit in the other.</summary>
/// <remarks>
/// Each direction has a lock of its own. It is held for copying a frame at most, and the pipes run continuations on the thread pool, so that nothing of the application's runs under it.
/// </remarks>
internal sealed partial class TcpStream : TransportStream
{
    private readonly TcpConnection _connection;
    private readonly Pipe _receive;
    private readonly Pipe _send;
    private readonly Lock _receiveLock = new();
    private readonly Lock _sendLock = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _sendCompletion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Reader _reader;
    private readonly Writer _writer;
    private readonly int _window;

    // Receiving, under its lock.
    private long _received;
    private long _receiveLimit = TcpFrame.InitialCredit;
    private long _consumed;
    private bool _isReceiveOver;
    private bool _hasPeerEnded;

    // Sending, under its lock.
    private long _sent;
    private long _sendLimit = TcpFrame.InitialCredit;
    private long? _creditToSend;
    private long? _stopToSend;
    private long? _resetToSend;
    private bool _isSendOver;

    private int _openSides = 3;
    private int _isDisposed;

    internal TcpStream(TcpConnection connection, long id, bool isLocal)
    {
        _connection = connection;
        Id = id;
        IsLocallyInitiated = isLocal;
        TransportLimits limits = connection.Options.Limits;
        _window = Math.Max(limits.StreamReceiveWindow, TcpFrame.InitialCredit);

        // Credit bounds what is received, so that the receiving pipe needs no threshold of its own.
        _receive = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        int unsent = Math.Min(limits.StreamSendBuffer, limits.StreamUnsentBuffer);
        _send = new Pipe(new PipeOptions(pauseWriterThreshold: unsent, resumeWriterThreshold: unsent / 2, useSynchronizationContext: false));
        _reader = new Reader(this, _receive.Reader);
        _writer = new Writer(this, _send.Writer);
    }

    public override long Id { get; }

    public override StreamDirection Direction => StreamDirection.Bidirectional;

    public override bool IsLocallyInitiated { get; }

    public override PipeReader Input => _reader;

    public override PipeWriter Output => _writer;

    public override StreamPriority Priority
    {
        get => StreamPriority.Default;
        set => _ = value;
    }

    public override bool IsEarlyData => false;

    public override Task Completion => _completion.Task;

    /// <summary>TCP tells nobody what was acknowledged: it completes when the END was handed to the socket.</summary>
    public override Task SendCompletion => _sendCompletion.Task;

    /// <summary>Whether the stream stands in the connection's queue. Under the connection's lock.</summary>
    internal bool IsQueued { get; set; }

    public override void AbortRead(long errorCode)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        lock (_receiveLock)
        {
            if (_isReceiveOver || (_hasPeerEnded && _reader.HasReadEnd))
            {
                return;
            }

            _isReceiveOver = true;
            if (!_hasPeerEnded)
            {
                _receive.Writer.Complete(Aborted(errorCode));
                lock (_sendLock)
                {
                    _stopToSend = errorCode;
                }
            }
        }

        _connection.Enqueue(this);
        EndSide(2);
    }

    public override void AbortWrite(long errorCode)
    {
        ErrorCodes.ThrowIfInvalid(errorCode, nameof(errorCode));
        if (EndSending(Aborted(errorCode), errorCode))
        {
            _connection.Enqueue(this);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _writer.CompleteAsync().ConfigureAwait(false);
        AbortRead(_connection.Options.DefaultStreamErrorCode);
        await _receive.Reader.CompleteAsync().ConfigureAwait(false);
        RemoveIfOver();
    }

    /// <summary>Takes what a DATA frame holds.</summary>
    internal void Receive(in ReadOnlySequence<byte> bytes)
    {
        lock (_receiveLock)
        {
            if (_hasPeerEnded)
            {
                throw new TcpViolationException($"Stream {Id} goes on behind its end.");
            }

            _received += bytes.Length;
            if (_received > _receiveLimit)
            {
                throw new TcpViolationException($"Stream {Id} carries {_received} bytes although {_receiveLimit} are allowed.");
            }

            if (_isReceiveOver || bytes.IsEmpty)
            {
                return;
            }

            foreach (ReadOnlyMemory<byte> piece in bytes)
            {
                _receive.Writer.Write(piece.Span);
            }

            Flush(_receive.Writer);
        }
    }

    /// <summary>The peer has said all.</summary>
    internal void ReceiveEnd() => EndReceiving(null);

    /// <summary>The peer gives its direction up.</summary>
    internal void ReceiveReset(long code) => EndReceiving(new TransportException(TransportError.StreamReset, $"The peer reset stream {Id} with code 0x{code:x}.") { ApplicationErrorCode = code });

    /// <summary>The peer wants no more.</summary>
    internal void ReceiveStop(long code)
    {
        var stopped = new TransportException(TransportError.StreamReset, $"The peer stopped reading stream {Id} with code 0x{code:x}.") { ApplicationErrorCode = code };
        if (EndSending(stopped, code))
        {
            // As in QUIC, so that the peer learns how the direction ended (RFC 9000, section 3.5).
            _connection.Enqueue(this);
        }
    }

    /// <summary>The peer takes more.</summary>
    internal void ReceiveCredit(long limit)
    {
        lock (_sendLock)
        {
            _sendLimit = Math.Max(_sendLimit, limit);
        }

        _connection.Enqueue(this);
    }

    /// <summary>The connection is over.</summary>
    internal void Fail(ConnectionClose close)
    {
        lock (_receiveLock)
        {
            if (!_isReceiveOver && !_hasPeerEnded)
            {
                _isReceiveOver = true;
                _receive.Writer.Complete(close.ToException());
            }
        }

        EndSending(close.ToException(), null);
        EndSide(1);
        EndSide(2);
    }

    /// <summary>The END was handed to the socket.</summary>
    internal void Sent() => _sendCompletion.TrySetResult();

    /// <summary>Writes what the stream has to say, one DATA frame at most. By the connection's writing loop alone.</summary>
    /// <param name="output">Takes the frames.</param>
    /// <param name="hasMore">Whether another turn is wanted.</param>
    /// <param name="isWhole">Whether the END was among them.</param>
    /// <returns>About how many bytes were written.</returns>
    internal int Write(PipeWriter output, out bool hasMore, out bool isWhole)
    {
        int count = 0;
        hasMore = false;
        isWhole = false;
        bool isOver = false;
        lock (_sendLock)
        {
            if (_stopToSend is long stop)
            {
                _stopToSend = null;
                TcpFrame.Write(output, TcpFrame.Stop, Id, stop);
                count += 4;
            }

            if (_creditToSend is long credit)
            {
                _creditToSend = null;
                TcpFrame.Write(output, TcpFrame.Credit, Id, credit);
                count += 8;
            }

            if (_resetToSend is long reset)
            {
                _resetToSend = null;
                TcpFrame.Write(output, TcpFrame.Reset, Id, reset);
                count += 4;
                isOver = true;
            }
            else if (!_isSendOver && _send.Reader.TryRead(out ReadResult result))
            {
                count += WriteData(output, result, out hasMore, out isWhole);
                isOver = isWhole;
            }
        }

        if (isOver)
        {
            EndSide(1);
        }

        return count;
    }

    private static TransportException Aborted(long code) => new(TransportError.StreamReset, $"This side aborted the stream with code 0x{code:x}.") { ApplicationErrorCode = code };

    private static void Flush(PipeWriter writer)
    {
        // Without a threshold a pipe never lets its writer wait.
        ValueTask<FlushResult> flush = writer.FlushAsync(CancellationToken.None);
        if (flush.IsCompleted)
        {
            _ = flush.GetAwaiter().GetResult();
        }
    }

    private int WriteData(PipeWriter output, in ReadResult result, out bool hasMore, out bool isWhole)
    {
        long length = Math.Min(Math.Min(result.Buffer.Length, TcpFrame.MaxData), _sendLimit - _sent);
        ReadOnlySequence<byte> bytes = result.Buffer.Slice(0, length);
        if (length > 0)
        {
            TcpFrame.Write(output, TcpFrame.Data, Id, bytes);
            _sent += length;
        }

        bool isEmpty = length == result.Buffer.Length;
        isWhole = isEmpty && result.IsCompleted;
        hasMore = !isEmpty && _sendLimit > _sent;
        _send.Reader.AdvanceTo(bytes.End);
        if (isWhole)
        {
            TcpFrame.Write(output, TcpFrame.End, Id);
            _isSendOver = true;
            _send.Reader.Complete();
        }

        return (int)length + 8;
    }

    private void EndReceiving(TransportException? reset)
    {
        lock (_receiveLock)
        {
            if (_hasPeerEnded)
            {
                throw new TcpViolationException($"Stream {Id} ends twice.");
            }

            _hasPeerEnded = true;
            if (!_isReceiveOver)
            {
                _receive.Writer.Complete(reset);
            }
        }

        EndSide(2);
    }

    /// <returns>Whether sending was not over before.</returns>
    private bool EndSending(TransportException reason, long? reset)
    {
        lock (_sendLock)
        {
            if (_isSendOver)
            {
                return false;
            }

            _isSendOver = true;
            _resetToSend = reset;
            _send.Reader.Complete(reason);
        }

        _sendCompletion.TrySetException(reason);
        _ = _sendCompletion.Task.Exception;
        return true;
    }

    private void Consume(long count)
    {
        lock (_receiveLock)
        {
            _consumed += count;
            long limit = _consumed + _window;
            if (_hasPeerEnded || _isReceiveOver || limit - _receiveLimit < _window / 2)
            {
                return;
            }

            _receiveLimit = limit;
            lock (_sendLock)
            {
                _creditToSend = limit;
            }
        }

        _connection.Enqueue(this);
    }

    private void EndSide(int side)
    {
        if ((Interlocked.And(ref _openSides, ~side) & ~side) == 0)
        {
            _completion.TrySetResult();
            RemoveIfOver();
        }
    }

    private void RemoveIfOver()
    {
        if (Volatile.Read(ref _openSides) == 0 && Volatile.Read(ref _isDisposed) != 0)
        {
            _connection.Remove(this);
        }
    }
}
