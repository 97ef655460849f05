using System.Buffers;

namespace Net.Chaos.Tcp;

/// <summary>Bytes on their way through a connection, in a pooled buffer that belongs to whoever holds the chunk.</summary>
internal sealed class StreamChunk
{
    private byte[] _buffer;
    private int _start;

    /// <summary>Copies bytes.</summary>
    internal StreamChunk(ReadOnlySpan<byte> data)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(data.Length);
        data.CopyTo(_buffer);
        Length = data.Length;
    }

    internal int Length { get; private set; }

    internal ReadOnlyMemory<byte> Memory => _buffer.AsMemory(_start, Length);

    internal ReadOnlySpan<byte> Span => _buffer.AsSpan(_start, Length);

    /// <summary>Takes the first bytes out as a chunk of their own.</summary>
    internal StreamChunk TakeFirst(int length)
    {
        var first = new StreamChunk(Span[..length]);
        _start += length;
        Length -= length;
        return first;
    }

    /// <summary>Forgets all but the first bytes.</summary>
    internal void Truncate(int length) => Length = Math.Min(Length, length);

    /// <summary>Gives the buffer back. The chunk is not used afterwards.</summary>
    internal void Return()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        Length = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
