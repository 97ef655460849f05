using System.IO.Pipelines;

namespace Net.MsQuic.Internal;

/// <summary>The application's end of the receiving pipe, which tells the stream when the application stops reading.</summary>
/// <param name="inner">The pipe's own reader.</param>
/// <param name="completed">Called when the application completes the reader.</param>
internal sealed class StreamInput(PipeReader inner, Action completed) : PipeReader
{
    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => inner.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        inner.Complete(exception);
        completed();
    }

    /// <inheritdoc/>
    protected override ValueTask<ReadResult> ReadAtLeastAsyncCore(int minimumSize, CancellationToken cancellationToken) =>
        inner.ReadAtLeastAsync(minimumSize, cancellationToken);
}
