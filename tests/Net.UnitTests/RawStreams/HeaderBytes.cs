using System.Buffers;

namespace Net.UnitTests.RawStreams;

/// <summary>Headers to bytes and back, as the tests need it.</summary>
internal static class HeaderBytes
{
    internal static byte[] Write(RawStreamHeader header)
    {
        var output = new ArrayBufferWriter<byte>();
        RawStreamHeaderWriter.Write(output, header);
        return output.WrittenSpan.ToArray();
    }

    internal static RawStreamHeaderStatus Read(ReadOnlyMemory<byte> bytes, out RawStreamHeader? header) => Read(bytes, RawStreamLimits.Default, out header, out _);

    internal static RawStreamHeaderStatus Read(ReadOnlyMemory<byte> bytes, RawStreamLimits limits, out RawStreamHeader? header, out int rest)
    {
        var sequence = new ReadOnlySequence<byte>(bytes);
        RawStreamHeaderStatus status = RawStreamHeaderReader.TryRead(ref sequence, limits, out header, out string? fault);
        rest = (int)sequence.Length;
        Assert.AreEqual(status is RawStreamHeaderStatus.NeedMore or RawStreamHeaderStatus.Complete, fault is null, $"{status} with fault '{fault}'");
        Assert.AreEqual(status == RawStreamHeaderStatus.Complete, header is not null);
        return status;
    }

    /// <summary>The same bytes in segments that end at the given places.</summary>
    internal static ReadOnlySequence<byte> Split(ReadOnlyMemory<byte> bytes, params int[] places)
    {
        var first = new Segment(bytes[..(places.Length > 0 ? places[0] : bytes.Length)], 0);
        Segment last = first;
        for (int i = 0; i < places.Length; i++)
        {
            int end = i + 1 < places.Length ? places[i + 1] : bytes.Length;
            last = last.Append(bytes[places[i]..end]);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        internal Segment(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        internal Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
