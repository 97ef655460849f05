using Net.Ngtcp2.Driver;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>The window of packet numbers against a plain set of all of them.</summary>
[TestClass]
public sealed class PacketWindowTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Note_AnyOrderOfPackets_TellsNewOnesFromCopies()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < 20; round++)
        {
            var window = new PacketWindow();
            var seen = new HashSet<long>();
            long largest = -1;
            for (int i = 0; i < 3000; i++)
            {
                // Mostly the next number, now and then a gap, an old one, or one that came before.
                long number = random.Next(10) switch
                {
                    0 => largest + random.Next(1, 100),
                    1 => Math.Max(0, largest - random.Next(0, 100)),
                    2 when i % 100 == 0 => largest + random.Next(PacketWindow.Size - 50, 2 * PacketWindow.Size),
                    3 => Math.Max(0, largest - random.Next(0, PacketWindow.Size + 200)),
                    _ => largest + 1,
                };
                PacketNovelty expected = number <= largest - PacketWindow.Size ? PacketNovelty.TooOld
                    : seen.Contains(number) ? PacketNovelty.Copy
                    : PacketNovelty.New;
                Assert.AreEqual(expected, window.Note(Header(number, LeastLength(number, largest, random))), $"Number {number} after {largest}");
                seen.Add(number);
                largest = Math.Max(largest, number);
            }
        }
    }

    // The example of RFC 9000, appendix A.3: after 0xa82f30ea, the two bytes 0x9b32 stand for 0xa82f9b32.
    [TestMethod]
    public void Note_ExampleOfTheStandard_IsThatNumber()
    {
        var window = new PacketWindow();
        Assert.AreEqual(PacketNovelty.New, window.Note(Header(0xa82f30ea, 4)));
        Assert.AreEqual(PacketNovelty.New, window.Note([0x41, 0x9b, 0x32]));
        Assert.AreEqual(PacketNovelty.Copy, window.Note(Header(0xa82f9b32, 4)));
        Assert.AreEqual(PacketNovelty.New, window.Note(Header(0xa82f9b31, 4)));
    }

    [TestMethod]
    [DataRow(0x40, 1u, true)]
    [DataRow(0x7f, 1u, true)]
    [DataRow(0xc3, 1u, false)]
    [DataRow(0xd3, 1u, true)]
    [DataRow(0xe3, 1u, false)]
    [DataRow(0xd3, 0x6b3343cfu, false)]
    [DataRow(0xe3, 0x6b3343cfu, true)]
    [DataRow(0xf3, 0x6b3343cfu, false)]
    public void Covers_EachTypeOfPacket_IsApplicationDataOnly(int first, uint version, bool expected) =>
        Assert.AreEqual(expected, PacketWindow.Covers([(byte)first, (byte)(version >> 24), (byte)(version >> 16), (byte)(version >> 8), (byte)version]));

    // Enough bytes that the receiver cannot take it for another number, or more.
    private static int LeastLength(long number, long largest, Random random)
    {
        int length = 1;
        while (Math.Abs(number - (largest + 1)) >= (1L << ((8 * length) - 1)) - 1)
        {
            length++;
        }

        return random.Next(length, 5);
    }

    private static byte[] Header(long number, int length)
    {
        byte[] header = new byte[1 + 12 + length];
        header[0] = (byte)(0x40 | (length - 1));
        for (int i = 0; i < length; i++)
        {
            header[^(i + 1)] = (byte)(number >> (8 * i));
        }

        return header;
    }
}
