using Net.Ngtcp2.Udp;

namespace Net.IntegrationTests.Udp;

[TestClass]
public sealed class ReusePortSteeringTests : UdpTest
{
    [TestMethod]
    [DataRow(2, "127.0.0.1")]
    [DataRow(4, "127.0.0.1")]
    [DataRow(3, "::1")]
    [DataRow(4, "0.0.0.0")]
    public void TryAttach_BothHeaderForms_SteersByTheConnectionId(int count, string address)
    {
        UdpSocket[] group = OpenGroup(count, address);
        UdpSocket sender = Open(address);
        SocketAddressBuffer destination = address == "0.0.0.0" ? Address("127.0.0.1", group[0].LocalAddress.Port) : group[0].LocalAddress;

        Assert.IsTrue(ReusePortSteering.TryAttach(group, out int errno));
        Assert.AreEqual(0, errno);
        List<byte[]>[] expected = [.. group.Select(_ => new List<byte[]>())];
        for (int id = 0; id < 256; id += 5)
        {
            byte[] shortHeader = [0x40, (byte)id, 1, 2, 3];
            byte[] longHeader = [0xC0, 0, 0, 0, 1, 8, (byte)id, 1, 2];
            foreach (byte[] packet in (byte[][])[shortHeader, longHeader])
            {
                Assert.AreEqual(id % count, ReusePortSteering.IndexOf(packet, count));
                expected[id % count].Add(packet);
                Assert.AreEqual(SendStatus.Sent, Send(sender, destination, packet).Status);
            }
        }

        for (int i = 0; i < count; i++)
        {
            byte[][] received = [.. Receive(group[i], expected[i].Count).Datagrams.Select(d => d.Data)];
            CollectionAssert.AreEqual(expected[i].Select(Convert.ToHexString).ToArray(), received.Select(Convert.ToHexString).ToArray());
            DatagramCollector none = new();
            Assert.AreEqual(0, group[i].ReceiveBatch(ref none, 8));
        }
    }

    [TestMethod]
    public void TryAttach_DatagramTooShort_GoesToTheFirstSocket()
    {
        UdpSocket[] group = OpenGroup(4, "127.0.0.1");
        UdpSocket sender = Open("127.0.0.1");

        Assert.IsTrue(ReusePortSteering.TryAttach(group, out _));
        Send(sender, group[0].LocalAddress, [0x40]);
        Send(sender, group[0].LocalAddress, [0xC0, 0, 0, 0, 1, 8]);

        Assert.HasCount(2, Receive(group[0], 2).Datagrams);
        Assert.AreEqual(0, ReusePortSteering.IndexOf([0x40], 4));
        Assert.AreEqual(0, ReusePortSteering.IndexOf([0xC0, 0, 0, 0, 1, 8], 4));
        Assert.AreEqual(0, ReusePortSteering.IndexOf([], 4));
    }

    private UdpSocket[] OpenGroup(int count, string address)
    {
        UdpSocket[] group = new UdpSocket[count];
        for (int i = 0; i < count; i++)
        {
            group[i] = Open(address, i == 0 ? 0 : group[0].LocalAddress.Port, o => o with { ReusePort = true });
        }

        return group;
    }
}
