using System.IO.Pipelines;

namespace Net.MsQuic.Internal;

/// <summary>The application's end of the sending pipe, which resets the stream at once when it is completed with an exception.</summary>
/// <param name="inner">The pipe's own writer.</param>
/// <param name="failed">Called when the application completes the writer with an exception.</param>
internal sealed class StreamOutput(PipeWriter inner, Action failed) : PipeWriter
{
    private volatile TransportException? _failure;

    /// <summary>Has writes fail from now on. The pump would only get to it a moment later.</summary>
    /// <param name="failure">With what.</param>
    internal void Fail(TransportException failure) => _failure ??= failure;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    /// <inheritdoc/>
    public override long UnflushedBytes => inner.UnflushedBytes;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    /// <inheritdoc/>
    public override void Advance(int bytes) => inner.Advance(bytes);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        _failure is TransportException failure ? ValueTask.FromException<FlushResult>(failure) : inner.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        _failure is TransportException failure ? ValueTask.FromException<FlushResult>(failure) : inner.WriteAsync(source, cancellationToken);

    /// <inheritdoc/>
    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        // Before the pipe learns of it: its pump would otherwise take what is buffered for the whole and send FIN.
        if (exception is not null)
        {
            failed();
        }

        inner.Complete(exception);
    }
}

/// <summary>The output of a stream on which only the peer sends.</summary>
internal sealed class NoOutput : PipeWriter
{
    /// <summary>The only instance.</summary>
    internal static NoOutput Instance { get; } = new();

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => throw Refuse();

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => throw Refuse();

    /// <inheritdoc/>
    public override void Advance(int bytes) => throw Refuse();

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => throw Refuse();

    /// <inheritdoc/>
    public override void CancelPendingFlush()
    {
        // Nothing ever waits here.
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        // It is complete from the start; ending it, as code does that treats all streams alike, is no mistake.
    }

    private static InvalidOperationException Refuse() =>
        new("This stream is unidirectional and the peer's: only the peer writes on it. Look at TransportStream.CanWrite first.");
}
