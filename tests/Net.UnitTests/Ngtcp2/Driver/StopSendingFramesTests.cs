using System.Buffers.Binary;
using Net.Ngtcp2.Driver;

namespace Net.UnitTests.Ngtcp2.Driver;

[TestClass]
public sealed class StopSendingFramesTests
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
        int seed = Environment.TickCount;
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
        int seed = Environment.TickCount;
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

    private static List<StopSendingFrame> Find(byte[] payload)
    {
        List<StopSendingFrame> found = [];
        StopSendingFrames.Find(payload, found);
        return found;
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
