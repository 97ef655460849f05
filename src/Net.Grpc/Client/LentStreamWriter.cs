using System.Buffers;
using System.IO.Pipelines;

namespace Net.Grpc;

/// <summary>A request stream that lends its own memory, as that of HTTP/3 does, as the pipe that messages are written into: they are serialised where they are sent from, and nothing is copied.</summary>
/// <remarks>Completing it does nothing: the end of the request's content is the end of the stream.</remarks>
internal sealed class LentStreamWriter(Stream stream, IBufferWriter<byte> memory) : PipeWriter
{
    private long _unflushed;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _unflushed;

    /// <summary>The pipe over a request stream: its own memory where it lends that, else blocks that are written to it when they are flushed.</summary>
    internal static PipeWriter Over(Stream stream) => stream is IBufferWriter<byte> memory
        ? new LentStreamWriter(stream, memory)
        : Create(stream, new StreamPipeWriterOptions(minimumBufferSize: ClientExchange.BufferSize, leaveOpen: true));

    public override void Advance(int bytes)
    {
        memory.Advance(bytes);
        _unflushed += bytes;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => memory.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => memory.GetSpan(sizeHint);

    public override void CancelPendingFlush() => throw new NotSupportedException("A flush of a request stream ends by its token.");

    public override void Complete(Exception? exception = null)
    {
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        _unflushed = 0;
        Task flush = stream.FlushAsync(cancellationToken);
        return flush.IsCompletedSuccessfully ? default : AwaitAsync(flush);
    }

    private static async ValueTask<FlushResult> AwaitAsync(Task flush)
    {
        await flush.ConfigureAwait(false);
        return default;
    }
}
