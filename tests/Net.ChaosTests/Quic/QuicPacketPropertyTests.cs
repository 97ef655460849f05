using System.Buffers.Binary;
using Net.Chaos.Quic;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Tls;

namespace Net.ChaosTests.Quic;

/// <summary>Datagrams and first flights made at random: what was put in is what is read (RFC 9000, sections 17 and 19; RFC 9369).</summary>
[TestClass]
public sealed class QuicPacketPropertyTests
{
    private const int Rounds = 5000;

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Datagram_AnyPacketsTogether_AreReadFieldByField()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds; round++)
        {
            List<Expected> expected = [];
            List<byte> datagram = [];
            for (int i = random.Next(1, 5); i > 0; i--)
            {
                expected.Add(AddPacket(datagram, random, isLast: i == 1));
            }

            int at = 0;
            foreach (QuicPacketView packet in new QuicDatagram(datagram.ToArray()))
            {
                Expected one = expected[at++];
                Assert.AreEqual((one.Kind, one.Length, one.Version, one.Kind == QuicPacketKinds.OneRtt ? 0 : one.NumberOffset), (packet.Kind, packet.Bytes.Length, packet.Version, packet.NumberOffset), $"round {round}, packet {at}");
                Assert.AreEqual(one.Ids, $"{Convert.ToHexString(packet.DestinationId)} {Convert.ToHexString(packet.SourceId)} {Convert.ToHexString(packet.Token)}", $"round {round}, packet {at}");
            }

            Assert.AreEqual(expected.Count, at, $"round {round}");
        }
    }

    [TestMethod]
    public void TryTakeInteger_AnyBytes_AgreesWithTheLibrarysReader()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = new byte[random.Next(10)];
            random.NextBytes(bytes);
            int position = 0;

            bool taken = QuicPacketView.TryTakeInteger(bytes, ref position, out ulong value);

            Assert.AreEqual(VariableLengthInteger.TryRead(bytes, out long expected, out int size), taken, Convert.ToHexString(bytes));
            Assert.AreEqual(taken ? (size, (ulong)expected) : (0, value), (position, value), Convert.ToHexString(bytes));
        }
    }

    [TestMethod]
    public void ClientHello_InAnyPiecesInAnyOrder_HasItsServerNameAndKeepsABoundedNumberOfRanges()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds / 10; round++)
        {
            string name = $"h{random.Next()}.{new string('x', random.Next(40))}example";
            byte[] hello = InitialDatagram.ClientHello(random, serverName: name);
            List<byte[]> frames = [];
            for (int offset = 0; offset < hello.Length;)
            {
                int length = Math.Min(hello.Length - offset, random.Next(1, 80));
                frames.Add(Crypto(offset, hello.AsSpan(offset, length)));
                if (offset > 0 && random.Next(4) == 0)
                {
                    // Again, with some of what was before.
                    int from = Math.Max(0, offset - random.Next(20));
                    frames.Add(Crypto(from, hello.AsSpan(from, offset + length - from)));
                }

                offset += length;
            }

            byte[][] shuffled = [.. frames];
            random.Shuffle(shuffled);
            var reader = new ClientHelloReader();
            for (int next = 0; next < shuffled.Length;)
            {
                List<byte> packet = [];
                for (int i = random.Next(1, 4); i > 0 && next < shuffled.Length; i--, next++)
                {
                    packet.AddRange(Between(random));
                    packet.AddRange(shuffled[next]);
                }

                packet.AddRange(Between(random));
                reader.Add(packet.ToArray());
                Assert.IsTrue(reader.ServerName is null || reader.ServerName == name, $"'{reader.ServerName}' in place of '{name}'");
                Assert.IsLessThanOrEqualTo(frames.Count, reader.RangeCount);
            }

            Assert.AreEqual(name, reader.ServerName);
            Assert.AreEqual(1, reader.RangeCount);
        }
    }

    [TestMethod]
    public void ClientHello_TheSameFramesForEver_TakeNoMoreMemory()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        var reader = new ClientHelloReader();
        for (int round = 0; round < Rounds * 4; round++)
        {
            reader.Add(Crypto(random.Next(100) * 3, new byte[random.Next(3)]));
            Assert.IsLessThanOrEqualTo(150, reader.RangeCount);
        }
    }

    private static byte[] Crypto(int offset, ReadOnlySpan<byte> bytes) => [6, .. Integer((ulong)offset), .. Integer((ulong)bytes.Length), .. bytes];

    // PADDING, PING and ACK, with and without ECN.
    private static byte[] Between(Random random) => random.Next(4) switch
    {
        0 => new byte[random.Next(5)],
        1 => [1],
        2 => [2, .. Integer((ulong)random.Next(1000)), .. Integer(0), .. Integer(1), .. Integer(2), .. Integer(3), .. Integer(4)],
        _ => [3, .. Integer((ulong)random.Next(1000)), .. Integer(9), .. Integer(0), .. Integer(5), .. Integer(1), .. Integer(2), .. Integer(3)],
    };

    private static Expected AddPacket(List<byte> datagram, Random random, bool isLast)
    {
        int kind = random.Next(isLast ? 7 : 3);
        byte[] destination = Bytes(random, 21);
        byte[] source = Bytes(random, 21);
        byte[] token = kind == 0 ? Bytes(random, 100) : [];
        byte[] payload = Bytes(random, 200);
        if (kind == 6)
        {
            byte[] oneRtt = [(byte)(0x40 | random.Next(64)), .. payload];
            datagram.AddRange(oneRtt);
            return new Expected(QuicPacketKinds.OneRtt, oneRtt.Length, 0, 0, "  ");
        }

        bool isTwo = random.Next(2) == 0;
        uint version = kind switch { 4 => 0, 5 => 0xfaceb00c, _ => isTwo ? QuicVersions.Two : QuicVersions.One };

        // Version 2 numbers the types anew (RFC 9369, section 3.2).
        int type = kind >= 4 ? random.Next(4) : (kind + (isTwo ? 1 : 0)) & 3;
        byte[] versionBytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(versionBytes, version);
        List<byte> packet = [(byte)(0xc0 | (type << 4) | random.Next(16)), .. versionBytes, (byte)destination.Length, .. destination, (byte)source.Length, .. source];
        if (kind == 0)
        {
            packet.AddRange([.. Integer((ulong)token.Length), .. token]);
        }

        if (kind < 3)
        {
            packet.AddRange(Integer((ulong)payload.Length));
        }

        int numberOffset = packet.Count;
        packet.AddRange(payload);
        QuicPacketKinds[] kinds = [QuicPacketKinds.Initial, QuicPacketKinds.ZeroRtt, QuicPacketKinds.Handshake, QuicPacketKinds.Retry, QuicPacketKinds.VersionNegotiation, QuicPacketKinds.UnknownVersion];
        datagram.AddRange(packet);
        return new Expected(kinds[kind], packet.Count, version, numberOffset, $"{Convert.ToHexString(destination)} {Convert.ToHexString(source)} {Convert.ToHexString(token)}");
    }

    private static byte[] Bytes(Random random, int below)
    {
        byte[] bytes = new byte[random.Next(below)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Integer(ulong value)
    {
        byte[] bytes = new byte[8];
        return bytes[..VariableLengthInteger.Write(bytes, (long)value)];
    }

    private sealed record Expected(QuicPacketKinds Kind, int Length, uint Version, int NumberOffset, string Ids);
}
