using System.Buffers.Binary;

namespace Net.Aql;

/// <summary>What a log or a snapshot consists of after its header: bytes that are valid together or not at all.</summary>
/// <remarks>
/// <code>
/// 0   4  "AQF1"
/// 4   4  bytes of the payload
/// 8   8  number of the first commit in the payload; in a snapshot, of the frame
/// 16  4  CRC-32C of the payload
/// 20  4  CRC-32C of the 20 bytes before
/// 24     payload
/// </code>
/// Integers are little endian; both checksums begin with the file's salt. A log gets its next frame only after the disk has the one before,
/// so whatever a crash leaves half-written is the last frame: a broken frame with a whole one after it was damaged later.
/// </remarks>
internal readonly record struct Frame(int PayloadSize, long Sequence, uint PayloadChecksum)
{
    internal const int HeaderSize = 24;

    private static ReadOnlySpan<byte> Magic => "AQF1"u8;

    /// <summary>Writes the header in front of a payload.</summary>
    /// <param name="frame">The frame: room for the header, then the payload.</param>
    /// <param name="sequence">The number of its first commit.</param>
    /// <param name="seed">The file's <see cref="FileHeader.Seed"/>.</param>
    internal static void Seal(Span<byte> frame, long sequence, uint seed)
    {
        Magic.CopyTo(frame);
        BinaryPrimitives.WriteInt32LittleEndian(frame[4..], frame.Length - HeaderSize);
        BinaryPrimitives.WriteInt64LittleEndian(frame[8..], sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[16..], ~Crc32C.Append(seed, frame[HeaderSize..]));
        BinaryPrimitives.WriteUInt32LittleEndian(frame[20..], ~Crc32C.Append(seed, frame[..20]));
    }

    /// <summary>Reads a header.</summary>
    /// <returns>Whether it is one of this file's.</returns>
    internal static bool TryReadHeader(ReadOnlySpan<byte> bytes, uint seed, out Frame frame)
    {
        frame = default;
        if (bytes.Length < HeaderSize || !bytes[..4].SequenceEqual(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]) != ~Crc32C.Append(seed, bytes[..20]))
        {
            return false;
        }

        frame = new Frame(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]));
        return frame.PayloadSize >= 0;
    }

    internal bool Fits(ReadOnlySpan<byte> payload, uint seed) => PayloadChecksum == ~Crc32C.Append(seed, payload);

    /// <summary>Looks for the header of a whole frame.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where to begin.</param>
    /// <param name="seed">The file's <see cref="FileHeader.Seed"/>.</param>
    /// <returns>Where it is, or -1.</returns>
    internal static long Search(StoreFile file, long offset, uint seed)
    {
        var window = new byte[64 << 10];
        long length = file.Length;
        while (offset + HeaderSize <= length)
        {
            Span<byte> bytes = window.AsSpan(0, file.Read(window, offset));
            for (int at = bytes.IndexOf(Magic); at >= 0 && at + HeaderSize <= bytes.Length;)
            {
                if (TryReadHeader(bytes[at..], seed, out Frame frame) && IsWhole(file, offset + at, frame, seed))
                {
                    return offset + at;
                }

                int next = bytes[(at + 1)..].IndexOf(Magic);
                at = next < 0 ? -1 : at + 1 + next;
            }

            if (bytes.Length < HeaderSize)
            {
                break;
            }

            // Windows overlap, so that a header across their border is seen whole by the second.
            offset += bytes.Length - HeaderSize + 1;
        }

        return -1;
    }

    private static bool IsWhole(StoreFile file, long offset, Frame frame, uint seed)
    {
        if (offset + HeaderSize + frame.PayloadSize > file.Length)
        {
            return false;
        }

        var payload = new byte[frame.PayloadSize];
        return file.Read(payload, offset + HeaderSize) == payload.Length && frame.Fits(payload, seed);
    }
}
