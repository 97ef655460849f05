using System.Buffers.Binary;

namespace Net;

/// <summary>The caller's span as it stands on the wire: 16 bytes trace id, 8 bytes span id, 1 byte flags.</summary>
internal readonly record struct RawStreamTraceParent(UInt128 TraceId, ulong SpanId, byte Flags)
{
    internal const int Size = 25;

    // W3C Trace Context, section 3.2.2: an id of zeros is no id, and the field is then ignored.
    internal bool IsValid => TraceId != 0 && SpanId != 0;

    internal static RawStreamTraceParent Read(ReadOnlySpan<byte> value) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(value), BinaryPrimitives.ReadUInt64BigEndian(value[16..]), value[24]);

    internal void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination, TraceId);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], SpanId);
        destination[24] = Flags;
    }
}
