namespace Net.Ngtcp2.Udp;

/// <summary>Takes the datagrams of one receive call.</summary>
internal interface IDatagramHandler
{
    /// <summary>Takes one datagram. It runs on the thread that called <see cref="UdpSocket.ReceiveBatch{THandler}"/>.</summary>
    /// <param name="data">The payload, never empty. The memory belongs to the socket and is overwritten by the next receive call.</param>
    /// <param name="local">The address the datagram was sent to, with the socket's port.</param>
    /// <param name="remote">The address it came from; an IPv4 peer of a dual-stack socket is an IPv4 address.</param>
    /// <param name="ecn">The ECN code point of the IP header, 0 to 3 (RFC 3168 section 5). 0 when the kernel does not report it.</param>
    void HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn);
}
