using System.IO.Pipelines;

namespace Net.Testing;

/// <summary>The sides that a unidirectional stream does not have.</summary>
internal static class MissingPipes
{
    /// <summary>Already at its end.</summary>
    public static PipeReader Reader { get; } = new EndedReader();

    /// <summary>Refuses to write.</summary>
    public static PipeWriter Writer { get; } = new ClosedWriter();

    private sealed class EndedReader : PipeReader
    {
        public override void AdvanceTo(SequencePosition consumed)
        {
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
        }

        public override void CancelPendingRead()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            cancellationToken.IsCancellationRequested
                ? ValueTask.FromCanceled<ReadResult>(cancellationToken)
                : new(new ReadResult(default, isCanceled: false, isCompleted: true));

        public override bool TryRead(out ReadResult result)
        {
            result = new ReadResult(default, isCanceled: false, isCompleted: true);
            return true;
        }
    }

    private sealed class ClosedWriter : PipeWriter
    {
        public override void Advance(int bytes) => throw Refusal();

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => throw Refusal();

        public override Memory<byte> GetMemory(int sizeHint = 0) => throw Refusal();

        public override Span<byte> GetSpan(int sizeHint = 0) => throw Refusal();

        private static InvalidOperationException Refusal() => new("Only the peer sends on this unidirectional stream.");
    }
}
