using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <summary>An IP address and port in the layout of <c>sockaddr_in</c> or <c>sockaddr_in6</c>, 28 bytes, without a managed object.</summary>
/// <remarks>
/// Every address has one form only, so that equality is by value: an IPv4-mapped IPv6 address is kept as IPv4, the flow label is 0, unused
/// bytes are 0, and the scope is kept for link-local addresses alone. The default value has no family and a <see cref="Length"/> of 0.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct SocketAddressBuffer : IEquatable<SocketAddressBuffer>
{
    /// <summary>The size of the structure in bytes, which is that of <c>sockaddr_in6</c>.</summary>
    internal const int Size = 28;

    private const int Length4 = 16;

    // ::ffff:0:0/96 (RFC 4291 section 2.5.5.2) as its second half lies in memory; the machines this runs on are little-endian.
    private const ulong MappedMarker = 0xFFFF_0000;
    private const ulong MappedMarkerMask = 0xFFFF_FFFF;

    private ushort _family;
    private ushort _networkPort;
    private uint _address4;
    private ulong _addressHigh;
    private ulong _addressLow;
    private uint _scope;

    /// <summary><see cref="AddressFamily.InterNetwork"/>, <see cref="AddressFamily.InterNetworkV6"/>, or <see cref="AddressFamily.Unspecified"/>.</summary>
    internal readonly AddressFamily Family => _family switch
    {
        LinuxSocket.AF_INET => AddressFamily.InterNetwork,
        LinuxSocket.AF_INET6 => AddressFamily.InterNetworkV6,
        _ => AddressFamily.Unspecified,
    };

    /// <summary>Whether this is the default value, which stands for no address.</summary>
    internal readonly bool IsUnspecified => _family == 0;

    internal readonly bool IsIPv4 => _family == LinuxSocket.AF_INET;

    internal readonly bool IsIPv6 => _family == LinuxSocket.AF_INET6;

    /// <summary>The bytes of the <c>sockaddr</c> that count: 16 for IPv4, 28 for IPv6, 0 for the default value.</summary>
    internal readonly int Length => _family switch
    {
        LinuxSocket.AF_INET => Length4,
        LinuxSocket.AF_INET6 => Size,
        _ => 0,
    };

    /// <summary>The port, 0 to 65535.</summary>
    internal readonly int Port => BinaryPrimitives.ReverseEndianness(_networkPort);

    /// <summary>The interface index of a link-local IPv6 address, else 0.</summary>
    internal readonly uint ScopeId => _scope;

    /// <summary>Whether the address is 0.0.0.0 or ::, which a socket listens on to hear every address.</summary>
    internal readonly bool IsWildcard => IsIPv4 ? _address4 == 0 : (_addressHigh | _addressLow) == 0;

    /// <summary>Whether this is the IPv4-mapped form that <see cref="ToIPv6Socket"/> makes for the kernel.</summary>
    internal readonly bool IsMapped => IsIPv6 && _addressHigh == 0 && (_addressLow & MappedMarkerMask) == MappedMarker;

    /// <summary>The address bytes in network order, 4 or 16; none for the default value.</summary>
    [UnscopedRef]
    internal readonly ReadOnlySpan<byte> AddressBytes => _family switch
    {
        LinuxSocket.AF_INET => MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in _address4)),
        LinuxSocket.AF_INET6 => MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<ulong, byte>(ref Unsafe.AsRef(in _addressHigh)), 16),
        _ => [],
    };

    /// <summary>The IPv4 address as it lies in memory; 0 for IPv6.</summary>
    internal readonly uint NetworkAddress4 => _address4;

    /// <summary>The first half of the IPv6 address as it lies in memory; 0 for IPv4.</summary>
    internal readonly ulong NetworkAddress6High => _addressHigh;

    /// <summary>The second half of the IPv6 address as it lies in memory; 0 for IPv4.</summary>
    internal readonly ulong NetworkAddress6Low => _addressLow;

    /// <summary>Takes over an end point without allocating.</summary>
    /// <exception cref="ArgumentException">The address is neither IPv4 nor IPv6.</exception>
    internal static SocketAddressBuffer From(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return From(endPoint.Address, endPoint.Port);
    }

    /// <summary>Takes over an address and a port without allocating.</summary>
    /// <exception cref="ArgumentException">The address is neither IPv4 nor IPv6.</exception>
    internal static SocketAddressBuffer From(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out int written) || written is not (4 or 16))
        {
            throw new ArgumentException($"The address {address} is neither IPv4 nor IPv6.", nameof(address));
        }

        ushort networkPort = BinaryPrimitives.ReverseEndianness((ushort)port);
        return written == 4
            ? FromIPv4(MemoryMarshal.Read<uint>(bytes), networkPort)
            : FromIPv6(MemoryMarshal.Read<ulong>(bytes), MemoryMarshal.Read<ulong>(bytes[8..]), networkPort, (uint)address.ScopeId);
    }

    /// <summary>Takes over a <c>sockaddr</c> as the kernel or a native library wrote it.</summary>
    /// <param name="native">The bytes of a <c>sockaddr_in</c> or <c>sockaddr_in6</c>.</param>
    /// <returns>The address in its one form; the default value when the family is another one or the bytes are too few.</returns>
    internal static SocketAddressBuffer FromNative(ReadOnlySpan<byte> native)
    {
        if (native.Length < sizeof(ushort))
        {
            return default;
        }

        ushort family = MemoryMarshal.Read<ushort>(native);
        if (family == LinuxSocket.AF_INET && native.Length >= 8)
        {
            return FromIPv4(MemoryMarshal.Read<uint>(native[4..]), MemoryMarshal.Read<ushort>(native[2..]));
        }

        if (family == LinuxSocket.AF_INET6 && native.Length >= Size)
        {
            return FromIPv6(
                MemoryMarshal.Read<ulong>(native[8..]),
                MemoryMarshal.Read<ulong>(native[16..]),
                MemoryMarshal.Read<ushort>(native[2..]),
                MemoryMarshal.Read<uint>(native[24..]));
        }

        return default;
    }

    /// <summary>The address in its one form, whatever form the kernel wrote into this structure.</summary>
    internal readonly SocketAddressBuffer ToCanonical() => _family switch
    {
        LinuxSocket.AF_INET => FromIPv4(_address4, _networkPort),
        LinuxSocket.AF_INET6 => FromIPv6(_addressHigh, _addressLow, _networkPort, _scope),
        _ => default,
    };

    /// <summary>An address made of a received IPv4 destination and this one's port.</summary>
    internal readonly SocketAddressBuffer WithAddress4(uint networkAddress) => FromIPv4(networkAddress, _networkPort);

    /// <summary>An address made of a received IPv6 destination, which may be an IPv4-mapped one, and this one's port.</summary>
    internal readonly SocketAddressBuffer WithAddress6(ulong high, ulong low, uint interfaceIndex) => FromIPv6(high, low, _networkPort, interfaceIndex);

    /// <summary>The same address with another port.</summary>
    internal readonly SocketAddressBuffer WithPort(int port)
    {
        SocketAddressBuffer copy = this;
        copy._networkPort = BinaryPrimitives.ReverseEndianness((ushort)port);
        return copy;
    }

    /// <summary>The form an AF_INET6 socket takes: an IPv4 address becomes an IPv4-mapped one.</summary>
    internal readonly SocketAddressBuffer ToIPv6Socket()
    {
        if (!IsIPv4)
        {
            return this;
        }

        SocketAddressBuffer mapped = default;
        mapped._family = LinuxSocket.AF_INET6;
        mapped._networkPort = _networkPort;
        mapped._addressLow = MappedMarker | ((ulong)_address4 << 32);
        return mapped;
    }

    /// <summary>A new end point object.</summary>
    /// <exception cref="InvalidOperationException">This is the default value.</exception>
    internal readonly IPEndPoint ToIPEndPoint() => _family switch
    {
        LinuxSocket.AF_INET => new IPEndPoint(new IPAddress(AddressBytes), Port),
        LinuxSocket.AF_INET6 => new IPEndPoint(new IPAddress(AddressBytes, _scope), Port),
        _ => throw new InvalidOperationException("There is no end point in an unspecified socket address."),
    };

    /// <summary>Whether both have the same family, address and scope; ports may differ.</summary>
    internal readonly bool HasSameAddress(in SocketAddressBuffer other) =>
        _family == other._family && _address4 == other._address4
        && _addressHigh == other._addressHigh && _addressLow == other._addressLow && _scope == other._scope;

    /// <inheritdoc/>
    public readonly bool Equals(SocketAddressBuffer other) => _networkPort == other._networkPort && HasSameAddress(in other);

    /// <inheritdoc/>
    public override readonly bool Equals([NotNullWhen(true)] object? obj) => obj is SocketAddressBuffer other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine((uint)(_family | (_networkPort << 16)), _address4, _addressHigh, _addressLow, _scope);

    /// <summary>The end point as text, such as <c>127.0.0.1:443</c> or <c>[::1]:443</c>.</summary>
    public override readonly string ToString() => IsUnspecified ? "unspecified" : ToIPEndPoint().ToString();

    public static bool operator ==(in SocketAddressBuffer left, in SocketAddressBuffer right) => left.Equals(right);

    public static bool operator !=(in SocketAddressBuffer left, in SocketAddressBuffer right) => !left.Equals(right);

    private static SocketAddressBuffer FromIPv4(uint networkAddress, ushort networkPort)
    {
        SocketAddressBuffer result = default;
        result._family = LinuxSocket.AF_INET;
        result._networkPort = networkPort;
        result._address4 = networkAddress;
        return result;
    }

    private static SocketAddressBuffer FromIPv6(ulong high, ulong low, ushort networkPort, uint scope)
    {
        if (high == 0 && (low & MappedMarkerMask) == MappedMarker)
        {
            return FromIPv4((uint)(low >> 32), networkPort);
        }

        SocketAddressBuffer result = default;
        result._family = LinuxSocket.AF_INET6;
        result._networkPort = networkPort;
        result._addressHigh = high;
        result._addressLow = low;
        result._scope = IsLinkLocal(high) ? scope : 0;
        return result;
    }

    /// <summary>fe80::/10 (RFC 4291 section 2.5.6) and ff02::/16, the addresses that mean nothing without an interface.</summary>
    private static bool IsLinkLocal(ulong high)
    {
        ushort first = BinaryPrimitives.ReverseEndianness((ushort)high);
        return (first & 0xFFC0) == 0xFE80 || (first & 0xFF0F) == 0xFF02;
    }
}
