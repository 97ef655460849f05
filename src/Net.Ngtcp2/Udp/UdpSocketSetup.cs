using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <summary>Sets the options of a new socket, binds it, and keeps what the kernel granted.</summary>
internal sealed unsafe class UdpSocketSetup
{
    private readonly int _descriptor;

    internal UdpSocketSetup(int descriptor, SocketAddressBuffer requested)
    {
        _descriptor = descriptor;
        Requested = requested;
    }

    internal SocketAddressBuffer Requested { get; }

    internal SocketAddressBuffer Bound { get; private set; }

    internal bool HasSegmentation { get; private set; }

    internal bool HasReceiveOffload { get; private set; }

    internal int SendBufferBytes { get; private set; }

    internal int ReceiveBufferBytes { get; private set; }

    internal void Apply(UdpSocketOptions options)
    {
        if (Requested.IsIPv6)
        {
            Require(LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_V6ONLY, options.DualStack ? 0 : 1, "setsockopt(IPV6_V6ONLY)");
            ApplyIPv6(options);
        }

        if (!Requested.IsIPv6 || options.DualStack)
        {
            // An AF_INET6 socket takes IPv4 options too, and uses them for IPv4-mapped peers.
            ApplyIPv4(options);
        }

        if (options.ReusePort)
        {
            Require(LinuxSocket.SOL_SOCKET, LinuxSocket.SO_REUSEPORT, 1, "setsockopt(SO_REUSEPORT)");
        }

        // Only the count of lost datagrams is missing where the kernel has no such option.
        _ = TrySet(LinuxSocket.SOL_SOCKET, LinuxSocket.SO_RXQ_OVFL, 1);
        SendBufferBytes = SetBuffer(LinuxSocket.SO_SNDBUFFORCE, LinuxSocket.SO_SNDBUF, options.SendBufferBytes);
        ReceiveBufferBytes = SetBuffer(LinuxSocket.SO_RCVBUFFORCE, LinuxSocket.SO_RCVBUF, options.ReceiveBufferBytes);

        // A segment size of 0 leaves offload to each call. A kernel without the option would send the whole batch as one datagram,
        // so the question has to be asked before the first batch.
        HasSegmentation = Offload(options.SegmentationOffload, LinuxSocket.UDP_SEGMENT, 0, "setsockopt(UDP_SEGMENT)");
        HasReceiveOffload = Offload(options.ReceiveOffload, LinuxSocket.UDP_GRO, 1, "setsockopt(UDP_GRO)");
        BindAndReadName();
    }

    private void ApplyIPv4(UdpSocketOptions options)
    {
        if (options.Ecn)
        {
            Require(LinuxSocket.SOL_IP, LinuxSocket.IP_RECVTOS, 1, "setsockopt(IP_RECVTOS)");
        }

        // On a dual-stack socket IPV6_RECVPKTINFO reports the addresses of IPv4 peers as well.
        if (Requested.IsIPv4 && Requested.IsWildcard)
        {
            Require(LinuxSocket.SOL_IP, LinuxSocket.IP_PKTINFO, 1, "setsockopt(IP_PKTINFO)");
        }

        Require(LinuxSocket.SOL_IP, LinuxSocket.IP_MTU_DISCOVER, LinuxSocket.IP_PMTUDISC_PROBE, "setsockopt(IP_MTU_DISCOVER)");

        // Network errors are hints only; a kernel without the queue serves as well.
        _ = TrySet(LinuxSocket.SOL_IP, LinuxSocket.IP_RECVERR, 1);
    }

    private void ApplyIPv6(UdpSocketOptions options)
    {
        if (options.Ecn)
        {
            Require(LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_RECVTCLASS, 1, "setsockopt(IPV6_RECVTCLASS)");
        }

        // A socket bound to one address needs no report: no other address reaches it.
        if (Requested.IsWildcard)
        {
            Require(LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_RECVPKTINFO, 1, "setsockopt(IPV6_RECVPKTINFO)");
        }

        Require(LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_MTU_DISCOVER, LinuxSocket.IPV6_PMTUDISC_PROBE, "setsockopt(IPV6_MTU_DISCOVER)");
        _ = TrySet(LinuxSocket.SOL_IPV6, LinuxSocket.IPV6_RECVERR, 1);
    }

    private bool Offload(OffloadMode mode, int name, int value, string operation)
    {
        if (mode == OffloadMode.Off)
        {
            return false;
        }

        if (TrySet(LinuxSocket.SOL_UDP, name, value))
        {
            return true;
        }

        return mode == OffloadMode.Auto ? false : throw Failure(operation);
    }

    private int SetBuffer(int forceName, int name, int bytes)
    {
        if (!TrySet(LinuxSocket.SOL_SOCKET, forceName, bytes))
        {
            // The kernel takes the value and caps it by itself.
            _ = TrySet(LinuxSocket.SOL_SOCKET, name, bytes);
        }

        int granted = 0;
        uint length = sizeof(int);
        return Libc.GetSocketOption(_descriptor, LinuxSocket.SOL_SOCKET, name, &granted, &length) == 0 ? granted : bytes;
    }

    private void BindAndReadName()
    {
        SocketAddressBuffer address = Requested;
        if (Libc.Bind(_descriptor, &address, (uint)address.Length) != 0)
        {
            throw Failure("bind");
        }

        SocketAddressBuffer bound = default;
        uint length = SocketAddressBuffer.Size;
        if (Libc.GetSocketName(_descriptor, &bound, &length) != 0)
        {
            throw Failure("getsockname");
        }

        Bound = bound.ToCanonical();
    }

    private void Require(int level, int name, int value, string operation)
    {
        if (!TrySet(level, name, value))
        {
            throw Failure(operation);
        }
    }

    private bool TrySet(int level, int name, int value) => Libc.SetSocketOption(_descriptor, level, name, &value, sizeof(int)) == 0;

    private UdpBindException Failure(string operation) => new(operation, Requested, Marshal.GetLastPInvokeError());
}
