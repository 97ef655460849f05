using System.Net;
using System.Net.Sockets;
using Net.IntegrationTests.Setup;
using Net.Ngtcp2.Udp;

namespace Net.IntegrationTests.Udp;

/// <summary>What the UDP tests share: sockets on loopback and waits that end.</summary>
public abstract class UdpTest
{
    private const long WaitLimitNanoseconds = 20_000_000_000;
    private readonly List<IDisposable> _owned = [];

    [TestInitialize]
    public void RequireLinux()
    {
        if (!OperatingSystem.IsLinux() || !BitConverter.IsLittleEndian || !Environment.Is64BitProcess)
        {
            Assert.Inconclusive("The UDP layer is for 64-bit Linux.");
        }
    }

    [TestCleanup]
    public void DisposeOwned()
    {
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }
    }

    internal T Own<T>(T value)
        where T : IDisposable
    {
        _owned.Add(value);
        return value;
    }

    internal UdpSocket Open(string address, int port = 0, Func<UdpSocketOptions, UdpSocketOptions>? change = null)
    {
        IPAddress local = IPAddress.Parse(address);
        if (local.AddressFamily == AddressFamily.InterNetworkV6)
        {
            SetupRequirement.Loopback(IPAddress.IPv6Loopback);
        }

        UdpSocketOptions options = new() { LocalEndPoint = new IPEndPoint(local, port) };
        return Own(UdpSocket.Open(change is null ? options : change(options)));
    }

    internal static SocketAddressBuffer Address(string address, int port) => SocketAddressBuffer.From(IPAddress.Parse(address), port);

    internal static byte[] Numbered(int length)
    {
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++)
        {
            data[i] = (byte)((i * 31) + (i / 1000));
        }

        return data;
    }

    internal static SendResult Send(UdpSocket from, SocketAddressBuffer to, byte[] data, int segmentSize = 1200, byte ecn = 0) =>
        from.Send(default, to, ecn, data, segmentSize);

    /// <summary>Receives until there are so many datagrams in all; fails when nothing comes for too long.</summary>
    internal static DatagramCollector Receive(UdpSocket socket, int count)
    {
        DatagramCollector collector = new();
        while (collector.Datagrams.Count < count)
        {
            Assert.IsTrue(WaitFor(socket, PollEvents.Readable), $"Only {collector.Datagrams.Count} of {count} datagrams came.");
            socket.ReceiveBatch(ref collector, socket.ReceiveBatchSize);
        }

        return collector;
    }

    /// <summary>Waits until the socket is ready for something.</summary>
    internal static bool WaitFor(UdpSocket socket, PollEvents wanted)
    {
        using EventFd wake = new();
        using Poller poller = new(wake, 1);
        int slot = poller.Add(socket);
        poller.SetWriteInterest(slot, (wanted & PollEvents.Writable) != 0);
        poller.Wait(WaitLimitNanoseconds);
        return (poller.EventsOf(slot) & wanted) != 0;
    }

    internal static bool WaitForError(UdpSocket socket, out UdpError error)
    {
        error = default;
        return WaitFor(socket, PollEvents.Error) && socket.TryReadError(out error);
    }
}
