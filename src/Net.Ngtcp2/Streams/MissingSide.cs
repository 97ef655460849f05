using System.IO.Pipelines;

namespace Net.Ngtcp2.Streams;

/// <summary>The sides that a unidirectional stream does not have.</summary>
internal static class MissingSide
{
    /// <summary>A reader that is at its end.</summary>
    internal static PipeReader Input { get; } = new EndedReader();

    /// <summary>A writer that refuses.</summary>
    internal static PipeWriter Output { get; } = new RefusingWriter();

    private sealed class EndedReader : PipeReader
    {
        private static readonly ReadResult End = new(default, isCanceled: false, isCompleted: true);

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

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => new(End);

        public override bool TryRead(out ReadResult result)
        {
            result = End;
            return true;
        }
    }

    private sealed class RefusingWriter : PipeWriter
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

        private static InvalidOperationException Refusal() =>
            new("This is a unidirectional stream that the peer opened; only the peer sends on it.");
    }
}
