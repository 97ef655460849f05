using System.Buffers;
using System.IO.Pipelines;

namespace Net.Chaos.Simulation.Http;

/// <summary>The content of a response; each flush is a DATA frame.</summary>
internal sealed class Http3HostOutput(Http3HostExchange exchange) : PipeWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _buffer.WrittenCount;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.GetSpan(sizeHint);

    public override void Advance(int bytes) => _buffer.Advance(bytes);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => exchange.SendAsync(Take(), cancellationToken);

    public override void CancelPendingFlush() => throw new NotSupportedException("Nobody asks for it.");

    public override void Complete(Exception? exception = null)
    {
        // The end is sent with the trailers.
    }

    /// <summary>Takes what was written and not flushed.</summary>
    internal byte[] Take()
    {
        byte[] data = _buffer.WrittenSpan.ToArray();
        _buffer.ResetWrittenCount();
        return data;
    }
}
