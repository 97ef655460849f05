using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Net.Chaos.Udp.Sockets;

/// <summary>Addresses in the kernel's layout: <c>sockaddr_in</c> and <c>sockaddr_in6</c>.</summary>
internal static class NativeAddress
{
    private const int Length4 = 16;
    private const int Length6 = 28;

    internal static PeerAddress Read(ReadOnlySpan<byte> native)
    {
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(native[2..]);
        if (MemoryMarshal.Read<ushort>(native) == LinuxSocket.AF_INET)
        {
            return PeerAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(native[4..]), port);
        }

        ulong high = BinaryPrimitives.ReadUInt64BigEndian(native[8..]);

        // Only a link-local address means something together with its interface (RFC 4007).
        uint scope = (high >> 54) == 0x3FA ? MemoryMarshal.Read<uint>(native[24..]) : 0;
        return new PeerAddress(high, BinaryPrimitives.ReadUInt64BigEndian(native[16..]), port, scope);
    }

    /// <summary>Writes an address for a socket of a family.</summary>
    /// <returns>The bytes written.</returns>
    internal static int Write(in PeerAddress address, bool isIPv6Socket, Span<byte> native)
    {
        native.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(native[2..], address.Port);
        if (!isIPv6Socket)
        {
            MemoryMarshal.Write(native, LinuxSocket.AF_INET);
            BinaryPrimitives.WriteUInt32BigEndian(native[4..], (uint)address.Low);
            return Length4;
        }

        MemoryMarshal.Write(native, LinuxSocket.AF_INET6);
        BinaryPrimitives.WriteUInt64BigEndian(native[8..], address.High);
        BinaryPrimitives.WriteUInt64BigEndian(native[16..], address.Low);
        MemoryMarshal.Write(native[24..], address.Scope);
        return Length6;
    }
}
