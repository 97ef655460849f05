namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>Frames that a hostile peer may send: of every type, well formed or not, with values that make sense or none (RFC 9000, section 19; RFC 9221).</summary>
/// <param name="random">Where chance comes from.</param>
/// <param name="isPlausible">Whether only well-formed frames are made, with small numbers: they get further before the connection ends.</param>
internal sealed class RandomFrames(Random random, bool isPlausible)
{
    // Those that a peer may send at any time.
    private static readonly byte[] PlausibleTypes = [0x00, 0x01, 0x04, 0x05, 0x09, 0x0b, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x20];
    private int _nextId = 8;

    /// <summary>Makes other frames out of those of a packet, no longer than they were and a little.</summary>
    internal byte[] Change(byte[] frames)
    {
        if (isPlausible)
        {
            return [.. Make(), .. Make(), .. frames];
        }

        switch (random.Next(4))
        {
            case 0:
                byte[] damaged = [.. frames];
                for (int i = random.Next(1, 5); i > 0 && damaged.Length > 0; i--)
                {
                    damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                }

                return damaged;
            case 1:
                return frames[..random.Next(frames.Length + 1)];
            case 2:
                return [.. Make(), .. frames];
            default:
                List<byte> made = [];
                for (int i = random.Next(1, 8); i > 0; i--)
                {
                    made.AddRange(Make());
                }

                return [.. made];
        }
    }

    private byte[] Make()
    {
        int type = isPlausible ? PlausibleTypes[random.Next(PlausibleTypes.Length)] : random.Next(36);
        return type switch
        {
            0x02 or 0x03 => Acknowledgement(type),
            0x04 => [0x04, .. StreamId(), .. Any(), .. Any()],
            0x05 => [0x05, .. StreamId(), .. Any()],
            0x06 => [0x06, .. Any(), .. Counted()],
            0x07 => [0x07, .. Counted()],
            >= 0x08 and <= 0x0f => StreamData(type),
            0x10 or 0x12 or 0x13 or 0x14 or 0x16 or 0x17 or 0x19 => [(byte)type, .. Any()],
            0x11 or 0x15 => [(byte)type, .. StreamId(), .. Any()],
            0x18 => NewConnectionId(),
            0x1a or 0x1b => [(byte)type, .. Bytes(8)],
            0x1c => [0x1c, .. Any(), .. Any(), .. Counted()],
            0x1d => [0x1d, .. Any(), .. Counted()],
            0x1f => [0x30, .. Bytes(random.Next(50))],
            0x20 => [0x31, .. Counted()],
            0x21 => [.. VariableLength(random.NextInt64(0x32, 1L << 40)), .. Bytes(8)],
            _ => [(byte)type],
        };
    }

    private byte[] Acknowledgement(int type)
    {
        List<byte> frame = [(byte)type, .. Small(), .. Small()];
        int ranges = random.Next(4);
        frame.AddRange(VariableLength(ranges));
        frame.AddRange(Small());
        for (int i = 0; i < ranges; i++)
        {
            frame.AddRange([.. Small(), .. Small()]);
        }

        return type == 0x03 ? [.. frame, .. Small(), .. Small(), .. Small()] : [.. frame];
    }

    private byte[] StreamData(int type) =>
        [(byte)type, .. StreamId(), .. (type & 4) != 0 ? Any() : [], .. (type & 2) != 0 ? Counted() : Bytes(random.Next(60))];

    private byte[] NewConnectionId()
    {
        if (isPlausible)
        {
            int id = _nextId++;
            return [0x18, .. VariableLength(id), .. VariableLength(random.Next(id + 1)), 12, .. Bytes(12), .. Bytes(16)];
        }

        int length = random.Next(5) == 0 ? random.Next(256) : 12;
        return [0x18, .. Small(), .. Small(), (byte)length, .. Bytes(length), .. Bytes(16)];
    }

    // Streams that exist, and any others.
    private byte[] StreamId() => !isPlausible && random.Next(3) == 0 ? Any() : VariableLength(random.Next(20));

    private byte[] Counted()
    {
        byte[] bytes = Bytes(random.Next(60));
        return [.. !isPlausible && random.Next(5) == 0 ? Any() : VariableLength(bytes.Length), .. bytes];
    }

    private byte[] Small() => !isPlausible && random.Next(5) == 0 ? Any() : VariableLength(random.Next(12));

    // Values of all magnitudes alike.
    private byte[] Any() => VariableLength(isPlausible ? random.Next(100_000) : random.Next(8) == 0 ? (1L << 62) - 1 - random.Next(3) : random.NextInt64(1L << random.Next(1, 62)));

    private byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] VariableLength(long value)
    {
        byte[] bytes = new byte[8];
        return bytes[..VariableLengthInteger.Write(bytes, value)];
    }
}
