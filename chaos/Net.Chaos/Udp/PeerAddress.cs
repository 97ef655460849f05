using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Net.Chaos.Udp;

/// <summary>An IP address and port as a value, compared and hashed without an object. An IPv4-mapped IPv6 address is the same as its IPv4 form.</summary>
/// <param name="High">The first half of an IPv6 address in network order; 0 for IPv4.</param>
/// <param name="Low">The second half; for IPv4 the address as a mapped one has it.</param>
/// <param name="Port">The port.</param>
/// <param name="Scope">The interface of a link-local address, else 0.</param>
internal readonly record struct PeerAddress(ulong High, ulong Low, ushort Port, uint Scope)
{
    // ::ffff:0:0/96 (RFC 4291 section 2.5.5.2).
    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;

    internal bool IsIPv4 => High == 0 && (Low & 0xFFFF_FFFF_0000_0000) == MappedPrefix;

    internal static PeerAddress From(IPEndPoint endPoint)
    {
        Span<byte> bytes = stackalloc byte[16];
        endPoint.Address.TryWriteBytes(bytes, out int written);
        return written == 4
            ? FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes), (ushort)endPoint.Port)
            : new PeerAddress(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]), (ushort)endPoint.Port, LinkScope(bytes, endPoint.Address));
    }

    internal static PeerAddress FromIPv4(uint address, ushort port) => new(0, MappedPrefix | address, port, 0);

    internal IPEndPoint ToEndPoint()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
        return new IPEndPoint(IsIPv4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes, Scope), Port);
    }

    /// <inheritdoc/>
    public override string ToString() => ToEndPoint().ToString();

    private static uint LinkScope(ReadOnlySpan<byte> bytes, IPAddress address) =>
        bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80 && address.AddressFamily == AddressFamily.InterNetworkV6 ? (uint)address.ScopeId : 0;
}
