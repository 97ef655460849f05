using System.Buffers.Binary;

namespace Net.Aql;

/// <summary>The first bytes of a log or a snapshot.</summary>
/// <remarks>
/// <code>
/// 0   8  "NETAQLOG" or "NETAQSNP"
/// 8   4  version of the format, 1
/// 12  4  CRC-32C of the other bytes of the header
/// 16  8  commits before the first one here
/// 24 16  salt, random: begins the checksum of every frame
/// </code>
/// Integers are little endian. With the salt nobody can send a value that looks like a frame of this file.
/// </remarks>
internal readonly record struct FileHeader(StoreFileKind Kind, long Sequence, UInt128 Salt)
{
    internal const int Size = 40;
    private const uint Version = 1;

    internal byte[] ToBytes()
    {
        var bytes = new byte[Size];
        MagicOf(Kind).CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Sequence);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes.AsSpan(24), Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), ChecksumOf(bytes));
        return bytes;
    }

    /// <summary>Reads a header.</summary>
    /// <returns><c>null</c> when it is one; else what is wrong with it, as the end of a sentence that begins with the file.</returns>
    internal static string? Read(ReadOnlySpan<byte> bytes, StoreFileKind kind, out FileHeader header)
    {
        header = default;
        if (bytes.Length < Size)
        {
            return $"has {bytes.Length} bytes where a header has {Size}";
        }

        if (!bytes[..8].SequenceEqual(MagicOf(kind)))
        {
            return $"does not begin like a {(kind == StoreFileKind.Log ? "log" : "snapshot")}";
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) != ChecksumOf(bytes[..Size]))
        {
            return "has a header whose checksum is wrong";
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version != Version)
        {
            return $"has version {version} of the format where this program reads version {Version}";
        }

        header = new FileHeader(kind, BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]), BinaryPrimitives.ReadUInt128LittleEndian(bytes[24..]));
        return null;
    }

    /// <summary>The start of the checksums of this file's frames.</summary>
    internal uint Seed
    {
        get
        {
            Span<byte> salt = stackalloc byte[16];
            BinaryPrimitives.WriteUInt128LittleEndian(salt, Salt);
            return Crc32C.Append(uint.MaxValue, salt);
        }
    }

    private static ReadOnlySpan<byte> MagicOf(StoreFileKind kind) => kind == StoreFileKind.Log ? "NETAQLOG"u8 : "NETAQSNP"u8;

    private static uint ChecksumOf(ReadOnlySpan<byte> header) => ~Crc32C.Append(Crc32C.Append(uint.MaxValue, header[..12]), header[16..]);
}
