namespace Net.Ngtcp2.Udp;

/// <summary>Linux socket numbers, equal on x64 and arm64 (asm-generic/socket.h, linux/in.h, linux/in6.h, linux/udp.h).</summary>
internal static class LinuxSocket
{
    internal const int AF_INET = 2;
    internal const int AF_INET6 = 10;
    internal const int SOCK_DGRAM = 2;
    internal const int SOCK_NONBLOCK = 0x800;
    internal const int SOCK_CLOEXEC = 0x80000;
    internal const int EFD_NONBLOCK = 0x800;
    internal const int EFD_CLOEXEC = 0x80000;
    internal const int TFD_NONBLOCK = 0x800;
    internal const int TFD_CLOEXEC = 0x80000;
    internal const int CLOCK_MONOTONIC = 1;
    internal const int EPOLL_CLOEXEC = 0x80000;
    internal const int EPOLL_CTL_ADD = 1;
    internal const int EPOLL_CTL_DEL = 2;
    internal const int EPOLL_CTL_MOD = 3;
    internal const uint EPOLLIN = 1;
    internal const uint EPOLLET = 1u << 31;

    internal const int SOL_IP = 0;
    internal const int SOL_SOCKET = 1;
    internal const int SOL_UDP = 17;
    internal const int SOL_IPV6 = 41;

    internal const int SO_SNDBUF = 7;
    internal const int SO_RCVBUF = 8;
    internal const int SO_REUSEPORT = 15;
    internal const int SO_SNDBUFFORCE = 32;
    internal const int SO_RCVBUFFORCE = 33;
    internal const int SO_RXQ_OVFL = 40;
    internal const int SO_ATTACH_REUSEPORT_CBPF = 51;

    internal const int IP_TOS = 1;
    internal const int IP_PKTINFO = 8;
    internal const int IP_MTU_DISCOVER = 10;
    internal const int IP_RECVERR = 11;
    internal const int IP_RECVTOS = 13;
    internal const int IP_PMTUDISC_PROBE = 3;

    internal const int IPV6_MTU_DISCOVER = 23;
    internal const int IPV6_RECVERR = 25;
    internal const int IPV6_V6ONLY = 26;
    internal const int IPV6_RECVPKTINFO = 49;
    internal const int IPV6_PKTINFO = 50;
    internal const int IPV6_RECVTCLASS = 66;
    internal const int IPV6_TCLASS = 67;
    internal const int IPV6_PMTUDISC_PROBE = 3;

    internal const int UDP_SEGMENT = 103;
    internal const int UDP_GRO = 104;

    internal const int MSG_TRUNC = 0x20;
    internal const int MSG_DONTWAIT = 0x40;
    internal const int MSG_ERRQUEUE = 0x2000;
}
