using System.Buffers.Binary;
using Net.Ngtcp2.Driver;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Driver;

[TestClass]
public sealed class CoalescedPacketsTests
{
    private const int Initial = 0;
    private const int Handshake = 2;

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

    private static byte[] LongHeader(QuicVersion version, int type, byte[]? token, int payload)
    {
        int number = version == QuicVersion.Version2 ? (type + 1) % 4 : type;
        byte[] versionBytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(versionBytes, (int)version);
        List<byte> packet = [(byte)(0xc0 | (number << 4)), .. versionBytes, 8, .. new byte[8], 12, .. new byte[12]];
        if (token is not null)
        {
            packet.Add((byte)token.Length);
            packet.AddRange(token);
        }

        packet.AddRange([(byte)(0x40 | (payload >> 8)), (byte)payload, .. new byte[payload]]);
        return [.. packet];
    }
}
