using System.Buffers.Binary;
using System.Numerics;

namespace Net.Aql;

/// <summary>CRC-32C (Castagnoli), which processors compute.</summary>
internal static class Crc32C
{
    /// <summary>Goes on with a checksum. It begins with <see cref="uint.MaxValue"/> and ends with all its bits turned over.</summary>
    internal static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        while (data.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[sizeof(ulong)..];
        }

        foreach (byte value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }
}
