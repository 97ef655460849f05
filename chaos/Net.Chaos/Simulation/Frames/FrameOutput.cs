using System.Buffers;
using System.IO.Pipelines;

namespace Net.Chaos.Simulation.Frames;

/// <summary>What a side writes; each flush is a frame.</summary>
internal sealed class FrameOutput(FrameStream stream) : PipeWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);
    private bool _isCompleted;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _buffer.WrittenCount;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.GetSpan(sizeHint);

    public override void Advance(int bytes) => _buffer.Advance(bytes);

    public override void CancelPendingFlush()
    {
        // None ever waits.
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        if (stream.SendFailure is { } failure)
        {
            return ValueTask.FromException<FlushResult>(new TransportException(failure.Error, failure.Message, failure)
            {
                ApplicationErrorCode = failure.ApplicationErrorCode,
                IsSafeToRetry = failure.IsSafeToRetry,
            });
        }

        if (!_isCompleted && _buffer.WrittenCount > 0)
        {
            stream.SendData(Take(), isEnd: false);
        }

        return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: _isCompleted));
    }

    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
        {
            return;
        }

        _isCompleted = true;
        if (!stream.CanSend)
        {
            return;
        }

        if (exception is not null)
        {
            stream.AbortWrite(stream.DefaultErrorCode);
        }
        else if (stream.SendFailure is null)
        {
            stream.SendData(Take(), isEnd: true);
        }
    }

    private byte[] Take()
    {
        byte[] data = _buffer.WrittenSpan.ToArray();
        _buffer.ResetWrittenCount();
        return data;
    }
}
