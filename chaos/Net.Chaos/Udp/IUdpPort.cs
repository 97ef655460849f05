using System.Net;

namespace Net.Chaos.Udp;

/// <summary>What a relay asks of the network. One implementation has sockets, one is memory.</summary>
internal interface IUdpPort
{
    /// <summary>Sends datagrams of equal length, the last perhaps shorter, to a client.</summary>
    void SendToClient(in PeerAddress client, ReadOnlySpan<byte> data, int segmentSize, byte ecn);

    /// <summary>Opens a way to the server.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="source">The address to send from; <c>null</c> lets the system choose.</param>
    /// <param name="isStray">Whether what comes back is only counted.</param>
    /// <exception cref="IOException">The system refuses.</exception>
    UpstreamSocket OpenUpstream(UdpSession session, IPAddress? source, bool isStray);
}
