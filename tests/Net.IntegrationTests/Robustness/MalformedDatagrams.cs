using System.Buffers.Binary;

namespace Net.IntegrationTests.Robustness;

/// <summary>Makes datagrams that no QUIC implementation would send, out of nothing or out of real ones. The same seed and the same captures make the same datagrams.</summary>
internal sealed class MalformedDatagrams(Random random, CapturedTraffic traffic)
{
    /// <summary>How many kinds there are.</summary>
    internal const int Kinds = 16;

    private const int MaxPayload = 1500;
    private const int IdLength = 12;
    private const uint Version1 = 1;
    private const uint Version2 = 0x6b3343cf;

    /// <summary>What the tokens of Retry packets and of NEW_TOKEN frames begin with.</summary>
    private static ReadOnlySpan<byte> TokenMagics => [0xb7, 0xb6, 0x36];

    /// <summary>Makes the next datagram of a kind.</summary>
    internal byte[] Next(int kind) => kind switch
    {
        0 => Bytes(random.Next(1, MaxPayload + 1)),
        1 => LongHeaderOfAnything(),
        2 => traffic.Take(random, CapturedKind.FirstFlight),
        3 => Truncate(AnyCaptured()),
        4 => Flip(AnyCaptured()),
        5 => WithVersion(traffic.Take(random, CapturedKind.FirstFlight)),
        6 => WithKnownId(random.Next(IdLength + 1, MaxPayload)),
        7 => [(byte)(0x40 | random.Next(0x40)), .. Bytes(random.Next(0, 200))],
        8 => Initial(idLength: random.Next(8, 21), token: Token(), length: random.Next(1200, MaxPayload)),
        9 => Initial(idLength: random.Next(21, 256), token: [0], length: MaxPayload),
        10 => Truncate(Initial(idLength: 8, token: [0], length: 1200)),
        11 => Coalesce(),
        12 => random.Next(4) == 0 ? [] : Bytes(1),
        13 => traffic.Take(random, CapturedKind.Short),
        14 => Initial(idLength: random.Next(0, 21), token: [0], length: 1200),
        _ => [.. WithKnownId(random.Next(IdLength + 1, 60)), .. Bytes(random.Next(0, 60))],
    };

    /// <summary>A copy with a few bits or bytes changed behind a place.</summary>
    internal byte[] Flip(byte[] data, int from = 0)
    {
        if (data.Length <= from)
        {
            return data;
        }

        byte[] copy = [.. data];
        for (int i = random.Next(1, 9); i > 0; i--)
        {
            int place = random.Next(from, copy.Length);
            copy[place] = random.Next(2) == 0 ? (byte)(copy[place] ^ (1 << random.Next(8))) : (byte)random.Next(256);
        }

        return copy;
    }

    /// <summary>The beginning of a datagram.</summary>
    internal byte[] Truncate(byte[] data) => data.Length == 0 ? data : data[..random.Next(data.Length)];

    /// <summary>Random bytes.</summary>
    internal byte[] Bytes(int length)
    {
        byte[] data = new byte[length];
        random.NextBytes(data);
        return data;
    }

    private byte[] AnyCaptured() => traffic.Take(random, (CapturedKind)random.Next(3));

    private byte[] LongHeaderOfAnything()
    {
        byte[] data = Bytes(random.Next(1, MaxPayload + 1));
        data[0] |= 0xc0;
        if (data.Length > 5)
        {
            BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(1), random.Next(3) switch { 0 => Version1, 1 => Version2, _ => (uint)random.Next() });
        }

        return data;
    }

    private byte[] WithVersion(byte[] data)
    {
        byte[] copy = [.. data];
        if (copy.Length > 5)
        {
            uint version = random.Next(5) switch { 0 => 0, 1 => Version2, 2 => 0x0a0a0a0a | ((uint)random.Next() & 0xf0f0f0f0), 3 => 0xff00001d, _ => (uint)random.Next() };
            BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(1), version);
        }

        return copy;
    }

    // A short header with the id of a real connection, and then anything.
    private byte[] WithKnownId(int length)
    {
        byte[] seen = traffic.Take(random, CapturedKind.Short);
        byte[] data = Bytes(length);
        data[0] = (byte)(0x40 | (data[0] & 0x3f));
        seen.AsSpan(0, Math.Min(seen.Length, Math.Min(1 + IdLength, length))).CopyTo(data);
        return data;
    }

    // A token of any length with its length before it; now and then the length lies.
    private byte[] Token()
    {
        byte[] token = Bytes(random.Next(1, 1100));
        token[0] = TokenMagics[random.Next(TokenMagics.Length)];
        return random.Next(4) switch
        {
            0 => [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, .. token],
            1 => [0x7f, 0xff, .. token],
            _ => [.. TwoBytes(token.Length), .. token],
        };
    }

    // Looks like the first packet of a client as far as the header goes (RFC 9000, section 17.2.2).
    private byte[] Initial(int idLength, ReadOnlySpan<byte> token, int length)
    {
        byte[] header =
        [
            (byte)(0xc0 | random.Next(4)), 0, 0, 0, 1, (byte)idLength, .. Bytes(idLength), (byte)random.Next(0, 21), .. Bytes(random.Next(0, 21)),
            .. token, .. TwoBytes(random.Next(4) == 0 ? random.Next(0x4000) : Math.Max(0, length - 300)),
        ];
        byte[] data = Bytes(length);
        header.AsSpan(0, Math.Min(header.Length, length)).CopyTo(data);
        return data;
    }

    private byte[] Coalesce()
    {
        var all = new List<byte>();
        for (int i = random.Next(2, 5); i > 0; i--)
        {
            all.AddRange(random.Next(3) == 0 ? Bytes(random.Next(1, 100)) : random.Next(2) == 0 ? AnyCaptured() : Truncate(AnyCaptured()));
        }

        return [.. all];
    }

    private static byte[] TwoBytes(int value) => [(byte)(0x40 | ((value >> 8) & 0x3f)), (byte)value];
}
