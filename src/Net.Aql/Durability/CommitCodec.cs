using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;

namespace Net.Aql;

/// <summary>Writes and reads commits and rows as they stand in frames.</summary>
/// <remarks>
/// <code>
/// commit    count (varint), mutation ...
/// mutation  kind (1 byte: 0 delete, 1 set), collection (varint length, UTF-8), key (varint length, bytes), and for set:
///           data (varint length, bytes), size (varint), compression (varint), checksum (4 bytes, little endian),
///           created at (varint, zigzag), version (varint: 0 none, else version + 1)
/// </code>
/// A varint is that of Protocol Buffers. A frame of a log holds commits, a frame of a snapshot one commit that sets rows.
/// </remarks>
internal static class CommitCodec
{
    internal static void Write(IBufferWriter<byte> output, IReadOnlyList<Mutation> mutations)
    {
        WriteNumber(output, (ulong)mutations.Count);
        foreach (Mutation mutation in mutations)
        {
            Write(output, mutation);
        }
    }

    internal static void Write(IBufferWriter<byte> output, Mutation mutation)
    {
        WriteNumber(output, mutation.Row is null ? 0UL : 1UL);
        WriteBytes(output, Encoding.UTF8.GetBytes(mutation.Collection));
        WriteBytes(output, mutation.Key.Span);
        if (mutation.Row is { } row)
        {
            WriteBytes(output, row.Data.Span);
            WriteNumber(output, row.Metadata.Size);
            WriteNumber(output, (uint)row.Metadata.Compression);
            BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(4), row.Metadata.Checksum);
            output.Advance(4);
            long createdAt = row.Metadata.CreatedAt;
            WriteNumber(output, (ulong)(createdAt << 1) ^ (ulong)(createdAt >> 63));
            WriteNumber(output, row.Metadata.Version is uint version ? version + 1UL : 0);
        }
    }

    internal static void WriteNumber(IBufferWriter<byte> output, ulong value)
    {
        Span<byte> span = output.GetSpan(10);
        int length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[length++] = (byte)(value | 0x80);
        }

        span[length++] = (byte)value;
        output.Advance(length);
    }

    /// <summary>Reads one commit.</summary>
    /// <exception cref="InvalidDataException">The bytes are no commit, though their checksum is right.</exception>
    internal static List<Mutation> Read(ref ReadOnlySpan<byte> input)
    {
        ulong count = ReadNumber(ref input);
        if (count > (ulong)input.Length)
        {
            throw new InvalidDataException("A commit counts more writes than it has bytes.");
        }

        var mutations = new List<Mutation>((int)count);
        for (ulong i = 0; i < count; i++)
        {
            ulong kind = ReadNumber(ref input);
            if (kind > 1)
            {
                throw new InvalidDataException($"A write has the unknown kind {kind}.");
            }

            string collection = Encoding.UTF8.GetString(ReadBytes(ref input));
            ByteString key = ByteString.CopyFrom(ReadBytes(ref input));
            mutations.Add(new Mutation(collection, key, kind == 0 ? null : ReadRow(ref input, key)));
        }

        return mutations;
    }

    private static Row ReadRow(ref ReadOnlySpan<byte> input, ByteString key)
    {
        ByteString data = ByteString.CopyFrom(ReadBytes(ref input));
        ulong size = ReadNumber(ref input);
        int compression = unchecked((int)(uint)ReadNumber(ref input));
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(Take(ref input, 4));
        ulong createdAt = ReadNumber(ref input);
        ulong version = ReadNumber(ref input);
        return new Row(key, data, new RowMetadata(
            size, compression, checksum, (long)(createdAt >> 1) ^ -(long)(createdAt & 1), version == 0 ? null : (uint)(version - 1)));
    }

    private static void WriteBytes(IBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        WriteNumber(output, (ulong)bytes.Length);
        output.Write(bytes);
    }

    private static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> input)
    {
        ulong length = ReadNumber(ref input);
        return Take(ref input, length);
    }

    internal static ulong ReadNumber(ref ReadOnlySpan<byte> input)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Take(ref input, 1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("A number is longer than 64 bits.");
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> input, ulong length)
    {
        if (length > (ulong)input.Length)
        {
            throw new InvalidDataException($"{length} bytes are said to follow where {input.Length} are left.");
        }

        ReadOnlySpan<byte> taken = input[..(int)length];
        input = input[(int)length..];
        return taken;
    }
}
