using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Net.Ngtcp2.Streams;

/// <summary>The application's end of the sending side: a pipe writer that wakes the driver after each flush and throws once the stream can send no more.</summary>
internal sealed class StreamOutput(Ngtcp2Stream stream, PipeWriter inner) : PipeWriter
{
    private bool _completed;
    private volatile bool _isWaiting;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => inner.UnflushedBytes;

    internal bool IsCompleted => _completed;

    public override void Advance(int bytes) => inner.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        if (_completed)
        {
            return;
        }

        _completed = true;
        if (exception is null)
        {
            inner.Complete();
            stream.Post(StreamWork.Send);
        }
        else
        {
            stream.AbortWrite(exception is TransportException { ApplicationErrorCode: long code } ? code : stream.DefaultErrorCode);
            inner.Complete();
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfWaiting();
        stream.ThrowIfSendFailed();
        ValueTask<FlushResult> flush = inner.FlushAsync(cancellationToken);
        stream.Post(StreamWork.Send);
        return flush.IsCompletedSuccessfully && !stream.HasSendFailed ? flush : AwaitFlushAsync(flush);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        ThrowIfWaiting();
        stream.ThrowIfSendFailed();
        ValueTask<FlushResult> flush = inner.WriteAsync(source, cancellationToken);
        stream.Post(StreamWork.Send);
        return flush.IsCompletedSuccessfully && !stream.HasSendFailed ? flush : AwaitFlushAsync(flush);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> AwaitFlushAsync(ValueTask<FlushResult> flush)
    {
        FlushResult result;
        _isWaiting = true;
        try
        {
            result = await flush.ConfigureAwait(false);
        }
        finally
        {
            _isWaiting = false;
        }

        // A failure wakes a waiting flush by cancelling it, so that the reason can be thrown here.
        stream.ThrowIfSendFailed();
        return result;
    }

    // A pipe that notices a second writer ends its other side with the mistake, and the whole connection with it.
    private void ThrowIfWaiting()
    {
        if (_isWaiting)
        {
            throw new InvalidOperationException("A write or flush of this stream is waiting already; await it first.");
        }
    }
}
