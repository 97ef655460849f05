using System.Buffers.Binary;

namespace Net.Chaos.Running.Loads;

/// <summary>Content that is known from two numbers, so that what comes back is checked without being kept.</summary>
internal static class MessagePattern
{
    /// <summary>The shortest content that names its numbers.</summary>
    internal const int HeaderLength = 16;

    /// <summary>Fills a buffer: both numbers, then bytes that follow from them (xorshift64*).</summary>
    internal static void Fill(Span<byte> buffer, ulong stream, ulong number)
    {
        BinaryPrimitives.WriteUInt64BigEndian(buffer, stream);
        BinaryPrimitives.WriteUInt64BigEndian(buffer[8..], number);
        ulong state = (stream * 0x9E3779B97F4A7C15) ^ number ^ 0xD1B54A32D192ED03;
        state = state == 0 ? 1 : state;
        Span<byte> rest = buffer[HeaderLength..];
        Span<byte> last = stackalloc byte[8];
        while (rest.Length > 0)
        {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            BinaryPrimitives.WriteUInt64LittleEndian(last, state * 0x2545F4914F6CDD1D);
            int length = Math.Min(rest.Length, last.Length);
            last[..length].CopyTo(rest);
            rest = rest[length..];
        }
    }
}
