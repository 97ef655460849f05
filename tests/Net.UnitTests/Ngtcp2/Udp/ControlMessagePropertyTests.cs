using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Udp;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Udp;

/// <summary>The reader of control messages against what the writer wrote, and against a walk by offsets over anything (cmsg(3)).</summary>
[TestClass]
public sealed unsafe class ControlMessagePropertyTests
{
    private const int Rounds = 10_000;
    private const int HeaderSize = 16;
    private const int MaxMessages = 4;

    // The largest message here takes 16 + 20 bytes, 40 with its padding.
    private const int MaxWritten = MaxMessages * 40;

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Reader_AnyMessagesWritten_FindsThemAll()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        byte* memory = stackalloc byte[MaxWritten];
        for (int round = 0; round < Rounds; round++)
        {
            new Span<byte>(memory, MaxWritten).Fill((byte)random.Next(256));
            var writer = new ControlMessageWriter(memory);
            List<Message> expected = [];
            int unpadded = 0;
            for (int i = random.Next(MaxMessages + 1); i > 0; i--)
            {
                int start = writer.Length;
                byte[] data = WriteOne(ref writer, random, out int level, out int type);
                expected.Add(new Message(level, type, start + HeaderSize, data.Length));
                unpadded = start + HeaderSize + data.Length;
                Assert.AreSequenceEqual(data, new ReadOnlySpan<byte>(memory + start + HeaderSize, data.Length).ToArray());
                Assert.AreEqual(0, writer.Length % sizeof(nuint));
            }

            Assert.AreSequenceEqual(expected, Read(memory, writer.Length), $"round {round}");

            // The padding behind the last message may be missing from the length.
            Assert.AreSequenceEqual(expected, Read(memory, unpadded), $"round {round}, without the last padding");
        }
    }

    [TestMethod]
    public void Reader_AnyBytes_FindsWhatAWalkByOffsetsFinds()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        byte* memory = stackalloc byte[MaxWritten];
        int messages = 0;
        int cut = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = Damaged(random);
            bytes.CopyTo(new Span<byte>(memory, bytes.Length));
            List<Message> expected = Walk(bytes);

            Assert.AreSequenceEqual(expected, Read(memory, bytes.Length), $"round {round}: {Convert.ToHexString(bytes)}");
            messages += expected.Count;
            cut += expected.Count == 0 || expected[^1].Offset + expected[^1].Length + 8 < bytes.Length ? 1 : 0;
        }

        Assert.IsGreaterThan(Rounds / 2, messages, "Too few messages were whole for this to say anything.");
        Assert.IsGreaterThan(Rounds / 10, cut, "Too few were broken for this to say anything.");
    }

    private static byte[] WriteOne(ref ControlMessageWriter writer, Random random, out int level, out int type)
    {
        level = random.Next();
        type = random.Next();
        byte[] data = new byte[random.Next(5) switch { 0 => 1, 1 => 2, 2 => 4, 3 => 12, _ => 20 }];
        random.NextBytes(data);
        switch (data.Length)
        {
            case 1:
                writer.Write(level, type, data[0]);
                break;
            case 2:
                writer.Write(level, type, MemoryMarshal.Read<ushort>(data));
                break;
            case 4:
                writer.Write(level, type, MemoryMarshal.Read<int>(data));
                break;
            case 12:
                writer.Write(level, type, MemoryMarshal.Read<PacketInformation4>(data));
                break;
            default:
                writer.Write(level, type, MemoryMarshal.Read<PacketInformation6>(data));
                break;
        }

        return data;
    }

    // Mostly messages whose lengths are near the truth, so that the walk comes beyond the first.
    private static byte[] Damaged(Random random)
    {
        byte[] bytes = new byte[random.Next(MaxWritten + 1)];
        random.NextBytes(bytes);
        for (int at = 0; at + HeaderSize <= bytes.Length;)
        {
            int length = random.Next(8) == 0 ? random.Next(HeaderSize + 2) : HeaderSize + random.Next(24);
            ulong written = random.Next(24) switch
            {
                0 => ulong.MaxValue,
                1 => (ulong)random.NextInt64(),
                2 => 1UL << 32 | (uint)length,
                _ => (ulong)length,
            };
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), written);
            at += Math.Max(8, (length + 7) / 8 * 8);
        }

        return bytes;
    }

    private static List<Message> Walk(byte[] bytes)
    {
        List<Message> messages = [];
        long at = 0;
        while (at + HeaderSize <= bytes.Length)
        {
            ReadOnlySpan<byte> header = bytes.AsSpan((int)at);
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(header);
            if (length < HeaderSize || length > (ulong)(bytes.Length - at))
            {
                break;
            }

            messages.Add(new Message(
                BinaryPrimitives.ReadInt32LittleEndian(header[8..]), BinaryPrimitives.ReadInt32LittleEndian(header[12..]), (int)at + HeaderSize, (int)length - HeaderSize));
            at += (long)(length + 7) / 8 * 8;
        }

        return messages;
    }

    private static List<Message> Read(byte* memory, int length)
    {
        List<Message> messages = [];
        var reader = new ControlMessageReader(memory, (nuint)length);
        while (reader.MoveNext())
        {
            messages.Add(new Message(reader.Header->Level, reader.Header->Type, (int)(reader.Data - memory), reader.DataLength));
        }

        Assert.IsFalse(reader.MoveNext(), "The end is not the end.");
        return messages;
    }

    private readonly record struct Message(int Level, int Type, int Offset, int Length);
}
