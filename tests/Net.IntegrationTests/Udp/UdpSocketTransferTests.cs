using Net.Ngtcp2.Udp;

namespace Net.IntegrationTests.Udp;

[TestClass]
public sealed class UdpSocketTransferTests : UdpTest
{
    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public void Send_SpecificAddresses_ArrivesWithBothAddresses(string address)
    {
        UdpSocket receiver = Open(address);
        UdpSocket sender = Open(address);
        byte[] data = Numbered(1200);

        SendResult result = Send(sender, receiver.LocalAddress, data);

        Assert.AreEqual(new SendResult(SendStatus.Sent, 1200, 0), result);
        var datagram = Receive(receiver, 1).Datagrams.Single();
        CollectionAssert.AreEqual(data, datagram.Data);
        Assert.AreEqual(receiver.LocalAddress, datagram.Local);
        Assert.AreEqual(sender.LocalAddress, datagram.Remote);
    }

    [TestMethod]
    [DataRow("0.0.0.0", "127.0.0.1")]
    [DataRow("0.0.0.0", "127.0.0.3")]
    [DataRow("::", "::1")]
    public void Receive_WildcardSocket_ReportsTheAddressTheDatagramCameTo(string bound, string destination)
    {
        UdpSocket receiver = Open(bound);
        UdpSocket sender = Open(bound);

        Send(sender, Address(destination, receiver.LocalAddress.Port), [1, 2, 3]);

        Assert.AreEqual(Address(destination, receiver.LocalAddress.Port), Receive(receiver, 1).Datagrams.Single().Local);
    }

    [TestMethod]
    public void Send_LocalAddressOnWildcardSocket_LeavesFromThatAddress()
    {
        UdpSocket receiver = Open("127.0.0.1");
        UdpSocket sender = Open("0.0.0.0");

        sender.Send(Address("127.0.0.2", 9), receiver.LocalAddress, 0, [1], 1200);

        Assert.AreEqual(Address("127.0.0.2", sender.LocalAddress.Port), Receive(receiver, 1).Datagrams.Single().Remote);
    }

    [TestMethod]
    public void Send_LocalIPv6AddressOnWildcardSocket_LeavesFromThatAddress()
    {
        UdpSocket receiver = Open("::1");
        UdpSocket sender = Open("::");

        SendResult result = sender.Send(Address("::1", 0), receiver.LocalAddress, 2, Numbered(3000), 1200);

        Assert.AreEqual(SendStatus.Sent, result.Status);
        Assert.IsTrue(Receive(receiver, 3).Datagrams.All(d => d.Remote == Address("::1", sender.LocalAddress.Port) && d.Ecn == 2));
    }

    [TestMethod]
    public void DualStack_IPv4Peer_SeesIPv4AddressesAndMarksBothWays()
    {
        UdpSocket dual = Open("::", change: o => o with { DualStack = true });
        UdpSocket peer = Open("127.0.0.1");
        SocketAddressBuffer destination = Address("127.0.0.2", dual.LocalAddress.Port);

        Send(peer, destination, Numbered(5000), ecn: 1);
        var request = Receive(dual, 5).Datagrams;
        SendResult result = dual.Send(request[0].Local, request[0].Remote, 3, Numbered(5000), 1200);
        var reply = Receive(peer, 5).Datagrams;

        Assert.IsTrue(request.All(d => d.Local == destination && d.Remote == peer.LocalAddress && d.Ecn == 1));
        Assert.AreEqual(new SendResult(SendStatus.Sent, 5000, 0), result);
        Assert.IsTrue(reply.All(d => d.Local == peer.LocalAddress && d.Remote == destination && d.Ecn == 3));
        CollectionAssert.AreEqual(Numbered(5000), reply.SelectMany(d => d.Data).ToArray());
    }

    [TestMethod]
    public void DualStack_IPv6Peer_StaysIPv6()
    {
        UdpSocket dual = Open("::", change: o => o with { DualStack = true });
        UdpSocket peer = Open("::1");

        Send(peer, Address("::1", dual.LocalAddress.Port), [1], ecn: 2);
        var request = Receive(dual, 1).Datagrams.Single();
        dual.Send(request.Local, request.Remote, 1, [2], 1200);
        var reply = Receive(peer, 1).Datagrams.Single();

        Assert.AreEqual(Address("::1", dual.LocalAddress.Port), request.Local);
        Assert.AreEqual(2, request.Ecn);
        Assert.AreEqual(request.Local, reply.Remote);
        Assert.AreEqual(1, reply.Ecn);
    }

    [TestMethod]
    public void IPv6Only_IPv4Remote_IsDropped()
    {
        UdpSocket socket = Open("::");

        SendResult result = Send(socket, Address("127.0.0.1", 9), [1]);

        Assert.AreEqual(SendStatus.Dropped, result.Status);
        Assert.AreEqual(1, socket.Counters.DroppedDatagrams);
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public void Send_EveryEcnCodePoint_Crosses(string address)
    {
        UdpSocket receiver = Open(address);
        UdpSocket sender = Open(address);

        for (byte ecn = 0; ecn < 4; ecn++)
        {
            Send(sender, receiver.LocalAddress, [ecn], ecn: ecn);
        }

        CollectionAssert.AreEqual(new byte[] { 0, 1, 2, 3 }, Receive(receiver, 4).Datagrams.Select(d => d.Ecn).ToArray());
        Assert.IsTrue(sender.SendsEcn);
    }

    [TestMethod]
    public void Send_EcnOff_LeavesUnmarked()
    {
        UdpSocket receiver = Open("127.0.0.1");
        UdpSocket sender = Open("127.0.0.1", change: o => o with { Ecn = false });

        Send(sender, receiver.LocalAddress, [1], ecn: 2);

        Assert.AreEqual(0, Receive(receiver, 1).Datagrams.Single().Ecn);
    }

    [TestMethod]
    public void ReceiveBatch_EmptyDatagrams_CountButReachNoHandler()
    {
        UdpSocket receiver = Open("127.0.0.1", change: o => o with { ReceiveOffload = OffloadMode.Off });
        UdpSocket sender = Open("127.0.0.1");
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(SendStatus.Sent, Send(sender, receiver.LocalAddress, []).Status);
        }

        Send(sender, receiver.LocalAddress, [7]);
        DatagramCollector collector = new();

        Assert.IsTrue(WaitFor(receiver, PollEvents.Readable));
        Assert.AreEqual(2, receiver.ReceiveBatch(ref collector, 2));
        Assert.IsEmpty(collector.Datagrams);
        Assert.AreEqual(2, receiver.ReceiveBatch(ref collector, 32));
        Assert.AreEqual(7, collector.Datagrams.Single().Data.Single());
        Assert.AreEqual(3, receiver.Counters.EmptyDatagrams);
        Assert.AreEqual(0, receiver.ReceiveBatch(ref collector, 32));
    }

    [TestMethod]
    public void ReceiveBatch_MoreWaitingThanAskedFor_IsBounded()
    {
        UdpSocket receiver = Open("127.0.0.1", change: o => o with { ReceiveBatchSize = 4 });
        UdpSocket sender = Open("127.0.0.1", change: o => o with { SegmentationOffload = OffloadMode.Off });
        Send(sender, receiver.LocalAddress, Numbered(10), segmentSize: 1);
        DatagramCollector collector = new();

        Assert.IsTrue(WaitFor(receiver, PollEvents.Readable));
        int[] taken = [.. Enumerable.Range(0, 4).Select(_ => receiver.ReceiveBatch(ref collector, 100))];

        Assert.AreEqual("4 4 2 0", string.Join(' ', taken));
        CollectionAssert.AreEqual(Numbered(10), collector.Datagrams.SelectMany(d => d.Data).ToArray());
    }

    [TestMethod]
    public void ReceiveBatch_HandlerThrows_SocketGoesOn()
    {
        UdpSocket receiver = Open("127.0.0.1", change: o => o with { ReceiveOffload = OffloadMode.Off });
        UdpSocket sender = Open("127.0.0.1");
        Send(sender, receiver.LocalAddress, [1, 2, 3, 4, 5], segmentSize: 1);
        ThrowingHandler throwing = new();

        Assert.IsTrue(WaitFor(receiver, PollEvents.Readable));
        Assert.ThrowsExactly<FormatException>(() => receiver.ReceiveBatch(ref throwing, 3));
        var rest = Receive(receiver, 2).Datagrams;

        CollectionAssert.AreEqual(new byte[] { 4, 5 }, rest.SelectMany(d => d.Data).ToArray());
        Assert.IsTrue(rest.All(d => d.Remote == sender.LocalAddress));
    }

    [TestMethod]
    public void ReceiveBatch_HandlerDisposesSocket_StopsAndCloses()
    {
        UdpSocket receiver = Open("127.0.0.1");
        UdpSocket sender = Open("127.0.0.1");
        Send(sender, receiver.LocalAddress, [1, 2, 3], segmentSize: 1);
        DisposingHandler disposing = new(receiver);

        Assert.IsTrue(WaitFor(receiver, PollEvents.Readable));
        receiver.ReceiveBatch(ref disposing, 8);

        Assert.AreEqual(1, disposing.Calls);
        Assert.ThrowsExactly<ObjectDisposedException>(() => receiver.ReceiveBatch(ref disposing, 8));
    }

    [TestMethod]
    public void ReceiveBatch_FromAHandler_IsRefused()
    {
        UdpSocket receiver = Open("127.0.0.1");
        Send(Open("127.0.0.1"), receiver.LocalAddress, [1]);
        NestingHandler nesting = new(receiver);

        Assert.IsTrue(WaitFor(receiver, PollEvents.Readable));
        Assert.ThrowsExactly<InvalidOperationException>(() => receiver.ReceiveBatch(ref nesting, 8));
    }

    [TestMethod]
    public void ReceiveBatch_BufferOverrun_ReportsWhatTheKernelLost()
    {
        UdpSocket receiver = Open("127.0.0.1", change: o => o with { ReceiveBufferBytes = 4096, ReceiveOffload = OffloadMode.Off });
        UdpSocket sender = Open("127.0.0.1", change: o => o with { SegmentationOffload = OffloadMode.Off });
        DatagramCollector collector = new();
        Send(sender, receiver.LocalAddress, Numbered(100_000), segmentSize: 1000);
        while (receiver.ReceiveBatch(ref collector, 32) > 0)
        {
        }

        Send(sender, receiver.LocalAddress, [1]);
        DatagramCollector last = Receive(receiver, 1);

        Assert.AreEqual(100, collector.Datagrams.Count + receiver.Counters.ReceiveOverflows);
        Assert.HasCount(1, last.Datagrams);
    }

    private struct ThrowingHandler : IDatagramHandler
    {
        public readonly void HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn) =>
            throw new FormatException();
    }

    private struct DisposingHandler(UdpSocket socket) : IDatagramHandler
    {
        public int Calls { get; private set; }

        public void HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn)
        {
            Calls++;
            socket.Dispose();
        }
    }

    private struct NestingHandler(UdpSocket socket) : IDatagramHandler
    {
        public void HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn) =>
            socket.ReceiveBatch(ref this, 1);
    }
}
