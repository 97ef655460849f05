using System.Buffers;
using System.IO.Pipelines;

namespace Net;

// What the application holds: the two pipes' other ends, which count what is read and say when something was written.
internal sealed partial class TcpStream
{
    private sealed class Reader(TcpStream stream, PipeReader inner) : PipeReader
    {
        private ReadOnlySequence<byte> _buffer;
        private bool _isAtEnd;

        /// <summary>Whether all up to the peer's end was taken.</summary>
        internal bool HasReadEnd { get; private set; }

        public override bool TryRead(out ReadResult result)
        {
            if (!inner.TryRead(out result))
            {
                return false;
            }

            result = Note(result);
            return true;
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            ValueTask<ReadResult> reading = inner.ReadAsync(cancellationToken);
            return reading.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Note(reading.Result)) : NoteAsync(reading);
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            long count = _buffer.Slice(_buffer.Start, consumed).Length;
            bool hasReadAll = _isAtEnd && count == _buffer.Length;
            _buffer = default;
            inner.AdvanceTo(consumed, examined);
            HasReadEnd |= hasReadAll;
            if (count > 0)
            {
                stream.Consume(count);
            }
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null)
        {
            stream.AbortRead(stream._connection.Options.DefaultStreamErrorCode);
            inner.Complete(exception);
        }

        private async ValueTask<ReadResult> NoteAsync(ValueTask<ReadResult> reading) => Note(await reading.ConfigureAwait(false));

        private ReadResult Note(in ReadResult result)
        {
            _buffer = result.Buffer;
            _isAtEnd = result.IsCompleted;
            HasReadEnd |= result.IsCompleted && result.Buffer.IsEmpty;
            return result;
        }
    }

    private sealed class Writer(TcpStream stream, PipeWriter inner) : PipeWriter
    {
        private bool _isCompleted;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            ValueTask<FlushResult> flush = inner.FlushAsync(cancellationToken);
            stream._connection.Enqueue(stream);
            return flush;
        }

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            if (_isCompleted)
            {
                return;
            }

            _isCompleted = true;
            if (exception is not null)
            {
                stream.AbortWrite(stream._connection.Options.DefaultStreamErrorCode);
            }

            inner.Complete();
            stream._connection.Enqueue(stream);
        }
    }
}
