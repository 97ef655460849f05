using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Net.Ngtcp2.Memory;

namespace Net.Ngtcp2.Streams;

/// <summary>The application's end of the receiving side: a pipe reader that gives credit back to the peer as bytes are consumed.</summary>
internal sealed class StreamInput : PipeReader
{
    private readonly Ngtcp2Stream _stream;
    private readonly PipeReader _inner;
    private PipeHold _hold;
    private ReadOnlySequence<byte> _buffer;
    private int _completed;
    private volatile bool _isWaiting;

    internal StreamInput(Ngtcp2Stream stream, PipePool pool)
    {
        _stream = stream;
        _hold = new PipeHold(pool);
        _inner = _hold.Pipe.Reader;
        Writer = _hold.Pipe.Writer;
    }

    internal bool IsCompleted => Volatile.Read(ref _completed) != 0;

    /// <summary>The driver's end, until <see cref="ReleaseWriter"/>.</summary>
    internal PipeWriter Writer { get; }

    /// <summary>Whether a read has returned the end of the stream.</summary>
    internal bool HasSeenEnd { get; private set; }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        long bytes = _buffer.Slice(0, consumed).Length;
        _buffer = default;
        Enter();
        try
        {
            _inner.AdvanceTo(consumed, examined);
        }
        finally
        {
            _hold.Exit();
        }

        if (bytes > 0)
        {
            _stream.OnConsumed(bytes);
        }
    }

    public override void CancelPendingRead()
    {
        if (_hold.TryEnter())
        {
            _inner.CancelPendingRead();
            _hold.Exit();
        }
    }

    public override void Complete(Exception? exception = null)
    {
        // Two threads may end it at once, as an abort and a disposal; the hold on the pipe is given back once.
        if (Interlocked.Exchange(ref _completed, 1) != 0)
        {
            return;
        }

        _buffer = default;
        _inner.Complete();
        _hold.Exit();
        _stream.OnInputCompleted(exception is TransportException { ApplicationErrorCode: long code } ? code : _stream.DefaultErrorCode, HasSeenEnd);
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfWaiting();
        Enter();
        ValueTask<ReadResult> read;
        try
        {
            read = _inner.ReadAsync(cancellationToken);
        }
        catch
        {
            _hold.Exit();
            throw;
        }

        return FinishRead(read);
    }

    public override bool TryRead(out ReadResult result)
    {
        Enter();
        try
        {
            if (!_inner.TryRead(out result))
            {
                return false;
            }
        }
        finally
        {
            _hold.Exit();
        }

        Note(result);
        return true;
    }

    /// <summary>The driver has completed its end and uses it no more.</summary>
    internal void ReleaseWriter() => _hold.Exit();

    protected override ValueTask<ReadResult> ReadAtLeastAsyncCore(int minimumSize, CancellationToken cancellationToken)
    {
        ThrowIfWaiting();
        Enter();
        ValueTask<ReadResult> read;
        try
        {
            read = _inner.ReadAtLeastAsync(minimumSize, cancellationToken);
        }
        catch
        {
            _hold.Exit();
            throw;
        }

        return FinishRead(read);
    }

    private ValueTask<ReadResult> FinishRead(ValueTask<ReadResult> read)
    {
        if (!read.IsCompletedSuccessfully)
        {
            return AwaitReadAsync(read);
        }

        ReadResult result = Note(read.Result);
        _hold.Exit();
        return new ValueTask<ReadResult>(result);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> AwaitReadAsync(ValueTask<ReadResult> read)
    {
        _isWaiting = true;
        try
        {
            return Note(await read.ConfigureAwait(false));
        }
        finally
        {
            _isWaiting = false;
            _hold.Exit();
        }
    }

    private void Enter()
    {
        if (!_hold.TryEnter())
        {
            throw new InvalidOperationException("Reading is not allowed after the reader was completed.");
        }
    }

    // A pipe that notices a second reader ends its other side with the mistake, and the whole connection with it.
    private void ThrowIfWaiting()
    {
        if (_isWaiting)
        {
            throw new InvalidOperationException("A read of this stream is waiting already; await it first.");
        }
    }

    private ReadResult Note(ReadResult result)
    {
        _buffer = result.Buffer;
        HasSeenEnd |= result.IsCompleted;
        return result;
    }
}
