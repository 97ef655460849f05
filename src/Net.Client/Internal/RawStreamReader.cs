using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;

namespace Net.Client;

/// <summary>The transport's reader, with failures in the protocol's words, and the header sent before the first wait.</summary>
internal sealed class RawStreamReader : PipeReader
{
    private readonly RawStream _stream;
    private readonly PipeReader _inner;
    private readonly ReadOperation _read;

    internal RawStreamReader(RawStream stream, PipeReader inner)
    {
        _stream = stream;
        _inner = inner;
        _read = new ReadOperation(stream);
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        _stream.SendHeader();
        return _read.Read(_inner, 0, cancellationToken);
    }

    protected override ValueTask<ReadResult> ReadAtLeastAsyncCore(int minimumSize, CancellationToken cancellationToken)
    {
        _stream.SendHeader();
        return _read.Read(_inner, minimumSize, cancellationToken);
    }

    public override bool TryRead(out ReadResult result)
    {
        try
        {
            if (!_inner.TryRead(out result))
            {
                return false;
            }
        }
        catch (TransportException exception)
        {
            throw _stream.Translate(exception, !_read.HasAnswer);
        }

        _read.Note(result);
        _stream.ThrowIfEnded();
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => _inner.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => _inner.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        // Said before the pipe is completed, so that the server hears the reason and not the connection's default code.
        _stream.Transport.AbortRead(exception is null ? RawStreamErrorCodes.NoError : RawStreamErrorCodes.Cancelled);
        _inner.Complete(exception);
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        _stream.Transport.AbortRead(exception is null ? RawStreamErrorCodes.NoError : RawStreamErrorCodes.Cancelled);
        return _inner.CompleteAsync(exception);
    }

    private sealed class ReadOperation(RawStream stream) : TranslatedOperation<ReadResult>
    {
        /// <summary>Whether something of the answer was read, or its end.</summary>
        internal bool HasAnswer { get; private set; }

        internal void Note(in ReadResult result) => HasAnswer |= result.IsCompleted || !result.Buffer.IsEmpty;

        internal ValueTask<ReadResult> Read(PipeReader inner, int minimumSize, CancellationToken cancellationToken)
        {
            ValueTask<ReadResult> operation;
            try
            {
                operation = minimumSize == 0 ? inner.ReadAsync(cancellationToken) : inner.ReadAtLeastAsync(minimumSize, cancellationToken);
            }
            catch (TransportException exception)
            {
                return new ValueTask<ReadResult>(Translate(exception));
            }

            return Wait(operation);
        }

        protected override ReadResult Translate(ReadResult result)
        {
            Note(result);

            // An aborted pipe may end without an exception; its end must not pass for the peer's FIN.
            if (result.IsCompleted)
            {
                stream.ThrowIfEnded();
            }

            return result;
        }

        protected override ReadResult Translate(Exception exception)
        {
            Exception translated = stream.Translate(exception, !HasAnswer);
            if (ReferenceEquals(translated, exception))
            {
                ExceptionDispatchInfo.Throw(exception);
            }

            throw translated;
        }
    }
}
