using System.Buffers;

namespace Net.UnitTests.Grpc;

/// <summary>As the request stream of HTTP/3 is: it can be written into, and nothing need be copied.</summary>
internal sealed class LendingStream : Stream, IBufferWriter<byte>
{
    internal ArrayBufferWriter<byte> Written { get; } = new();

    /// <summary>How much had been written at each flush.</summary>
    internal List<int> Flushes { get; } = [];

    /// <summary>What holds the next flushes back. Default: nothing.</summary>
    internal Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Runs whenever memory is asked for. Default: nothing.</summary>
    internal Action? Lending { get; set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void Advance(int count) => Written.Advance(count);

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Lending?.Invoke();
        return Written.GetMemory(sizeHint);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Flush() => throw new AssertFailedException("The stream was flushed synchronously.");

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Flushes.Add(Written.WrittenCount);
        await Gate.WaitAsync(cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new AssertFailedException("The message was copied.");
}
