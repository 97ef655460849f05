using System.IO.Pipelines;

namespace Net.MsQuic.Internal;

/// <summary>The application's end of the receiving pipe, which tells the stream when the application stops reading.</summary>
/// <param name="inner">The pipe's own reader.</param>
/// <param name="completed">Called when the application completes the reader.</param>
internal sealed class StreamInput(PipeReader inner, Action completed) : PipeReader
{
    private volatile TransportException? _failure;

    /// <summary>Has reads fail from now on. The pump would only get to it a moment later.</summary>
    /// <param name="failure">With what.</param>
    internal void Fail(TransportException failure) => _failure ??= failure;

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (_failure is TransportException failure)
        {
            throw failure;
        }

        return inner.TryRead(out result);
    }

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        _failure is TransportException failure ? ValueTask.FromException<ReadResult>(failure) : inner.ReadAsync(cancellationToken);

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
        _failure is TransportException failure ? ValueTask.FromException<ReadResult>(failure) : inner.ReadAtLeastAsync(minimumSize, cancellationToken);
}
