using System.Buffers;

namespace Net.Grpc;

/// <summary>Bytes written once and read once, in blocks from the array pool; for what must be complete before it can go on, such as a compressed message.</summary>
internal sealed class PooledSequence : Stream, IBufferWriter<byte>
{
    private const int BlockSize = 16 * 1024;
    private Block? _first;
    private Block? _last;

    /// <summary>How many bytes were written.</summary>
    internal long Written { get; private set; }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => Written;

    /// <inheritdoc/>
    public override long Position
    {
        get => Written;
        set => throw new NotSupportedException();
    }

    /// <summary>What was written. Valid until disposal.</summary>
    internal ReadOnlySequence<byte> AsSequence()
    {
        if (_first is null)
        {
            return ReadOnlySequence<byte>.Empty;
        }

        long index = 0;
        for (Block? block = _first; block is not null; block = block.NextBlock)
        {
            index = block.Seal(index);
        }

        return new ReadOnlySequence<byte>(_first, 0, _last!, _last!.Used);
    }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        // Protobuf begins with an advance of nothing, before it asks for memory.
        if (count > 0)
        {
            _last!.Used += count;
            Written += count;
        }
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_last is null || _last.Array.Length - _last.Used < Math.Max(1, sizeHint))
        {
            var block = new Block(ArrayPool<byte>.Shared.Rent(Math.Max(BlockSize, sizeHint)));
            if (_last is null)
            {
                _first = block;
            }
            else
            {
                _last.NextBlock = block;
            }

            _last = block;
        }

        return _last.Array.AsMemory(_last.Used);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer) => BuffersExtensions.Write(this, buffer);

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        for (Block? block = _first; block is not null; block = block.NextBlock)
        {
            ArrayPool<byte>.Shared.Return(block.Array);
        }

        _first = _last = null;
        Written = 0;
        base.Dispose(disposing);
    }

    private sealed class Block(byte[] array) : ReadOnlySequenceSegment<byte>
    {
        internal byte[] Array { get; } = array;

        internal int Used { get; set; }

        internal Block? NextBlock { get; set; }

        internal long Seal(long index)
        {
            Memory = Array.AsMemory(0, Used);
            RunningIndex = index;
            Next = NextBlock;
            return index + Used;
        }
    }
}
