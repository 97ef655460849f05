using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Net.Ngtcp2.Streams;

/// <summary>The application's end of the receiving side: a pipe reader that gives credit back to the peer as bytes are consumed.</summary>
internal sealed class StreamInput(Ngtcp2Stream stream, PipeReader inner) : PipeReader
{
    private ReadOnlySequence<byte> _buffer;
    private bool _completed;
    private volatile bool _isWaiting;

    internal bool IsCompleted => _completed;

    /// <summary>Whether a read has returned the end of the stream.</summary>
    internal bool HasSeenEnd { get; private set; }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        long bytes = _buffer.Slice(0, consumed).Length;
        _buffer = default;
        inner.AdvanceTo(consumed, examined);
        if (bytes > 0)
        {
            stream.OnConsumed(bytes);
        }
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        if (_completed)
        {
            return;
        }

        _completed = true;
        _buffer = default;
        inner.Complete();
        stream.OnInputCompleted(exception is TransportException { ApplicationErrorCode: long code } ? code : stream.DefaultErrorCode, HasSeenEnd);
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfWaiting();
        ValueTask<ReadResult> read = inner.ReadAsync(cancellationToken);
        return read.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Note(read.Result)) : AwaitReadAsync(read);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (!inner.TryRead(out result))
        {
            return false;
        }

        Note(result);
        return true;
    }

    protected override ValueTask<ReadResult> ReadAtLeastAsyncCore(int minimumSize, CancellationToken cancellationToken)
    {
        ThrowIfWaiting();
        ValueTask<ReadResult> read = inner.ReadAtLeastAsync(minimumSize, cancellationToken);
        return read.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Note(read.Result)) : AwaitReadAsync(read);
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
