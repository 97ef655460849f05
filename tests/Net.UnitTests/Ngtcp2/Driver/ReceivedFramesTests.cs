using System.Buffers.Binary;
using Net.Ngtcp2.Driver;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Driver;

[TestClass]
public sealed class ReceivedFramesTests
{
    private const int Rounds = 3000;

    [TestMethod]
    public void Find_OneFrame_GivesStreamAndCode()
    {
        CollectionAssert.AreEqual(new[] { new StopSendingFrame(4, 0x101) }, Find([0x05, 0x04, 0x41, 0x01]));
    }

    [TestMethod]
    public void Find_FrameInsideStreamData_IsNotOne()
    {
        Assert.IsEmpty(Find([0x0a, 0x00, 0x03, 0x05, 0x04, 0x01]));
        Assert.IsEmpty(Find([0x08, 0x00, 0x05, 0x04, 0x01]));
    }

    [TestMethod]
    [DataRow("05")]
    [DataRow("0504")]
    [DataRow("050441")]
    [DataRow("0600ffffffffffffffff0504010504")]
    [DataRow("02000000c000000000000000")]
    [DataRow("0200003f05040105040105040105040105")]
    [DataRow("ff050401")]
    public void Find_PayloadThatMakesNoSense_FindsNothing(string payload)
    {
        Assert.IsEmpty(Find(Convert.FromHexString(payload)));
    }

    [TestMethod]
    public void Find_AmongAllOtherFrames_GivesEachOnce()
    {
        int seed = TestSeed.Take();
        Random random = new(seed);
        for (int round = 0; round < Rounds; round++)
        {
            List<byte> payload = [];
            List<StopSendingFrame> expected = [];
            for (int frames = random.Next(1, 12); frames > 0; frames--)
            {
                AddFrame(payload, expected, random);
            }

            // The last one may do without a length and reach to the end.
            if (random.Next(2) == 0)
            {
                payload.AddRange([0x08, 0x00, 0x05, 0x04, 0x01]);
            }

            CollectionAssert.AreEqual(expected, Find([.. payload]), $"seed {seed}, round {round}: {Convert.ToHexString([.. payload])}");
        }
    }

    [TestMethod]
    public void Find_RandomOrCutPayload_NeverThrowsAndFindsNothingThatIsNotThere()
    {
        int seed = TestSeed.Take();
        Random random = new(seed);
        for (int round = 0; round < Rounds; round++)
        {
            byte[] garbage = new byte[random.Next(64)];
            random.NextBytes(garbage);
            Assert.IsLessThanOrEqualTo(garbage.Length / 3, Find(garbage).Count, $"seed {seed}, round {round}");

            List<byte> payload = [];
            List<StopSendingFrame> whole = [];
            AddFrame(payload, whole, random);
            AddFrame(payload, whole, random);
            List<StopSendingFrame> cut = Find([.. payload.Take(random.Next(payload.Count))]);
            CollectionAssert.AreEqual(whole[..cut.Count], cut, $"seed {seed}, round {round}");
        }
    }

    [TestMethod]
    [DataRow("01", 1, "PING")]
    [DataRow("010101", 3, "each")]
    [DataRow("00000000", 0, "PADDING")]
    [DataRow("0200000000", 0, "an acknowledgement")]
    [DataRow("020000000002000000000300000000000000", 2, "more acknowledgements than one")]
    [DataRow("04000900", 1, "RESET_STREAM")]
    [DataRow("050009", 1, "STOP_SENDING")]
    [DataRow("06000101", 1, "CRYPTO")]
    [DataRow("070101", 1, "NEW_TOKEN")]
    [DataRow("0a000201010800010101", 0, "STREAM, whose data is no frame")]
    [DataRow("1000", 1, "MAX_DATA")]
    [DataRow("110000", 1, "MAX_STREAM_DATA")]
    [DataRow("12001300", 2, "MAX_STREAMS")]
    [DataRow("1400", 1, "DATA_BLOCKED")]
    [DataRow("150000", 1, "STREAM_DATA_BLOCKED")]
    [DataRow("16001700", 2, "STREAMS_BLOCKED")]
    [DataRow("1808000100ffffffffffffffffffffffffffffffff", 1, "NEW_CONNECTION_ID")]
    [DataRow("1901", 1, "RETIRE_CONNECTION_ID")]
    [DataRow("1a00000000000000001b0000000000000000", 2, "PATH_CHALLENGE, PATH_RESPONSE")]
    [DataRow("1c000000", 0, "CONNECTION_CLOSE")]
    [DataRow("1e", 1, "HANDSHAKE_DONE")]
    [DataRow("310101010130010101", 2, "DATAGRAM, the last of which takes the rest")]
    public void ControlFrames_OfOnePacket_AreCounted(string payload, int expected, string what)
    {
        var frames = new ReceivedFrames(new SentPackets());
        frames.Read(Convert.FromHexString(payload));
        Assert.AreEqual(expected, frames.ControlFrames, what);
        frames.Read([0x01]);
        Assert.AreEqual(expected + 1, frames.ControlFrames, "Packets add up.");
        frames.Clear();
        Assert.AreEqual(0, frames.ControlFrames);
        Assert.IsEmpty(frames.Stops);
    }

    [TestMethod]
    public void Read_Packets_AllocatesNothing()
    {
        byte[] payload = Convert.FromHexString("0200000000" + "110000" + "050009" + "1901" + "0b000100ff");
        var frames = new ReceivedFrames(new SentPackets());
        frames.Read(payload);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            frames.Clear();
            frames.Read(payload);
        }

        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.AreEqual(3, frames.ControlFrames);
    }

    private static List<StopSendingFrame> Find(byte[] payload)
    {
        var frames = new ReceivedFrames(new SentPackets());
        frames.Read(payload);
        return [.. frames.Stops];
    }

    // Each type with the fields of RFC 9000, section 19: i an integer, c an integer that counts the bytes behind it, 8 and 16 so many bytes, p one byte that counts.
    private static void AddFrame(List<byte> payload, List<StopSendingFrame> expected, Random random)
    {
        (int Type, string Fields)[] kinds =
        [
            (0x00, ""), (0x01, ""), (0x04, "iii"), (0x06, "ic"), (0x07, "c"), (0x0a, "ic"), (0x0b, "ic"), (0x0e, "iic"), (0x0f, "iic"), (0x10, "i"), (0x11, "ii"),
            (0x12, "i"), (0x13, "i"), (0x14, "i"), (0x15, "ii"), (0x16, "i"), (0x17, "i"), (0x18, "iip"), (0x19, "i"), (0x1a, "8"), (0x1b, "8"), (0x1e, ""), (0x31, "c"),
            (0x02, "iia"), (0x03, "iiaiii"), (0x05, "s"), (0x05, "s"), (0x05, "s"),
        ];
        (int type, string fields) = kinds[random.Next(kinds.Length)];
        payload.Add((byte)type);
        foreach (char field in fields)
        {
            switch (field)
            {
                case 'i':
                    AddInteger(payload, random.NextInt64(1L << 62), random);
                    break;
                case 'c':
                    int count = random.Next(30);
                    AddInteger(payload, count, random);
                    AddBytes(payload, count, random);
                    break;
                case '8':
                    AddBytes(payload, 8, random);
                    break;
                case 'p':
                    payload.Add(8);
                    AddBytes(payload, 8 + 16, random);
                    break;
                case 'a':
                    int ranges = random.Next(5);
                    AddInteger(payload, ranges, random);
                    for (int i = 0; i < 1 + (2 * ranges); i++)
                    {
                        AddInteger(payload, random.Next(1000), random);
                    }

                    break;
                default:
                    StopSendingFrame frame = new(random.Next(1 << 20), random.NextInt64(1L << 62));
                    expected.Add(frame);
                    AddInteger(payload, frame.StreamId, random);
                    AddInteger(payload, frame.Code, random);
                    break;
            }
        }
    }

    // Any of the lengths that hold the value, as RFC 9000 lets a sender choose.
    private static void AddInteger(List<byte> payload, long value, Random random)
    {
        int least = value < 1 << 6 ? 0 : value < 1 << 14 ? 1 : value < 1 << 30 ? 2 : 3;
        int size = random.Next(least, 4);
        byte[] all = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(all, value);
        byte[] encoded = all[(8 - (1 << size))..];
        encoded[0] |= (byte)(size << 6);
        payload.AddRange(encoded);
    }

    private static void AddBytes(List<byte> payload, int count, Random random)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        payload.AddRange(bytes);
    }
}
