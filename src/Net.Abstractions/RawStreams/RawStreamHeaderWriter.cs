using System.Buffers;
using System.Text;

namespace Net;

/// <summary>Writes the header that a stream of <c>net/1</c> opens with (<c>protocol/net-1.md</c>, section 3).</summary>
public static class RawStreamHeaderWriter
{
    /// <summary>Writes a header.</summary>
    /// <param name="output">Takes the bytes; nothing is flushed.</param>
    /// <param name="header">The header.</param>
    /// <param name="limits">Limits to keep to, as the receiver would refuse more; <c>null</c>: the defaults.</param>
    /// <exception cref="TransportException"><see cref="TransportError.MessageTooLarge"/>: the header is over a limit, which the message names. Nothing was written.</exception>
    public static void Write(IBufferWriter<byte> output, RawStreamHeader header, RawStreamLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        int bodySize = CheckSize(header, limits ?? RawStreamLimits.Default);
        int size = VariableLengthInteger.GetSize(bodySize) + bodySize;
        Span<byte> destination = output.GetSpan(size);
        int written = VariableLengthInteger.Write(destination, bodySize);
        written += WriteBody(destination[written..], header);
        output.Advance(written);
    }

    /// <summary>How many bytes a header takes, its length included.</summary>
    /// <param name="header">The header.</param>
    /// <param name="limits">Limits to keep to; <c>null</c>: the defaults.</param>
    /// <returns>The number of bytes that <see cref="Write"/> would write.</returns>
    /// <exception cref="TransportException"><see cref="TransportError.MessageTooLarge"/>: the header is over a limit, which the message names.</exception>
    public static int GetSize(RawStreamHeader header, RawStreamLimits? limits = null)
    {
        int bodySize = CheckSize(header, limits ?? RawStreamLimits.Default);
        return VariableLengthInteger.GetSize(bodySize) + bodySize;
    }

    private static int CheckSize(RawStreamHeader header, RawStreamLimits limits)
    {
        ArgumentNullException.ThrowIfNull(header);
        RawStreamMetadata metadata = header.Metadata;
        if (metadata.Count > limits.MaxMetadataCount)
        {
            throw TooLarge(header, $"has {metadata.Count} metadata entries; {nameof(RawStreamLimits)}.{nameof(RawStreamLimits.MaxMetadataCount)} is {limits.MaxMetadataCount}.");
        }

        if (metadata.Size > limits.MaxMetadataSize)
        {
            throw TooLarge(header, $"has {metadata.Size} bytes of metadata; {nameof(RawStreamLimits)}.{nameof(RawStreamLimits.MaxMetadataSize)} is {limits.MaxMetadataSize}.");
        }

        int size = GetBodySize(header);
        return size <= limits.MaxHeaderSize
            ? size
            : throw TooLarge(header, $"has {size} bytes; {nameof(RawStreamLimits)}.{nameof(RawStreamLimits.MaxHeaderSize)} is {limits.MaxHeaderSize}.");
    }

    private static TransportException TooLarge(RawStreamHeader header, string fault) =>
        new(TransportError.MessageTooLarge, $"The header of the stream to route '{header.Route}' {fault}") { IsSafeToRetry = false };

    private static int GetBodySize(RawStreamHeader header)
    {
        int size = 2 + Encoding.UTF8.GetByteCount(header.Route);
        if (header.Deadline is TimeSpan deadline)
        {
            size += 2 + VariableLengthInteger.GetSize(ToMicroseconds(deadline));
        }

        if (header.HasTraceContext)
        {
            size += 2 + RawStreamTraceParent.Size;
            if (header.TraceState is string state)
            {
                size += 1 + VariableLengthInteger.GetSize(state.Length) + state.Length;
            }
        }

        RawStreamMetadata metadata = header.Metadata;
        for (int i = 0; i < metadata.Count; i++)
        {
            int valueSize = 1 + metadata[i].Name.Length + metadata[i].Value.Length;
            size += 1 + VariableLengthInteger.GetSize(valueSize) + valueSize;
        }

        return size;
    }

    private static int WriteBody(Span<byte> body, RawStreamHeader header)
    {
        body[0] = (byte)((RawStreamProtocol.Version << 4) | (int)header.Idempotency);
        int routeSize = Encoding.UTF8.GetBytes(header.Route, body[2..]);
        body[1] = (byte)routeSize;
        int at = 2 + routeSize;
        if (header.Deadline is TimeSpan deadline)
        {
            long microseconds = ToMicroseconds(deadline);
            at += WriteFieldStart(body[at..], RawStreamField.Deadline, VariableLengthInteger.GetSize(microseconds));
            at += VariableLengthInteger.Write(body[at..], microseconds);
        }

        if (header.HasTraceContext)
        {
            at += WriteFieldStart(body[at..], RawStreamField.TraceParent, RawStreamTraceParent.Size);
            header.TraceParent.Write(body[at..]);
            at += RawStreamTraceParent.Size;
            if (header.TraceState is string state)
            {
                at += WriteFieldStart(body[at..], RawStreamField.TraceState, state.Length);
                at += Encoding.ASCII.GetBytes(state, body[at..]);
            }
        }

        RawStreamMetadata metadata = header.Metadata;
        for (int i = 0; i < metadata.Count; i++)
        {
            at += WriteEntry(body[at..], metadata[i]);
        }

        return at;
    }

    private static int WriteEntry(Span<byte> destination, RawStreamMetadataEntry entry)
    {
        int at = WriteFieldStart(destination, RawStreamField.Metadata, 1 + entry.Name.Length + entry.Value.Length);
        destination[at++] = (byte)entry.Name.Length;
        at += Encoding.ASCII.GetBytes(entry.Name, destination[at..]);
        entry.Value.Span.CopyTo(destination[at..]);
        return at + entry.Value.Length;
    }

    private static int WriteFieldStart(Span<byte> destination, long type, int valueSize)
    {
        int at = VariableLengthInteger.Write(destination, type);
        return at + VariableLengthInteger.Write(destination[at..], valueSize);
    }

    private static long ToMicroseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;
}
