using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;

namespace Net;

/// <summary>The frames that carry streams over TLS on TCP (<c>protocol/net-1.md</c>, section 7): <c>type, length, payload</c>, each integer as QUIC writes it.</summary>
internal static class TcpFrame
{
    internal const long Data = 0x00;
    internal const long End = 0x02;
    internal const long Reset = 0x04;
    internal const long Stop = 0x06;
    internal const long Credit = 0x08;
    internal const long Streams = 0x0a;
    internal const long Close = 0x0c;
    internal const long Ping = 0x0e;
    internal const long Pong = 0x10;

    /// <summary>The largest payload, bytes. A longer frame ends the connection as soon as its length is known.</summary>
    internal const int MaxPayload = 16 << 10;

    /// <summary>Bytes of a stream that one frame carries at most; the id takes up to 8 of the payload.</summary>
    internal const int MaxData = MaxPayload - VariableLengthInteger.MaxSize;

    /// <summary>Bytes that each side may send on a new stream before it was given more.</summary>
    internal const int InitialCredit = 64 << 10;

    /// <summary>Streams that a client may open before it was given more.</summary>
    internal const int InitialStreams = 16;

    /// <summary>The longest reason text of a CLOSE, bytes.</summary>
    internal const int MaxReason = 512;

    /// <summary>Takes the next frame off what has arrived.</summary>
    /// <param name="buffer">What has arrived; cut to what follows the frame when there is a whole one.</param>
    /// <param name="type">The frame's type.</param>
    /// <param name="payload">Its payload.</param>
    /// <returns><c>false</c> when the frame is not whole yet.</returns>
    /// <exception cref="TcpViolationException">It is longer than the limit.</exception>
    internal static bool TryRead(ref ReadOnlySequence<byte> buffer, out long type, out ReadOnlySequence<byte> payload)
    {
        payload = default;
        if (!VariableLengthInteger.TryRead(buffer, out type, out int typeSize)
            || !VariableLengthInteger.TryRead(buffer.Slice(typeSize), out long length, out int lengthSize))
        {
            return false;
        }

        if (length > MaxPayload)
        {
            throw new TcpViolationException(string.Create(CultureInfo.InvariantCulture, $"A frame of type 0x{type:x} has {length} bytes; {MaxPayload} are allowed."));
        }

        if (buffer.Length - typeSize - lengthSize < length)
        {
            return false;
        }

        payload = buffer.Slice(typeSize + lengthSize, length);
        buffer = buffer.Slice(typeSize + lengthSize + length);
        return true;
    }

    /// <summary>Takes an integer off a payload.</summary>
    /// <exception cref="TcpViolationException">The payload ends inside it.</exception>
    internal static long TakeInteger(ref ReadOnlySequence<byte> payload)
    {
        if (!VariableLengthInteger.TryRead(payload, out long value, out int size))
        {
            throw new TcpViolationException("A frame ends inside an integer.");
        }

        payload = payload.Slice(size);
        return value;
    }

    /// <summary>Takes the one integer that is left of a payload.</summary>
    /// <exception cref="TcpViolationException">The payload ends inside it, or goes on behind it.</exception>
    internal static long TakeLastInteger(ref ReadOnlySequence<byte> payload)
    {
        long value = TakeInteger(ref payload);
        return payload.IsEmpty ? value : throw new TcpViolationException("A frame is longer than its fields.");
    }

    /// <summary>Writes a frame of one integer.</summary>
    internal static void Write(PipeWriter output, long type, long value)
    {
        Span<byte> span = output.GetSpan(2 + VariableLengthInteger.MaxSize);
        int size = WriteHeader(span, type, VariableLengthInteger.GetSize(value));
        output.Advance(size + VariableLengthInteger.Write(span[size..], value));
    }

    /// <summary>Writes a frame of two integers.</summary>
    internal static void Write(PipeWriter output, long type, long first, long second)
    {
        Span<byte> span = output.GetSpan(2 + (2 * VariableLengthInteger.MaxSize));
        int size = WriteHeader(span, type, VariableLengthInteger.GetSize(first) + VariableLengthInteger.GetSize(second));
        size += VariableLengthInteger.Write(span[size..], first);
        output.Advance(size + VariableLengthInteger.Write(span[size..], second));
    }

    /// <summary>Writes a frame of an integer and bytes.</summary>
    internal static void Write(PipeWriter output, long type, long value, in ReadOnlySequence<byte> bytes)
    {
        Span<byte> span = output.GetSpan(1 + 4 + VariableLengthInteger.MaxSize);
        int size = WriteHeader(span, type, VariableLengthInteger.GetSize(value) + bytes.Length);
        output.Advance(size + VariableLengthInteger.Write(span[size..], value));
        foreach (ReadOnlyMemory<byte> piece in bytes)
        {
            output.Write(piece.Span);
        }
    }

    private static int WriteHeader(Span<byte> span, long type, long length)
    {
        int size = VariableLengthInteger.Write(span, type);
        return size + VariableLengthInteger.Write(span[size..], length);
    }
}
