using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Net.Ngtcp2.Memory;

namespace Net.Ngtcp2.Streams;

/// <summary>The application's end of the sending side: a pipe writer that wakes the driver after each flush and throws once the stream can send no more.</summary>
internal sealed class StreamOutput : PipeWriter
{
    private readonly Ngtcp2Stream _stream;
    private readonly PipeWriter _inner;
    private PipeHold _hold;
    private int _completed;
    private volatile bool _isWaiting;

    internal StreamOutput(Ngtcp2Stream stream, PipePool pool)
    {
        _stream = stream;
        _hold = new PipeHold(pool);
        _inner = _hold.Pipe.Writer;
        Reader = _hold.Pipe.Reader;
    }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes
    {
        get
        {
            if (!_hold.TryEnter())
            {
                return 0;
            }

            long bytes = _inner.UnflushedBytes;
            _hold.Exit();
            return bytes;
        }
    }

    internal bool IsCompleted => Volatile.Read(ref _completed) != 0;

    /// <summary>The driver's end, until <see cref="ReleaseReader"/>.</summary>
    internal PipeReader Reader { get; }

    public override void Advance(int bytes)
    {
        Enter();
        try
        {
            if (IsCompleted)
            {
                // The pipe itself would take it.
                throw NotAllowed();
            }

            _inner.Advance(bytes);
        }
        catch (ArgumentOutOfRangeException) when (IsCompleted)
        {
            throw NotAllowed();
        }
        finally
        {
            _hold.Exit();
        }
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Enter();
        try
        {
            Memory<byte> memory = _inner.GetMemory(sizeHint);
            return memory.Length >= Math.Max(1, sizeHint) ? memory : throw NotAllowed();
        }
        finally
        {
            _hold.Exit();
        }
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Enter();
        try
        {
            // The pipe gives nothing when it is completed meanwhile by whoever disposes the stream.
            Span<byte> span = _inner.GetSpan(sizeHint);
            return span.Length >= Math.Max(1, sizeHint) ? span : throw NotAllowed();
        }
        finally
        {
            _hold.Exit();
        }
    }

    public override void CancelPendingFlush()
    {
        if (_hold.TryEnter())
        {
            _inner.CancelPendingFlush();
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

        if (exception is null)
        {
            _inner.Complete();
            _hold.Exit();
            _stream.Post(StreamWork.Send);
        }
        else
        {
            _stream.AbortWrite(exception is TransportException { ApplicationErrorCode: long code } ? code : _stream.DefaultErrorCode);
            _inner.Complete();
            _hold.Exit();
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfWaiting();
        _stream.ThrowIfSendFailed();
        Enter();
        ValueTask<FlushResult> flush;
        try
        {
            flush = _inner.FlushAsync(cancellationToken);
        }
        catch
        {
            _hold.Exit();
            throw;
        }

        return FinishFlush(flush);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        ThrowIfWaiting();
        _stream.ThrowIfSendFailed();
        Enter();
        ValueTask<FlushResult> flush;
        try
        {
            flush = _inner.WriteAsync(source, cancellationToken);
        }
        catch
        {
            _hold.Exit();
            throw;
        }

        return FinishFlush(flush);
    }

    /// <summary>The driver has completed its end and uses it no more.</summary>
    internal void ReleaseReader() => _hold.Exit();

    private ValueTask<FlushResult> FinishFlush(ValueTask<FlushResult> flush)
    {
        _stream.Post(StreamWork.Send);
        if (!flush.IsCompletedSuccessfully || _stream.HasSendFailed)
        {
            return AwaitFlushAsync(flush);
        }

        // Taken before the pipe may go to another stream, whose state the task would else ask.
        FlushResult result = flush.Result;
        _hold.Exit();
        return new ValueTask<FlushResult>(result);
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
            _hold.Exit();
        }

        // A failure wakes a waiting flush by cancelling it, so that the reason can be thrown here.
        _stream.ThrowIfSendFailed();
        return result;
    }

    private void Enter()
    {
        if (!_hold.TryEnter())
        {
            throw NotAllowed();
        }
    }

    private static InvalidOperationException NotAllowed() => new("Writing is not allowed after the writer was completed.");

    // A pipe that notices a second writer ends its other side with the mistake, and the whole connection with it.
    private void ThrowIfWaiting()
    {
        if (_isWaiting)
        {
            throw new InvalidOperationException("A write or flush of this stream is waiting already; await it first.");
        }
    }
}
