using System.Net;
using System.Net.Sockets;
using Net.Ngtcp2.Udp;

namespace Net.UnitTests.Ngtcp2.Udp;

[TestClass]
public sealed class UdpSocketOptionsTests
{
    [TestMethod]
    public void Validate_Defaults_Pass()
    {
        new UdpSocketOptions { LocalEndPoint = new IPEndPoint(IPAddress.Any, 0) }.Validate();
        new UdpSocketOptions { LocalEndPoint = new IPEndPoint(IPAddress.IPv6Any, 443), DualStack = true }.Validate();
    }

    [TestMethod]
    public void Validate_ManyFaults_ReportsAll()
    {
        UdpSocketOptions options = new()
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Any, 0),
            SendBufferBytes = 0,
            ReceiveBufferBytes = int.MaxValue,
            ReceiveBatchSize = UdpSocketOptions.MaxReceiveBatchSize + 1,
            DualStack = true,
        };

        string message = Assert.ThrowsExactly<ArgumentException>(options.Validate).Message;

        StringAssert.Contains(message, nameof(UdpSocketOptions.SendBufferBytes));
        StringAssert.Contains(message, nameof(UdpSocketOptions.ReceiveBufferBytes));
        StringAssert.Contains(message, nameof(UdpSocketOptions.ReceiveBatchSize));
        StringAssert.Contains(message, nameof(UdpSocketOptions.DualStack));
    }

    [TestMethod]
    [DataRow(Errno.EACCES, SocketError.AccessDenied, "setcap cap_net_bind_service=+ep")]
    [DataRow(Errno.EACCES, SocketError.AccessDenied, "ip_unprivileged_port_start=443")]
    [DataRow(Errno.EADDRINUSE, SocketError.AddressAlreadyInUse, "ss -ulpn")]
    [DataRow(Errno.EADDRNOTAVAIL, SocketError.AddressNotAvailable, "ip address")]
    [DataRow(Errno.EMFILE, SocketError.TooManyOpenSockets, "ulimit -n")]
    [DataRow(Errno.EAFNOSUPPORT, SocketError.AddressFamilyNotSupported, "IPv4")]
    [DataRow(Errno.ENOPROTOOPT, SocketError.ProtocolOption, "Auto or Off")]
    [DataRow(9999, SocketError.SocketError, "errno 9999")]
    public void UdpBindException_EachErrno_SaysWhatWhereAndHowToMend(int errno, SocketError error, string hint)
    {
        UdpBindException exception = new("bind", SocketAddressBuffer.From(IPAddress.Loopback, 443), errno);

        Assert.AreEqual(error, exception.SocketError);
        StringAssert.Contains(exception.Message, "127.0.0.1:443");
        StringAssert.Contains(exception.Message, hint);
    }

    [TestMethod]
    public void WaitsForWritable_OnlyWhenTheSocketIsFull()
    {
        Assert.IsTrue(new SendResult(SendStatus.Blocked, 0, Errno.EAGAIN).WaitsForWritable);
        Assert.IsFalse(new SendResult(SendStatus.Blocked, 0, Errno.ENOBUFS).WaitsForWritable);
        Assert.IsFalse(new SendResult(SendStatus.Sent, 0, 0).WaitsForWritable);
    }
}
