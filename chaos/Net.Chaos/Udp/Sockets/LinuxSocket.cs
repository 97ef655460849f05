namespace Net.Chaos.Udp.Sockets;

/// <summary>Numbers of Linux, equal on x64 and arm64 (asm-generic/socket.h, linux/in.h, linux/in6.h, linux/udp.h).</summary>
internal static class LinuxSocket
{
    internal const ushort AF_INET = 2;
    internal const ushort AF_INET6 = 10;
    internal const int SOL_IP = 0;
    internal const int SOL_SOCKET = 1;
    internal const int SOL_UDP = 17;
    internal const int SOL_IPV6 = 41;
    internal const int SO_SNDBUFFORCE = 32;
    internal const int SO_RCVBUFFORCE = 33;
    internal const int IP_TOS = 1;
    internal const int IP_MTU_DISCOVER = 10;
    internal const int IP_RECVTOS = 13;
    internal const int IP_PMTUDISC_PROBE = 3;
    internal const int IPV6_MTU_DISCOVER = 23;
    internal const int IPV6_RECVTCLASS = 66;
    internal const int IPV6_TCLASS = 67;
    internal const int UDP_SEGMENT = 103;
    internal const int UDP_GRO = 104;
    internal const int MSG_TRUNC = 0x20;
    internal const int MSG_DONTWAIT = 0x40;
    internal const int EPOLL_CLOEXEC = 0x80000;
    internal const int EPOLL_CTL_ADD = 1;
    internal const int EPOLL_CTL_DEL = 2;
    internal const uint EPOLLIN = 1;
    internal const short POLLIN = 1;
    internal const int EFD_NONBLOCK = 0x800;
    internal const int EFD_CLOEXEC = 0x80000;

    /// <summary>Segments that one call may carry: UDP_MAX_SEGMENTS of every kernel that has the offload.</summary>
    internal const int MaxSegments = 64;

    /// <summary>Bytes that one call may carry: 65,535 of an IPv4 packet less its header (20) and that of UDP (8).</summary>
    internal const int MaxBatchBytes = 65_507;
}
