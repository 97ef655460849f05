using Net.Ngtcp2.Udp;

namespace Net.IntegrationTests.Udp;

[TestClass]
public sealed class UdpSocketOffloadTests : UdpTest
{
    private const int SO_NO_CHECK = 11;

    [TestMethod]
    [DataRow(true, true, "127.0.0.1")]
    [DataRow(true, false, "127.0.0.1")]
    [DataRow(false, true, "127.0.0.1")]
    [DataRow(false, false, "127.0.0.1")]
    [DataRow(true, true, "::1")]
    [DataRow(true, false, "::1")]
    public void Send_TenSegmentsAndAShortTail_ArrivesAsElevenDatagramsInOrder(bool segments, bool coalesces, string address)
    {
        UdpSocket receiver = Open(address, change: o => o with { ReceiveOffload = Mode(coalesces) });
        UdpSocket sender = Open(address, change: o => o with { SegmentationOffload = Mode(segments) });
        byte[] data = Numbered((10 * 1200) + 77);

        SendResult result = Send(sender, receiver.LocalAddress, data, ecn: 2);

        Assert.AreEqual(new SendResult(SendStatus.Sent, data.Length, 0), result);
        var datagrams = Receive(receiver, 11).Datagrams;
        Assert.HasCount(11, datagrams);
        CollectionAssert.AreEqual(data, datagrams.SelectMany(d => d.Data).ToArray());
        Assert.IsTrue(datagrams.Take(10).All(d => d.Data.Length == 1200));
        Assert.AreEqual(77, datagrams[10].Data.Length);
        Assert.IsTrue(datagrams.All(d => d.Remote == sender.LocalAddress && d.Local == receiver.LocalAddress && d.Ecn == 2));
        Assert.AreEqual(segments ? 1 : 11, sender.Counters.SendCalls);
        Assert.AreEqual(11, sender.Counters.SentDatagrams);
        Assert.AreEqual(data.Length, sender.Counters.SentBytes);
        Assert.AreEqual(11, receiver.Counters.ReceivedDatagrams);
        Assert.AreEqual(data.Length, receiver.Counters.ReceivedBytes);
        Assert.AreEqual(segments && coalesces ? 1 : 11, receiver.Counters.ReceivedMessages);
    }

    [TestMethod]
    [DataRow(200, 130, 3, DisplayName = "the limit of 64 segments")]
    [DataRow(1452, 100, 3, DisplayName = "the limit of 65,507 bytes")]
    [DataRow(40_000, 3, 3, DisplayName = "one segment is all that fits")]
    public void Send_MoreThanOneCallTakes_IsSplitBetweenSegments(int segmentSize, int count, int calls)
    {
        UdpSocket receiver = Open("127.0.0.1");
        UdpSocket sender = Open("127.0.0.1");
        byte[] data = Numbered(segmentSize * count);

        SendResult result = Send(sender, receiver.LocalAddress, data, segmentSize);

        Assert.AreEqual(new SendResult(SendStatus.Sent, data.Length, 0), result);
        var datagrams = Receive(receiver, count).Datagrams;
        Assert.IsTrue(datagrams.All(d => d.Data.Length == segmentSize));
        CollectionAssert.AreEqual(data, datagrams.SelectMany(d => d.Data).ToArray());
        Assert.AreEqual(calls, sender.Counters.SendCalls);
        Assert.AreEqual(0, sender.Counters.SegmentationFallbacks);
    }

    [TestMethod]
    public unsafe void Send_KernelRefusesOffload_GoesOneByOneFromThenOn()
    {
        UdpSocket receiver = Open("127.0.0.1");
        UdpSocket sender = Open("127.0.0.1");
        byte[] data = Numbered((10 * 1200) + 77);

        // Without checksums the kernel refuses UDP_SEGMENT with EINVAL.
        int on = 1;
        Assert.AreEqual(0, Libc.SetSocketOption(sender.Descriptor, LinuxSocket.SOL_SOCKET, SO_NO_CHECK, &on, sizeof(int)));
        SendResult first = Send(sender, receiver.LocalAddress, data, ecn: 1);
        SendResult second = Send(sender, receiver.LocalAddress, data, ecn: 1);

        Assert.AreEqual(new SendResult(SendStatus.Sent, data.Length, 0), first);
        Assert.AreEqual(first, second);
        var datagrams = Receive(receiver, 22).Datagrams;
        CollectionAssert.AreEqual(data.Concat(data).ToArray(), datagrams.SelectMany(d => d.Data).ToArray());
        Assert.IsTrue(datagrams.All(d => d.Ecn == 1));
        Assert.IsFalse(sender.HasSegmentationOffload);
        Assert.IsTrue(sender.SendsEcn);
        Assert.AreEqual(1, sender.Counters.SegmentationFallbacks);
        Assert.AreEqual(23, sender.Counters.SendCalls);
    }

    [TestMethod]
    public void Send_LocalAddressIsNotOurs_DropsAndKeepsOffload()
    {
        UdpSocket receiver = Open("127.0.0.1");
        UdpSocket sender = Open("0.0.0.0");
        byte[] data = Numbered(3000);

        SendResult result = sender.Send(Address("192.0.2.1", 0), receiver.LocalAddress, 1, data, 1200);

        Assert.AreEqual(SendStatus.Dropped, result.Status);
        Assert.AreEqual(3000, result.BytesConsumed);
        Assert.AreNotEqual(0, result.Errno);
        Assert.AreEqual(3, sender.Counters.DroppedDatagrams);
        Assert.IsTrue(sender.HasSegmentationOffload);
        Assert.IsTrue(sender.SendsEcn);
    }

    [TestMethod]
    public void Send_LargerThanAnyPacket_IsCountedAndSkipped()
    {
        UdpSocket receiver = Open("127.0.0.1");
        UdpSocket sender = Open("127.0.0.1");

        SendResult result = Send(sender, receiver.LocalAddress, Numbered(65_520), UdpSocket.MaxSegmentSize);

        Assert.AreEqual(new SendResult(SendStatus.Sent, 65_520, Errno.EMSGSIZE), result);
        Assert.AreEqual(1, sender.Counters.OversizedDatagrams);
        Assert.AreEqual(0, sender.Counters.SentDatagrams);
        Assert.AreEqual(SendStatus.Sent, Send(sender, receiver.LocalAddress, [5]).Status);
        Assert.AreEqual(5, Receive(receiver, 1).Datagrams.Single().Data.Single());
    }

    [TestMethod]
    public void Send_LargestDatagram_Arrives()
    {
        UdpSocket receiver = Open("127.0.0.1");
        UdpSocket sender = Open("127.0.0.1");
        byte[] data = Numbered(65_507);

        Assert.AreEqual(new SendResult(SendStatus.Sent, data.Length, 0), Send(sender, receiver.LocalAddress, data, data.Length));
        CollectionAssert.AreEqual(data, Receive(receiver, 1).Datagrams.Single().Data);
    }

    [TestMethod]
    public void Send_SegmentsLargerThanTheInterface_SkipsThemAndKeepsOffload() => NetworkNamespace.Run(["ip link set lo mtu 1400"], () =>
    {
        UdpSocket receiver = Open("127.0.0.1");
        UdpSocket sender = Open("127.0.0.1");

        // 1,372 bytes fit beside the headers of IPv4 (20) and UDP (8): the tail passes, the four longer datagrams do not.
        SendResult large = Send(sender, receiver.LocalAddress, Numbered((4 * 1373) + 1372), segmentSize: 1373);
        SendResult fitting = Send(sender, receiver.LocalAddress, Numbered(4 * 1372), segmentSize: 1372);

        Assert.AreEqual(new SendResult(SendStatus.Sent, (4 * 1373) + 1372, Errno.EMSGSIZE), large);
        Assert.AreEqual(new SendResult(SendStatus.Sent, 4 * 1372, 0), fitting);
        Assert.AreEqual(4, sender.Counters.OversizedDatagrams);
        Assert.AreEqual(5, sender.Counters.SentDatagrams);
        Assert.IsTrue(sender.HasSegmentationOffload);
        Assert.IsTrue(Receive(receiver, 5).Datagrams.All(d => d.Data.Length == 1372));
        Assert.IsTrue(WaitForError(sender, out UdpError error));
        Assert.AreEqual(new UdpError(Address("127.0.0.1", 0), Errno.EMSGSIZE, UdpErrorOrigin.Local, 0, 0, 1400), error);
    });

    private static OffloadMode Mode(bool on) => on ? OffloadMode.On : OffloadMode.Off;
}
