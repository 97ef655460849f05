using Net.Ngtcp2.Udp;

namespace Net.Ngtcp2.Driver;

/// <summary>What is left of an ended connection for three probe timeouts: its ids, and the closing datagrams to repeat (RFC 9000, section 10.2). No native object.</summary>
internal sealed class ClosingRecord(ConnectionIdKey[] ids, IReadOnlyList<byte[]> closing, int socket, SocketAddressBuffer local, SocketAddressBuffer remote, ulong expiry)
{
    private int _received;
    private int _nextReply = 1;

    internal ConnectionIdKey[] Ids { get; } = ids;

    /// <summary>A socket that belonged to the connection alone and is closed with the record; -1 when there is none.</summary>
    internal int OwnSocket { get; init; } = -1;

    internal ulong Expiry { get; } = expiry;

    /// <summary>Answers a datagram for the ended connection: the closing datagrams again, ever more rarely, and only to the address it was sent to.</summary>
    internal void HandleDatagram(IDriverHost host, in SocketAddressBuffer from)
    {
        if (closing.Count == 0 || from != remote || ++_received < _nextReply)
        {
            return;
        }

        _nextReply = _received * 2;
        foreach (byte[] datagram in closing)
        {
            host.Send(socket, local, remote, 0, datagram, datagram.Length);
        }
    }
}
