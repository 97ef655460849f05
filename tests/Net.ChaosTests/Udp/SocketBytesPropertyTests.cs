using System.Buffers.Binary;
using System.Net;
using Net.Chaos.Udp;
using Net.Chaos.Udp.Sockets;
using Net.Testing;

namespace Net.ChaosTests.Udp;

/// <summary>What the kernel writes beside a datagram, made at random: addresses against the runtime's, control messages against a walk by offsets.</summary>
[TestClass]
public sealed class SocketBytesPropertyTests
{
    private const int Rounds = 10_000;
    private const int HeaderSize = 16;

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void NativeAddress_AnyEndPoint_IsReadAsTheRuntimeWritesItAndComesBack()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        byte[] native = new byte[28];
        for (int i = 0; i < Rounds; i++)
        {
            byte[] bytes = new byte[random.Next(2) == 0 ? 4 : 16];
            random.NextBytes(bytes);
            if (bytes.Length == 16 && random.Next(2) == 0)
            {
                ((byte[])[0xfe, (byte)(0x80 | (bytes[1] & 0x3f))]).CopyTo(bytes, 0);
            }

            var address = bytes.Length == 4 ? new IPAddress(bytes) : new IPAddress(bytes, random.Next(1000));
            var endPoint = new IPEndPoint(address, random.Next(65536));
            SocketAddress written = endPoint.Serialize();
            IPAddress expected = bytes.Length == 4 || address.IsIPv6LinkLocal ? address : new IPAddress(bytes);

            PeerAddress read = NativeAddress.Read(written.Buffer.Span[..written.Size]);

            Assert.AreEqual(new IPEndPoint(expected, endPoint.Port), read.ToEndPoint());
            Assert.AreEqual(PeerAddress.From(endPoint), read);
            bool isIPv6Socket = bytes.Length == 16 || random.Next(2) == 0;
            int length = NativeAddress.Write(read, isIPv6Socket, native);
            Assert.AreEqual(read, NativeAddress.Read(native.AsSpan(0, length)));
        }
    }

    [TestMethod]
    public void ReadControl_AnyBytes_FindsWhatAWalkByOffsetsFinds()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int changed = 0;
        for (int i = 0; i < Rounds; i++)
        {
            byte[] control = Make(random);
            (int Segment, byte Ecn) expected = Walk(control);
            int segment = -7;
            byte ecn = 9;

            DatagramSocket.ReadControl(control, ref segment, ref ecn);

            Assert.AreEqual(expected, (segment, ecn), Convert.ToHexString(control));
            changed += expected == (-7, (byte)9) ? 0 : 1;
        }

        Assert.IsGreaterThan(Rounds / 4, changed);
    }

    private static byte[] Make(Random random)
    {
        byte[] control = new byte[random.Next(100)];
        random.NextBytes(control);
        for (int at = 0; at + HeaderSize <= control.Length;)
        {
            int length = random.Next(10) == 0 ? random.Next(HeaderSize + 1) : HeaderSize + random.Next(9);
            (int level, int type) = random.Next(5) switch { 0 => (0, 1), 1 => (41, 67), 2 => (17, 104), 3 => (1, 1), _ => (0, 8) };
            BinaryPrimitives.WriteUInt64LittleEndian(control.AsSpan(at), random.Next(20) == 0 ? (ulong)random.NextInt64() : (ulong)length);
            BinaryPrimitives.WriteInt32LittleEndian(control.AsSpan(at + 8), level);
            BinaryPrimitives.WriteInt32LittleEndian(control.AsSpan(at + 12), type);
            at += Math.Max(8, (length + 7) / 8 * 8);
        }

        return control;
    }

    private static (int Segment, byte Ecn) Walk(byte[] control)
    {
        (int segment, byte ecn) = (-7, (byte)9);
        for (long at = 0; at + HeaderSize <= control.Length;)
        {
            ReadOnlySpan<byte> message = control.AsSpan((int)at);
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(message);
            if (length < HeaderSize || length > (ulong)message.Length)
            {
                break;
            }

            ReadOnlySpan<byte> value = message[HeaderSize..(int)length];
            (int Level, int Type) kind = (BinaryPrimitives.ReadInt32LittleEndian(message[8..]), BinaryPrimitives.ReadInt32LittleEndian(message[12..]));
            if (kind == (0, 1) && value.Length >= 1)
            {
                ecn = (byte)(value[0] & 3);
            }
            else if (kind == (41, 67) && value.Length >= 4)
            {
                ecn = (byte)(value[0] & 3);
            }
            else if (kind == (17, 104) && value.Length >= 4 && BinaryPrimitives.ReadInt32LittleEndian(value) > 0)
            {
                segment = BinaryPrimitives.ReadInt32LittleEndian(value);
            }

            at += ((long)length + 7) / 8 * 8;
        }

        return (segment, ecn);
    }
}
