using Net.Ngtcp2.Udp;

namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>One datagram on its way.</summary>
/// <param name="From">The host that sent it.</param>
/// <param name="To">The host it is for.</param>
/// <param name="Source">Where the receiver will see it come from.</param>
/// <param name="Destination">The address it was sent to.</param>
/// <param name="Ecn">ECN code point as sent.</param>
/// <param name="Data">The payload.</param>
internal sealed record SimulatedDatagram(
    SimulatedHost From, SimulatedHost To, SocketAddressBuffer Source, SocketAddressBuffer Destination, byte Ecn, byte[] Data)
{
    /// <summary>Length of the IP packet around it, which is what a link's MTU counts.</summary>
    internal int PacketLength => Data.Length + (Destination.IsIPv6 ? 48 : 28);

    /// <summary>Whether it begins with a long header, as all packets of a handshake do (RFC 9000, section 17.2).</summary>
    internal bool HasLongHeader => (Data[0] & 0x80) != 0;
}
