using System.Runtime.InteropServices;

namespace Net.Chaos.Udp.Sockets;

// 64-bit layouts. Where musl has 32 bits and padding for a size_t of glibc, both read the same bytes on a little-endian machine, as the padding is zero.

/// <summary><c>struct iovec { void *iov_base; size_t iov_len; }</c></summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    internal byte* Base;
    internal nuint Length;
}

/// <summary><c>struct msghdr</c> of socket.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    internal byte* Name;
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

/// <summary><c>struct pollfd { int fd; short events; short revents; }</c></summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollDescriptor
{
    internal int Descriptor;
    internal short Events;
    internal short Returned;
}
