using System.Buffers;
using System.Text;
using Net.Http3;
using Net.Http3.Interop;
using Net.Server.Kestrel.Checking;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Kestrel;

/// <summary>Huffman coding against libnghttp3's, which codes and decodes on its own.</summary>
[TestClass]
public sealed class HuffmanTextPropertyTests
{
    // A field section (RFC 9204, section 4.5): its prefix, and a field line with a literal name of one byte and a value in Huffman coding of less than 127 bytes.
    private const byte LiteralName = 0x21;
    private const byte Huffman = 0x80;
    private const int MaxCoded = 126;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void RequireLibrary()
    {
        if (!Http3Connection.Support.IsSupported)
        {
            NativeRequirement.Missing(Http3Connection.Support.Reason!);
        }
    }

    [TestMethod]
    public void Decode_OfWhatTheLibraryCodes_IsTheText()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        using var encoder = new QpackEncoder(0, static _ => { });
        int tested = 0;
        var seen = new HashSet<byte>();
        for (int round = 0; round < 5000; round++)
        {
            // Digits have short codes, so that the library finds coding worth its while with the rare bytes, too.
            byte[] text = new byte[random.Next(1, 100)];
            for (int i = 0; i < text.Length; i++)
            {
                text[i] = (byte)(random.Next(12) == 0 ? random.Next(256) : random.Next('0', '3'));
            }

            if (TryEncode(encoder, text) is not byte[] coded)
            {
                continue;
            }

            tested++;
            seen.UnionWith(text);
            Assert.AreEqual(Convert.ToHexString(text), Decode(random, coded), Convert.ToHexString(coded));
        }

        Assert.IsGreaterThan(2500, tested);
        Assert.HasCount(256, seen);
    }

    [TestMethod]
    public void Decode_OfAnyBytes_IsWhatTheLibrarySays()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        using var encoder = new QpackEncoder(0, static _ => { });
        int valid = 0;
        const int rounds = 20_000;
        for (int round = 0; round < rounds; round++)
        {
            byte[] coded = RandomCoded(random, encoder);
            string? expected = DecodeByLibrary(coded);
            valid += expected is null ? 0 : 1;
            Assert.AreEqual(expected, Decode(random, coded), Convert.ToHexString(coded));
        }

        TestContext.WriteLine($"{valid} of {rounds} could be decoded.");
        Assert.IsGreaterThan(rounds / 20, valid);
        Assert.IsGreaterThan(rounds / 20, rounds - valid);
    }

    private static byte[] RandomCoded(Random random, QpackEncoder encoder)
    {
        byte[] bytes = new byte[random.Next(40)];
        random.NextBytes(bytes);
        byte[] text = [.. bytes.Select(static b => (byte)('a' + (b % 26)))];
        if (random.Next(3) == 0 || text.Length < 4 || TryEncode(encoder, text) is not byte[] coded)
        {
            return bytes;
        }

        // Something real, whole, cut, with more padding, or with a bit that flipped.
        switch (random.Next(4))
        {
            case 0:
                return coded[..random.Next(coded.Length)];
            case 1:
                return [.. coded, 0xff];
            case 2:
                coded[random.Next(coded.Length)] ^= (byte)(1 << random.Next(8));
                return coded;
            default:
                return coded;
        }
    }

    // The library codes a value only where that makes it shorter.
    private static byte[]? TryEncode(QpackEncoder encoder, byte[] text)
    {
        var fields = new HeaderFieldBuffer();
        fields.Add("x", Encoding.Latin1.GetString(text));
        var output = new ArrayBufferWriter<byte>();
        encoder.WriteHeaders(0, fields, output);
        var frame = new ReadOnlySequence<byte>(output.WrittenMemory);
        Assert.IsTrue(Http3Frame.TryReadHeader(ref frame, out _, out _));
        byte[] section = frame.ToArray();
        CollectionAssert.AreEqual((byte[])[0, 0, LiteralName, (byte)'x'], section[..4]);
        return (section[4] & Huffman) != 0 && section[4] - Huffman <= MaxCoded ? section[5..] : null;
    }

    private static string? DecodeByLibrary(byte[] coded)
    {
        using var decoder = new QpackDecoder(0, 0, static _ => { });
        var sink = new ValueSink();
        byte[] section = [0, 0, LiteralName, (byte)'x', (byte)(Huffman | coded.Length), .. coded];
        try
        {
            Assert.AreEqual(QpackReadResult.End, decoder.Read(new QpackFieldSection(0), new ReadOnlySequence<byte>(section), isLast: true, sink, out _));
            return sink.Value;
        }
        catch (QpackException)
        {
            return null;
        }
    }

    // In pieces, as they come from the network.
    private static string? Decode(Random random, byte[] coded)
    {
        var huffman = new HuffmanText();
        huffman.Begin();
        List<byte> text = [];
        for (int position = 0; position < coded.Length;)
        {
            int length = random.Next(1, coded.Length - position + 1);
            byte[] room = new byte[length * HuffmanText.MaxGrowth];
            int written = huffman.Decode(coded.AsSpan(position, length), room);
            if (written < 0)
            {
                return null;
            }

            text.AddRange(room.AsSpan(0, written));
            position += length;
        }

        return huffman.CanEnd ? Convert.ToHexString([.. text]) : null;
    }

    private sealed class ValueSink : IHeaderFieldSink
    {
        internal string? Value { get; private set; }

        public void OnField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Value = Convert.ToHexString(value);
    }
}
