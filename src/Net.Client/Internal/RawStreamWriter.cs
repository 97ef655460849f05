using System.IO.Pipelines;
using System.Runtime.ExceptionServices;

namespace Net.Client;

/// <summary>The transport's writer, with the header before the first bytes, and failures in the protocol's words.</summary>
internal sealed class RawStreamWriter : PipeWriter
{
    private readonly RawStream _stream;
    private readonly PipeWriter _inner;
    private readonly FlushOperation _flush;
    private Task<FlushResult>? _headerFlush;

    internal RawStreamWriter(RawStream stream, PipeWriter inner)
    {
        _stream = stream;
        _inner = inner;
        _flush = new FlushOperation(stream);
    }

    public override bool CanGetUnflushedBytes => _inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => _inner.UnflushedBytes;

    /// <summary>Whether the caller has said that all was written.</summary>
    internal bool IsCompleted { get; private set; }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        _stream.WriteHeader();
        return _inner.GetMemory(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        _stream.WriteHeader();
        return _inner.GetSpan(sizeHint);
    }

    public override void Advance(int bytes) => _inner.Advance(bytes);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        _stream.WriteHeader();
        return _headerFlush is { IsCompleted: false } headerFlush
            ? FlushAfterAsync(headerFlush, cancellationToken)
            : _flush.Flush(_inner, default, cancellationToken);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        _stream.WriteHeader();
        if (_headerFlush is { IsCompleted: false } headerFlush)
        {
            source.Span.CopyTo(_inner.GetSpan(source.Length));
            _inner.Advance(source.Length);
            return FlushAfterAsync(headerFlush, cancellationToken);
        }

        return _flush.Flush(_inner, source, cancellationToken);
    }

    public override void CancelPendingFlush() => _inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        BeginComplete(exception);
        _inner.Complete(exception);
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        BeginComplete(exception);
        return _inner.CompleteAsync(exception);
    }

    /// <summary>Sends the header on behalf of the reader. The caller holds the header's lock, so that no other thread writes meanwhile.</summary>
    internal void FlushHeader()
    {
        ValueTask<FlushResult> flush;
        try
        {
            flush = _inner.FlushAsync(CancellationToken.None);
        }
        catch (TransportException)
        {
            // The stream or its connection is over; the read that wanted the header sent will say so.
            return;
        }

        if (!flush.IsCompletedSuccessfully)
        {
            // Only when the header alone is more than the send buffer takes. A pipe allows one flush at a time: the caller's next one waits for this.
            _headerFlush = flush.AsTask();
        }
    }

    private async ValueTask<FlushResult> FlushAfterAsync(Task<FlushResult> headerFlush, CancellationToken cancellationToken)
    {
        await ((Task)headerFlush.WaitAsync(cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return await _flush.Flush(_inner, default, cancellationToken).ConfigureAwait(false);
    }

    private void BeginComplete(Exception? exception)
    {
        if (IsCompleted)
        {
            return;
        }

        IsCompleted = true;
        if (exception is null)
        {
            _stream.WriteHeader();
        }
        else
        {
            // Said before the pipe is completed, so that the server hears the reason and not the connection's default code.
            _stream.Transport.AbortWrite(RawStreamErrorCodes.Cancelled);
        }
    }

    private sealed class FlushOperation(RawStream stream) : TranslatedOperation<FlushResult>
    {
        internal ValueTask<FlushResult> Flush(PipeWriter inner, ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
        {
            ValueTask<FlushResult> operation;
            try
            {
                operation = source.IsEmpty ? inner.FlushAsync(cancellationToken) : inner.WriteAsync(source, cancellationToken);
            }
            catch (TransportException exception)
            {
                return new ValueTask<FlushResult>(Translate(exception));
            }

            return Wait(operation);
        }

        protected override FlushResult Translate(FlushResult result)
        {
            if (result.IsCompleted)
            {
                stream.ThrowIfEnded();
            }

            return result;
        }

        protected override FlushResult Translate(Exception exception)
        {
            // STOP_SENDING with NoError: the server has all it needs, which is no failure (protocol/net-1.md, section 2).
            if (exception is TransportException { Error: TransportError.StreamReset, ApplicationErrorCode: RawStreamErrorCodes.NoError })
            {
                stream.ThrowIfEnded();
                return new FlushResult(isCanceled: false, isCompleted: true);
            }

            Exception translated = stream.Translate(exception);
            if (ReferenceEquals(translated, exception))
            {
                ExceptionDispatchInfo.Throw(exception);
            }

            throw translated;
        }
    }
}
