using System.Buffers.Binary;
using Net.Ngtcp2.Driver;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Driver;

[TestClass]
public sealed class CoalescedPacketsTests
{
    private const int Initial = 0;
    private const int ZeroRtt = 1;
    private const int Handshake = 2;
    private const int Retry = 3;
    private static readonly QuicVersion[] Versions = [QuicVersion.Version1, QuicVersion.Version2];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(QuicVersion.Version1)]
    [DataRow(QuicVersion.Version2)]
    public void Split_ThreePackets_GivesEach(QuicVersion version)
    {
        byte[] initial = LongHeader(version, Initial, token: [1, 2, 3], payload: 50);
        byte[] handshake = LongHeader(version, Handshake, token: null, payload: 70);
        byte[] oneRtt = [0x40, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 3];

        List<byte[]> packets = CoalescedPackets.Split([.. initial, .. handshake, .. oneRtt]);

        Assert.HasCount(3, packets);
        Assert.AreEqual(2, CoalescedPackets.Count([.. initial, .. handshake, .. oneRtt]), "The last one is for another id.");
        CollectionAssert.AreEqual(initial, packets[0]);
        CollectionAssert.AreEqual(handshake, packets[1]);
        CollectionAssert.AreEqual(oneRtt, packets[2]);
    }

    [TestMethod]
    public void Split_RandomBytes_LosesNone()
    {
        int seed = TestSeed.Take();
        Random random = new(seed);
        for (int round = 0; round < 3000; round++)
        {
            byte[] datagram = new byte[random.Next(120)];
            random.NextBytes(datagram);
            List<byte[]> packets = CoalescedPackets.Split(datagram);
            CollectionAssert.AreEqual(datagram, packets.SelectMany(static packet => packet).ToArray(), $"seed {seed}, round {round}");
            Assert.IsTrue(packets.TrueForAll(static packet => packet.Length > 0), $"seed {seed}, round {round}");
        }
    }

    [TestMethod]
    [DataRow(QuicVersion.Version1)]
    [DataRow(QuicVersion.Version2)]
    public void Count_RetryAndVersionNegotiation_IsOneEach(QuicVersion version)
    {
        // Neither has a length: what follows belongs to it, though it looks like one more packet (RFC 9000, sections 17.2.1 and 17.2.5).
        byte[] follower = LongHeader(version, Handshake, token: null, payload: 70);
        byte[] retry = [.. LongHeader(version, Retry, token: null, payload: 1), .. follower];
        byte[] negotiation = [.. LongHeader(QuicVersion.Unknown, Initial, token: null, payload: 1), .. follower];

        Assert.AreEqual(1, CoalescedPackets.Count(retry));
        Assert.AreEqual(1, CoalescedPackets.Count(negotiation));
        Assert.HasCount(1, CoalescedPackets.Split(retry));
        Assert.HasCount(1, CoalescedPackets.Split(negotiation));
        Assert.AreEqual(0, CoalescedPackets.Count([]));
    }

    [TestMethod]
    public void Count_OfRandomPacketsCutAnywhere_IsHowManyAreThere()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] id = new byte[random.Next(21)];
            random.NextBytes(id);
            List<byte> datagram = [];

            // Where a packet can be told from garbage: with its destination id. The first counts with its first byte.
            List<int> places = [];
            for (int i = random.Next(4); i >= 0; i--)
            {
                places.Add(datagram.Count == 0 ? 1 : datagram.Count + 6 + id.Length);
                datagram.AddRange(RandomLongHeader(random, id));
            }

            if (random.Next(2) == 0)
            {
                places.Add(datagram.Count + 1 + id.Length);
                byte[] protectedPart = new byte[1 + random.Next(40)];
                random.NextBytes(protectedPart);
                datagram.AddRange([(byte)random.Next(0x40, 0x80), .. id, .. protectedPart]);
            }
            else if (random.Next(2) == 0)
            {
                datagram.AddRange(new byte[1 + random.Next(40)]);
            }
            else if (id.Length > 0)
            {
                byte[] other = [.. id];
                other[random.Next(other.Length)] ^= (byte)random.Next(1, 256);
                datagram.AddRange(random.Next(2) == 0 ? RandomLongHeader(random, other) : [(byte)random.Next(0x80), .. other, 1, 2, 3]);
            }

            byte[] cut = [.. datagram.Take(random.Next(2) == 0 ? datagram.Count : random.Next(1, datagram.Count + 1))];

            Assert.AreEqual(places.Count(place => place <= cut.Length), CoalescedPackets.Count(cut), $"round {round}: {Convert.ToHexString(cut)}");
        }
    }

    [TestMethod]
    public void Count_OfGarbage_IsOne()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] garbage = new byte[random.Next(1, 120)];
            random.NextBytes(garbage);
            Assert.AreEqual(1, CoalescedPackets.Count(garbage), Convert.ToHexString(garbage));

            // With the start of a real packet and ids and lengths of any size the garbage is read further, but never past its end.
            byte[] further = [(byte)(garbage[0] | 0x80), .. VersionBytes(Versions[random.Next(2)]), (byte)random.Next(21), .. garbage];
            int count = CoalescedPackets.Count(further);
            Assert.IsTrue(count >= 1 && count <= CoalescedPackets.Split(further).Count, Convert.ToHexString(further));
        }
    }

    [TestMethod]
    public void Count_OfAnyDatagram_AllocatesNothing()
    {
        byte[] handshake = [.. LongHeader(QuicVersion.Version1, Initial, [1, 2], 50), .. LongHeader(QuicVersion.Version1, Handshake, null, 70), 0x40, .. new byte[8], 7];
        byte[] later = [0x40, 1, 2, 3];
        int packets = CoalescedPackets.Count(handshake) + CoalescedPackets.Count(later);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            packets += CoalescedPackets.Count(handshake) + CoalescedPackets.Count(later);
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.AreEqual(4004, packets);
    }

    private static byte[] RandomLongHeader(Random random, byte[] id)
    {
        QuicVersion version = Versions[random.Next(2)];
        int type = random.Next(ZeroRtt, Handshake + 1) * random.Next(2);
        List<byte> packet = [FirstByte(version, type, (byte)random.Next(16)), .. VersionBytes(version), (byte)id.Length, .. id];
        byte[] source = new byte[random.Next(21)];
        random.NextBytes(source);
        packet.AddRange([(byte)source.Length, .. source]);
        if (type == Initial)
        {
            byte[] token = new byte[random.Next(80)];
            random.NextBytes(token);
            packet.AddRange([.. Integer(random, token.Length), .. token]);
        }

        byte[] payload = new byte[random.Next(1, 100)];
        random.NextBytes(payload);
        return [.. packet, .. Integer(random, payload.Length), .. payload];
    }

    // Any of the four sizes that hold it may be used (RFC 9000, section 16).
    private static byte[] Integer(Random random, int value)
    {
        int shift = random.Next(value < 64 ? 0 : 1, 4);
        byte[] bytes = new byte[1 << shift];
        for (int i = 0, left = value; i < bytes.Length; i++, left >>= 8)
        {
            bytes[^(i + 1)] = (byte)left;
        }

        bytes[0] |= (byte)(shift << 6);
        return bytes;
    }

    private static byte FirstByte(QuicVersion version, int type, byte low) => (byte)(0xc0 | ((version == QuicVersion.Version2 ? (type + 1) % 4 : type) << 4) | low);

    private static byte[] VersionBytes(QuicVersion version)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, (int)version);
        return bytes;
    }

    private static byte[] LongHeader(QuicVersion version, int type, byte[]? token, int payload)
    {
        List<byte> packet = [FirstByte(version, type, 0), .. VersionBytes(version), 8, .. new byte[8], 12, .. new byte[12]];
        if (token is not null)
        {
            packet.Add((byte)token.Length);
            packet.AddRange(token);
        }

        packet.AddRange([(byte)(0x40 | (payload >> 8)), (byte)payload, .. new byte[payload]]);
        return [.. packet];
    }
}
