using System.Text;

namespace Net.UnitTests.Http3;

/// <summary>HTTP/3 by hand: frames and header sections as a server that may err writes them.</summary>
internal static class FrameBytes
{
    /// <summary>A variable-length integer.</summary>
    internal static byte[] Integer(long value)
    {
        var bytes = new byte[VariableLengthInteger.MaxSize];
        int size = VariableLengthInteger.Write(bytes, value);
        return bytes[..size];
    }

    /// <summary>A frame.</summary>
    internal static byte[] Frame(long type, ReadOnlySpan<byte> payload) => [.. Integer(type), .. Integer(payload.Length), .. payload];

    /// <summary>The header of a frame whose payload is told to be longer or shorter than what follows.</summary>
    internal static byte[] FrameHeader(long type, long length) => [.. Integer(type), .. Integer(length)];

    /// <summary>A DATA frame.</summary>
    internal static byte[] Data(string text) => Frame(0x00, Encoding.UTF8.GetBytes(text));

    /// <summary>A HEADERS frame of literal fields, without any table.</summary>
    internal static byte[] Headers(params (string Name, string Value)[] fields) => Frame(0x01, Section(fields));

    /// <summary>A header section of literal fields: prefix 0, then literals with literal names (RFC 9204, section 4.5.6).</summary>
    internal static byte[] Section(params (string Name, string Value)[] fields)
    {
        var bytes = new List<byte> { 0, 0 };
        foreach ((string name, string value) in fields)
        {
            AddPrefixed(bytes, 0x20, 3, name.Length);
            bytes.AddRange(Encoding.Latin1.GetBytes(name));
            AddPrefixed(bytes, 0x00, 7, value.Length);
            bytes.AddRange(Encoding.Latin1.GetBytes(value));
        }

        return [.. bytes];
    }

    /// <summary>The control stream's beginning: its type and a SETTINGS frame.</summary>
    internal static byte[] Control(params (long Id, long Value)[] settings) => [0x00, .. Settings(settings)];

    /// <summary>A SETTINGS frame.</summary>
    internal static byte[] Settings(params (long Id, long Value)[] settings) =>
        Frame(0x04, [.. settings.SelectMany(static s => Integer(s.Id).Concat(Integer(s.Value)))]);

    private static void AddPrefixed(List<byte> bytes, int flags, int prefix, int value)
    {
        int max = (1 << prefix) - 1;
        if (value < max)
        {
            bytes.Add((byte)(flags | value));
            return;
        }

        bytes.Add((byte)(flags | max));
        value -= max;
        while (value >= 128)
        {
            bytes.Add((byte)(value | 0x80));
            value >>= 7;
        }

        bytes.Add((byte)value);
    }
}
