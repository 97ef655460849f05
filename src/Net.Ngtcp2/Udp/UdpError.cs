namespace Net.Ngtcp2.Udp;

/// <summary>Who reported an error of the error queue: <c>SO_EE_ORIGIN_*</c> of linux/errqueue.h.</summary>
internal enum UdpErrorOrigin : byte
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>This machine, for example because a datagram is larger than the interface takes.</summary>
    Local = 1,

    /// <summary>An ICMP message. Anyone on the path can forge one (RFC 9000 section 14.2.1).</summary>
    Icmp = 2,

    /// <summary>An ICMPv6 message. Anyone on the path can forge one (RFC 9000 section 14.2.1).</summary>
    Icmp6 = 3,
}

/// <summary>One entry of a socket's error queue.</summary>
/// <param name="Destination">
/// Where the datagram that failed was going. The port is 0 with <see cref="UdpErrorOrigin.Local"/>, because the kernel fills in the port of a
/// connected peer only. The default value when the kernel does not say.
/// </param>
/// <param name="Errno">What happened: ECONNREFUSED, EMSGSIZE, EHOSTUNREACH and so on.</param>
/// <param name="Origin">Who says so.</param>
/// <param name="IcmpType">The ICMP type, 0 for <see cref="UdpErrorOrigin.Local"/>.</param>
/// <param name="IcmpCode">The ICMP code, 0 for <see cref="UdpErrorOrigin.Local"/>.</param>
/// <param name="PathMtu">With EMSGSIZE, the reported MTU in bytes of IP packet, IP header included; 0 otherwise or when unknown.</param>
internal readonly record struct UdpError(
    SocketAddressBuffer Destination, int Errno, UdpErrorOrigin Origin, byte IcmpType, byte IcmpCode, int PathMtu);
