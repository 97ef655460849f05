using System.Buffers;

namespace Net.Http3;

/// <summary>The header of a frame: type and length (RFC 9114, section 7.1).</summary>
internal static class Http3Frame
{
    /// <summary>The longest header, bytes.</summary>
    internal const int MaxHeaderSize = 2 * VariableLengthInteger.MaxSize;

    /// <summary>Writes a header.</summary>
    internal static void WriteHeader(IBufferWriter<byte> output, long type, long length)
    {
        Span<byte> room = output.GetSpan(MaxHeaderSize);
        int size = VariableLengthInteger.Write(room, type);
        size += VariableLengthInteger.Write(room[size..], length);
        output.Advance(size);
    }

    /// <summary>Reads a header.</summary>
    /// <param name="buffer">Bytes that begin with it; moved behind it.</param>
    /// <param name="type">The type.</param>
    /// <param name="length">The payload's length.</param>
    /// <returns><c>false</c> when the bytes end inside it; the buffer is then left alone.</returns>
    internal static bool TryReadHeader(ref ReadOnlySequence<byte> buffer, out long type, out long length)
    {
        length = 0;
        if (!VariableLengthInteger.TryRead(buffer, out type, out int typeSize))
        {
            return false;
        }

        ReadOnlySequence<byte> rest = buffer.Slice(typeSize);
        if (!VariableLengthInteger.TryRead(rest, out length, out int lengthSize))
        {
            return false;
        }

        buffer = rest.Slice(lengthSize);
        return true;
    }
}
