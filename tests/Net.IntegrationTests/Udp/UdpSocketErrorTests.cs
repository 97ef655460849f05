using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Udp;

namespace Net.IntegrationTests.Udp;

[TestClass]
public sealed partial class UdpSocketErrorTests : UdpTest
{
    private const int CAP_NET_BIND_SERVICE = 10;

    [TestMethod]
    [DataRow("127.0.0.1", 2, 3, 3)]
    [DataRow("::1", 3, 1, 4)]
    public void TryReadError_ClosedPort_ReportsConnectionRefused(string address, int origin, int type, int code)
    {
        UdpSocket closed = Open(address);
        SocketAddressBuffer destination = closed.LocalAddress;
        closed.Dispose();
        UdpSocket sender = Open(address);

        Send(sender, destination, [1]);

        Assert.IsTrue(WaitForError(sender, out UdpError error));
        Assert.AreEqual(new UdpError(destination, Errno.ECONNREFUSED, (UdpErrorOrigin)origin, (byte)type, (byte)code, 0), error);
        Assert.IsFalse(sender.TryReadError(out UdpError none));
        Assert.AreEqual(default, none);
        Assert.AreEqual(1, sender.Counters.ErrorsRead);
    }

    [TestMethod]
    public void TryReadError_DualStackToClosedIPv4Port_NamesTheIPv4Address()
    {
        UdpSocket closed = Open("127.0.0.1");
        SocketAddressBuffer destination = closed.LocalAddress;
        closed.Dispose();
        UdpSocket sender = Open("::", change: o => o with { DualStack = true });

        Send(sender, destination, [1]);

        Assert.IsTrue(WaitForError(sender, out UdpError error));
        Assert.AreEqual(destination, error.Destination);
        Assert.AreEqual(Errno.ECONNREFUSED, error.Errno);
    }

    [TestMethod]
    public void Send_EarlierDatagramWasRefused_StillGoesOut()
    {
        UdpSocket closed = Open("127.0.0.1");
        SocketAddressBuffer destination = closed.LocalAddress;
        closed.Dispose();
        UdpSocket receiver = Open("127.0.0.1");
        UdpSocket sender = Open("127.0.0.1");

        for (byte i = 0; i < 20; i++)
        {
            Send(sender, destination, [1]);
            Assert.IsTrue(WaitFor(sender, PollEvents.Error));
            Assert.AreEqual(SendStatus.Sent, Send(sender, receiver.LocalAddress, [i]).Status);
        }

        CollectionAssert.AreEqual(
            Enumerable.Range(0, 20).Select(i => (byte)i).ToArray(), Receive(receiver, 20).Datagrams.SelectMany(d => d.Data).ToArray());
        Assert.AreEqual(0, sender.Counters.DroppedDatagrams);
    }

    [TestMethod]
    public void ReceiveBatch_EarlierDatagramWasRefused_StillReceives()
    {
        UdpSocket closed = Open("127.0.0.1");
        SocketAddressBuffer destination = closed.LocalAddress;
        closed.Dispose();
        UdpSocket socket = Open("127.0.0.1");
        UdpSocket peer = Open("127.0.0.1");
        Send(peer, socket.LocalAddress, [9]);
        Send(socket, destination, [1]);
        Assert.IsTrue(WaitFor(socket, PollEvents.Error));
        DatagramCollector collector = new();

        Assert.AreEqual(1, socket.ReceiveBatch(ref collector, 8));
        Assert.AreEqual(9, collector.Datagrams.Single().Data.Single());
    }

    [TestMethod]
    public void TryReadError_DatagramLargerThanTheInterface_ReportsItsMtu()
    {
        UdpSocket sender = Open("::1");

        // One byte more than the 65,536 of the loopback interface holds besides the headers of IPv6 (40) and UDP (8).
        SendResult result = Send(sender, Address("::1", 9), Numbered(65_489), UdpSocket.MaxSegmentSize);

        Assert.AreEqual(Errno.EMSGSIZE, result.Errno);
        Assert.IsTrue(WaitForError(sender, out UdpError error));
        Assert.AreEqual(Errno.EMSGSIZE, error.Errno);
        Assert.AreEqual(UdpErrorOrigin.Local, error.Origin);
        Assert.IsGreaterThan(1280, error.PathMtu);
    }

    [TestMethod]
    public void Send_PortZero_IsDropped()
    {
        UdpSocket sender = Open("127.0.0.1");

        SendResult result = Send(sender, Address("127.0.0.1", 0), [1]);

        Assert.AreEqual(new SendResult(SendStatus.Dropped, 1, Errno.EINVAL), result);
        Assert.AreEqual(1, sender.Counters.DroppedDatagrams);
    }

    [TestMethod]
    public void Send_AddressesOfTwoFamilies_Throws()
    {
        UdpSocket sender = Open("::", change: o => o with { DualStack = true });

        Assert.ThrowsExactly<ArgumentException>(() => sender.Send(Address("::1", 1), Address("127.0.0.1", 1), 0, [1], 1200));
        Assert.ThrowsExactly<ArgumentException>(() => sender.Send(default, default, 0, [1], 1200));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => sender.Send(default, Address("127.0.0.1", 1), 0, [1], 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => sender.Send(default, Address("127.0.0.1", 1), 0, [1], 65_536));
    }

    [TestMethod]
    public void Open_PortTaken_NamesThePortAndTheWayOut()
    {
        UdpSocket first = Open("127.0.0.1");

        UdpBindException failure = Assert.ThrowsExactly<UdpBindException>(() => Open("127.0.0.1", first.LocalAddress.Port));

        Assert.AreEqual(Errno.EADDRINUSE, failure.Errno);
        Assert.AreEqual(SocketError.AddressAlreadyInUse, failure.SocketError);
        Assert.AreEqual("bind", failure.Operation);
        StringAssert.Contains(failure.Message, first.LocalAddress.ToString());
    }

    [TestMethod]
    [DataRow("192.0.2.1")]
    [DataRow("2001:db8::1")]
    public void Open_AddressOfAnotherMachine_SaysSo(string address)
    {
        UdpBindException failure = Assert.ThrowsExactly<UdpBindException>(() => Open(address));

        Assert.AreEqual(Errno.EADDRNOTAVAIL, failure.Errno);
        Assert.AreEqual(SocketError.AddressNotAvailable, failure.SocketError);
    }

    [TestMethod]
    public void Open_PrivilegedPortWithoutCapability_SaysWhatToDo()
    {
        if (int.Parse(File.ReadAllText("/proc/sys/net/ipv4/ip_unprivileged_port_start"), provider: null) < 3)
        {
            Assert.Inconclusive("Every port is unprivileged on this machine.");
        }

        Exception? caught = null;
        Thread thread = new(() =>
        {
            // Capabilities belong to threads, so this one can give the right up without taking it from the others.
            DropCapability(CAP_NET_BIND_SERVICE);
            try
            {
                using UdpSocket socket = UdpSocket.Open(new UdpSocketOptions { LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 2) });
            }
            catch (Exception exception)
            {
                caught = exception;
            }
        });
        thread.Start();
        Assert.IsTrue(thread.Join(TimeSpan.FromSeconds(20)));

        UdpBindException failure = (UdpBindException)caught!;
        Assert.AreEqual(Errno.EACCES, failure.Errno);
        Assert.AreEqual(SocketError.AccessDenied, failure.SocketError);
        StringAssert.Contains(failure.Message, "CAP_NET_BIND_SERVICE");
        StringAssert.Contains(failure.Message, "setcap cap_net_bind_service=+ep");
        StringAssert.Contains(failure.Message, "ip_unprivileged_port_start=2");
    }

    private static unsafe void DropCapability(int capability)
    {
        uint* header = stackalloc uint[] { 0x20080522, 0 };

        // Two structures of effective, permitted and inheritable bits; the first word holds the effective capabilities 0 to 31.
        uint* sets = stackalloc uint[6];
        Assert.AreEqual(0, GetCapabilities(header, sets));
        sets[0] &= ~(1u << capability);
        Assert.AreEqual(0, SetCapabilities(header, sets));
    }

    [LibraryImport("libc", EntryPoint = "capget")]
    private static unsafe partial int GetCapabilities(uint* header, uint* sets);

    [LibraryImport("libc", EntryPoint = "capset")]
    private static unsafe partial int SetCapabilities(uint* header, uint* sets);
}
