using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

// 64-bit layouts. musl declares some lengths as 32 bits plus padding where glibc has size_t; on the little-endian machines .NET
// runs on, both read the same bytes as long as the padding is zero, which it is for every length used here.

/// <summary><c>struct iovec { void *iov_base; size_t iov_len; }</c></summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    internal byte* Base;
    internal nuint Length;
}

/// <summary><c>struct msghdr { void *msg_name; socklen_t msg_namelen; struct iovec *msg_iov; size_t msg_iovlen; void *msg_control; size_t msg_controllen; int msg_flags; }</c></summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    internal SocketAddressBuffer* Name;
    internal uint NameLength;
    internal IoVector* Vectors;
    internal nuint VectorCount;
    internal byte* Control;
    internal nuint ControlLength;
    internal int Flags;
}

/// <summary><c>struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; }</c></summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MultipleMessageHeader
{
    internal MessageHeader Header;
    internal uint Length;
}

/// <summary><c>struct cmsghdr { size_t cmsg_len; int cmsg_level; int cmsg_type; }</c></summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ControlMessageHeader
{
    internal nuint Length;
    internal int Level;
    internal int Type;
}

/// <summary><c>struct timespec { time_t tv_sec; long tv_nsec; }</c></summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpecification
{
    internal long Seconds;
    internal long Nanoseconds;
}

/// <summary><c>struct itimerspec { struct timespec it_interval; struct timespec it_value; }</c></summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimerSpecification
{
    internal TimeSpecification Interval;
    internal TimeSpecification Value;
}

/// <summary><c>struct in_pktinfo { int ipi_ifindex; struct in_addr ipi_spec_dst; struct in_addr ipi_addr; }</c></summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PacketInformation4
{
    internal int InterfaceIndex;
    internal uint SpecificDestination;
    internal uint HeaderDestination;
}

/// <summary><c>struct in6_pktinfo { struct in6_addr ipi6_addr; int ipi6_ifindex; }</c></summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct PacketInformation6
{
    internal ulong AddressHigh;
    internal ulong AddressLow;
    internal int InterfaceIndex;
}

/// <summary><c>struct sock_extended_err</c> of linux/errqueue.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ExtendedSocketError
{
    internal uint Errno;
    internal byte Origin;
    internal byte Type;
    internal byte Code;
    internal byte Padding;
    internal uint Information;
    internal uint Data;
}

/// <summary><c>struct sock_filter { __u16 code; __u8 jt; __u8 jf; __u32 k; }</c></summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FilterInstruction
{
    internal ushort Code;
    internal byte JumpTrue;
    internal byte JumpFalse;
    internal uint Operand;
}

/// <summary><c>struct sock_fprog { unsigned short len; struct sock_filter *filter; }</c></summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FilterProgram
{
    internal ushort Length;
    internal FilterInstruction* Instructions;
}
