using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

/// <summary>Sixteen bytes of an IPv6 address, in network byte order.</summary>
// struct in6_addr { uint8_t s6_addr[16]; };
[InlineArray(16)]
internal struct Ipv6AddressBytes
{
    private byte _element;
}

/// <summary>The bytes of an IPv4 socket address that mean nothing.</summary>
// unsigned char sin_zero[8];
[InlineArray(8)]
internal struct SocketAddressPadding
{
    private byte _element;
}

/// <summary>An IPv4 socket address.</summary>
// typedef struct sockaddr_in ngtcp2_sockaddr_in;
[StructLayout(LayoutKind.Sequential)]
internal struct ngtcp2_sockaddr_in
{
    // sa_family_t sin_family;
    public ushort sin_family;

    /// <summary>Network byte order.</summary>
    // in_port_t sin_port;
    public ushort sin_port;

    /// <summary>Network byte order.</summary>
    // struct in_addr sin_addr;
    public uint sin_addr;

    // unsigned char sin_zero[8];
    public SocketAddressPadding sin_zero;
}

/// <summary>An IPv6 socket address.</summary>
// typedef struct sockaddr_in6 ngtcp2_sockaddr_in6;
[StructLayout(LayoutKind.Sequential)]
internal struct ngtcp2_sockaddr_in6
{
    // sa_family_t sin6_family;
    public ushort sin6_family;

    /// <summary>Network byte order.</summary>
    // in_port_t sin6_port;
    public ushort sin6_port;

    /// <summary>Network byte order.</summary>
    // uint32_t sin6_flowinfo;
    public uint sin6_flowinfo;

    // struct in6_addr sin6_addr;
    public Ipv6AddressBytes sin6_addr;

    /// <summary>Host byte order.</summary>
    // uint32_t sin6_scope_id;
    public uint sin6_scope_id;
}

/// <summary>Room for a socket address: 28 bytes, less than a struct sockaddr_storage. The family comes first in each of its forms.</summary>
// typedef union ngtcp2_sockaddr_union { ngtcp2_sockaddr sa; ngtcp2_sockaddr_in in; ngtcp2_sockaddr_in6 in6; } ngtcp2_sockaddr_union;
[StructLayout(LayoutKind.Explicit)]
internal struct ngtcp2_sockaddr_union
{
    // ngtcp2_sockaddr_in in;
    [FieldOffset(0)]
    public ngtcp2_sockaddr_in @in;

    // ngtcp2_sockaddr_in6 in6;
    [FieldOffset(0)]
    public ngtcp2_sockaddr_in6 in6;
}
