using Net.Ngtcp2.Udp;

namespace Net.IntegrationTests.Udp;

[TestClass]
public sealed class UdpSocketLifetimeTests : UdpTest
{
    [TestMethod]
    public void Dispose_Twice_ClosesTheDescriptorAndFreesThePort()
    {
        UdpSocket socket = Open("127.0.0.1");
        int port = socket.LocalAddress.Port;
        string link = $"/proc/self/fd/{socket.Descriptor}";
        string? target = new FileInfo(link).LinkTarget;
        StringAssert.StartsWith(target, "socket:");

        socket.Dispose();
        socket.Dispose();

        Assert.AreNotEqual(target, new FileInfo(link).LinkTarget);
        Assert.IsTrue(socket.IsDisposed);
        Assert.AreEqual(port, Open("127.0.0.1", port).LocalAddress.Port);
        Assert.ThrowsExactly<ObjectDisposedException>(() => Send(socket, Address("127.0.0.1", port), [1]));
        Assert.ThrowsExactly<ObjectDisposedException>(() => socket.TryReadError(out _));
    }

    [TestMethod]
    public void Open_BindFails_LeavesNoDescriptor()
    {
        UdpSocket first = Open("127.0.0.1");

        // The runtime opens descriptors of its own now and then, so only steady growth tells.
        int before = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 200; i++)
        {
            Assert.ThrowsExactly<UdpBindException>(() => Open("127.0.0.1", first.LocalAddress.Port));
        }

        Assert.IsLessThan(before + 100, Directory.GetFiles("/proc/self/fd").Length);
    }

    [TestMethod]
    public void Open_Buffers_AreWhatTheKernelSays()
    {
        UdpSocket socket = Open("127.0.0.1", change: o => o with { SendBufferBytes = 64 * 1024, ReceiveBufferBytes = 100 * 1024 });

        Assert.AreEqual(2 * 64 * 1024, socket.SendBufferBytes);
        Assert.AreEqual(2 * 100 * 1024, socket.ReceiveBufferBytes);
    }

    [TestMethod]
    public void SendAndReceive_SteadyState_AllocatesNothing()
    {
        UdpSocket receiver = Open("0.0.0.0");
        UdpSocket sender = Open("0.0.0.0");
        SocketAddressBuffer local = Address("127.0.0.2", 0);
        SocketAddressBuffer remote = Address("127.0.0.1", receiver.LocalAddress.Port);
        using EventFd wake = new();
        using Poller poller = new(wake, 1);
        int slot = poller.Add(receiver);
        byte[] data = Numbered(12_077);
        CountingHandler handler = default;
        long allocated = 0;
        for (int round = 0; round < 200; round++)
        {
            if (round == 100)
            {
                allocated = GC.GetAllocatedBytesForCurrentThread();
            }

            wake.Signal();
            sender.Send(in local, in remote, 2, data, 1200);
            int expected = (round + 1) * 11;
            while (handler.Datagrams < expected)
            {
                poller.Wait(20_000_000_000);
                if (poller.EventsOf(slot) == PollEvents.None && !poller.WokenBySignal)
                {
                    break;
                }

                receiver.ReceiveBatch(ref handler, 8);
            }
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.AreEqual(200 * 11, handler.Datagrams);
        Assert.AreEqual(0, allocated);
    }

    private struct CountingHandler : IDatagramHandler
    {
        internal int Datagrams { get; private set; }

        public void HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn) => Datagrams++;
    }
}
