using System.Buffers;
using System.Buffers.Binary;

namespace Net;

/// <summary>QUIC's variable-length integer: 1, 2, 4 or 8 bytes, the two high bits of the first tell which (RFC 9000, section 16).</summary>
public static class VariableLengthInteger
{
    /// <summary>The largest value: 2^62-1.</summary>
    public const long MaxValue = (1L << 62) - 1;

    /// <summary>The longest encoding, bytes.</summary>
    public const int MaxSize = 8;

    /// <summary>How many bytes the shortest encoding of a value takes.</summary>
    /// <param name="value">0 to <see cref="MaxValue"/>.</param>
    /// <returns>1, 2, 4 or 8.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public static int GetSize(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxValue);
        return value switch
        {
            < 1 << 6 => 1,
            < 1 << 14 => 2,
            < 1 << 30 => 4,
            _ => 8,
        };
    }

    /// <summary>Writes the shortest encoding.</summary>
    /// <param name="destination">Takes the bytes; at least <see cref="GetSize"/> long.</param>
    /// <param name="value">0 to <see cref="MaxValue"/>.</param>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="ArgumentException">The value is out of range or the destination too short.</exception>
    public static int Write(Span<byte> destination, long value)
    {
        int size = GetSize(value);
        if (destination.Length < size)
        {
            throw new ArgumentException($"The destination has {destination.Length} bytes; the value needs {size}.", nameof(destination));
        }

        switch (size)
        {
            case 1:
                destination[0] = (byte)value;
                break;
            case 2:
                BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)(value | 0x4000));
                break;
            case 4:
                BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)value | 0x8000_0000);
                break;
            default:
                BinaryPrimitives.WriteUInt64BigEndian(destination, (ulong)value | 0xc000_0000_0000_0000);
                break;
        }

        return size;
    }

    /// <summary>Reads a value; every length is accepted, also a longer one than needed.</summary>
    /// <param name="source">Bytes that begin with the value.</param>
    /// <param name="value">The value.</param>
    /// <param name="size">How many bytes it took.</param>
    /// <returns><c>false</c> when the bytes end inside the value.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out long value, out int size)
    {
        value = 0;
        size = 0;
        if (source.IsEmpty)
        {
            return false;
        }

        int length = 1 << (source[0] >> 6);
        if (source.Length < length)
        {
            return false;
        }

        size = length;
        value = length switch
        {
            1 => source[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(source) & 0x3fff,
            4 => BinaryPrimitives.ReadUInt32BigEndian(source) & 0x3fff_ffff,
            _ => (long)(BinaryPrimitives.ReadUInt64BigEndian(source) & MaxValue),
        };
        return true;
    }

    /// <summary>Reads a value from the start of a sequence, wherever its segments end.</summary>
    /// <param name="source">Bytes that begin with the value.</param>
    /// <param name="value">The value.</param>
    /// <param name="size">How many bytes it took.</param>
    /// <returns><c>false</c> when the bytes end inside the value.</returns>
    public static bool TryRead(in ReadOnlySequence<byte> source, out long value, out int size)
    {
        if (TryRead(source.FirstSpan, out value, out size))
        {
            return true;
        }

        if (source.IsSingleSegment)
        {
            return false;
        }

        Span<byte> start = stackalloc byte[MaxSize];
        int count = (int)Math.Min(source.Length, MaxSize);
        source.Slice(0, count).CopyTo(start);
        return TryRead(start[..count], out value, out size);
    }
}
