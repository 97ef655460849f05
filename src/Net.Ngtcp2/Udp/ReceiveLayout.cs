namespace Net.Ngtcp2.Udp;

/// <summary>Lays out the native memory of a receive batch: headers, vectors, addresses, control messages, then the payload buffers.</summary>
internal static unsafe class ReceiveLayout
{
    /// <summary>The largest UDP payload, and the largest coalesced message, fits.</summary>
    internal const int BufferBytes = 64 * 1024;

    /// <summary>ECN mark (24), local address (40), segment size (24) and overflow count (24), and as much again for options that others set.</summary>
    internal const int ControlBytes = 256;

    private const int AddressBytes = 32;

    // With a distance of a power of two, the first lines of all buffers would compete for the same few lines of the processor's cache.
    private const int BufferDistance = BufferBytes + (5 * 64);

    internal static nuint BytesFor(int count) =>
        (nuint)count * (nuint)(sizeof(MultipleMessageHeader) + ControlBytes + AddressBytes + sizeof(IoVector) + BufferDistance) + 64;

    /// <summary>Fills the zeroed memory in and returns the first header.</summary>
    internal static MultipleMessageHeader* Build(byte* start, int count)
    {
        MultipleMessageHeader* messages = (MultipleMessageHeader*)start;
        byte* control = (byte*)(messages + count);
        byte* addresses = control + (count * ControlBytes);
        IoVector* vectors = (IoVector*)(addresses + (count * AddressBytes));
        byte* buffers = (byte*)(((nint)(vectors + count) + 63) & ~(nint)63);
        for (int i = 0; i < count; i++)
        {
            vectors[i].Base = buffers + ((long)i * BufferDistance);
            vectors[i].Length = BufferBytes;
            ref MessageHeader header = ref messages[i].Header;
            header.Name = (SocketAddressBuffer*)(addresses + (i * AddressBytes));
            header.Vectors = vectors + i;
            header.VectorCount = 1;
            header.Control = control + (i * ControlBytes);
            Reset(ref header);
        }

        return messages;
    }

    /// <summary>Restores the fields the kernel overwrites.</summary>
    internal static void Reset(ref MessageHeader header)
    {
        header.NameLength = SocketAddressBuffer.Size;
        header.ControlLength = ControlBytes;
        header.Flags = 0;
    }
}
