using System.Text;

namespace Net.UnitTests.Kestrel;

/// <summary>HTTP/3 by hand: frames (RFC 9114, section 7) and field sections without Huffman coding or dynamic table (RFC 9204, section 4.5).</summary>
internal static class Http3Bytes
{
    internal const long Data = 0;
    internal const long Headers = 1;
    internal const long Settings = 4;
    internal const long GoAway = 7;

    // What Kestrel's encoder refers to; the test fails on any other (RFC 9204, appendix A).
    private static readonly Dictionary<int, (string Name, string Value)> StaticTable = new()
    {
        [4] = ("content-length", "0"),
        [6] = ("date", ""),
        [24] = (":status", "103"),
        [25] = (":status", "200"),
        [27] = (":status", "404"),
        [28] = (":status", "503"),
        [44] = ("content-type", "application/dns-message"),
        [46] = ("content-type", "application/json"),
        [52] = ("content-type", "text/html; charset=utf-8"),
        [53] = ("content-type", "text/plain"),
        [54] = ("content-type", "text/plain;charset=utf-8"),
        [63] = (":status", "100"),
        [64] = (":status", "204"),
        [67] = (":status", "400"),
        [71] = (":status", "500"),
        [83] = ("alt-svc", "clear"),
        [92] = ("server", ""),
    };

    internal static byte[] Integer(long value)
    {
        int log = value < 1L << 6 ? 0 : value < 1L << 14 ? 1 : value < 1L << 30 ? 2 : 3;
        byte[] bytes = new byte[1 << log];
        for (int i = bytes.Length - 1; i >= 0; i--, value >>= 8)
        {
            bytes[i] = (byte)value;
        }

        bytes[0] |= (byte)(log << 6);
        return bytes;
    }

    internal static bool TryReadInteger(List<byte> bytes, ref int position, out long value)
    {
        value = 0;
        if (position >= bytes.Count || position + (1 << (bytes[position] >> 6)) > bytes.Count)
        {
            return false;
        }

        int length = 1 << (bytes[position] >> 6);
        value = bytes[position] & 0x3f;
        for (int i = 1; i < length; i++)
        {
            value = (value << 8) | bytes[position + i];
        }

        position += length;
        return true;
    }

    internal static byte[] Frame(long type, ReadOnlySpan<byte> payload) => [.. Integer(type), .. Integer(payload.Length), .. payload];

    /// <summary>At least so many bytes of frames that mean nothing. They are small: Kestrel takes no long ones on the control stream.</summary>
    internal static byte[] Padding(int length)
    {
        const int payload = 1000;
        byte[] frame = Frame(0x21, new byte[payload]);
        return [.. Enumerable.Repeat(frame, (length / payload) + 1).SelectMany(static bytes => bytes)];
    }

    /// <summary>A HEADERS frame.</summary>
    internal static byte[] Fields(params (string Name, string Value)[] fields)
    {
        List<byte> block = [0, 0];
        foreach ((string name, string value) in fields)
        {
            AddPrefixed(block, 0x20, 3, name.Length);
            block.AddRange(Encoding.ASCII.GetBytes(name));
            AddPrefixed(block, 0, 7, value.Length);
            block.AddRange(Encoding.ASCII.GetBytes(value));
        }

        return Frame(Headers, [.. block]);
    }

    internal static byte[] Request(string method, string path, params (string Name, string Value)[] fields) =>
        Fields([(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path), .. fields]);

    internal static Dictionary<string, string> ReadFields(byte[] block)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        int position = 0;
        Assert.AreEqual(0, ReadPrefixed(block, ref position, 8), "the field section needs the dynamic table, which this side never allowed");
        ReadPrefixed(block, ref position, 7);
        while (position < block.Length)
        {
            byte first = block[position];
            (string name, string value) = (first & 0x80) != 0 ? StaticTable[ReadPrefixed(block, ref position, 6)]
                : (first & 0x40) != 0 ? (StaticTable[ReadPrefixed(block, ref position, 4)].Name, ReadText(block, ref position, 7))
                : (ReadText(block, ref position, 3), ReadText(block, ref position, 7));
            fields[name] = value;
        }

        return fields;
    }

    private static void AddPrefixed(List<byte> bytes, byte first, int bits, int value)
    {
        int most = (1 << bits) - 1;
        if (value < most)
        {
            bytes.Add((byte)(first | value));
            return;
        }

        bytes.Add((byte)(first | most));
        for (value -= most; value >= 128; value >>= 7)
        {
            bytes.Add((byte)(value | 128));
        }

        bytes.Add((byte)value);
    }

    private static int ReadPrefixed(byte[] bytes, ref int position, int bits)
    {
        int most = (1 << bits) - 1;
        int value = bytes[position++] & most;
        if (value < most)
        {
            return value;
        }

        int shift = 0;
        byte next;
        do
        {
            next = bytes[position++];
            value += (next & 127) << shift;
            shift += 7;
        }
        while ((next & 128) != 0);
        return value;
    }

    private static string ReadText(byte[] bytes, ref int position, int bits)
    {
        Assert.AreEqual(0, bytes[position] & (1 << bits), "the text has Huffman coding, which this reader does not know");
        int length = ReadPrefixed(bytes, ref position, bits);
        position += length;
        return Encoding.Latin1.GetString(bytes, position - length, length);
    }
}
