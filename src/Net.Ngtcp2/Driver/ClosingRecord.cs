using Net.Ngtcp2.Udp;

namespace Net.Ngtcp2.Driver;

/// <summary>What is left of an ended connection for three probe timeouts: its ids, and the closing datagrams to repeat (RFC 9000, section 10.2). No native object.</summary>
internal sealed class ClosingRecord(ConnectionIdKey[] ids, IReadOnlyList<byte[]> closing, int socket, SocketAddressBuffer local, SocketAddressBuffer remote, ulong expiry)
{
    private int _received;
    private int _nextReply = 1;
    private long _allowance = Unlimited;

    /// <summary>For an address that is validated.</summary>
    internal const long Unlimited = long.MaxValue;

    internal ConnectionIdKey[] Ids { get; } = ids;

    /// <summary>Bytes that may still be sent to an address that is not validated, before anything more comes from it (RFC 9000, section 10.2.1). Unlimited by default.</summary>
    internal long Allowance { init => _allowance = value; }

    /// <summary>Whether the peer's address is not validated, so that anybody may have brought the record about.</summary>
    internal bool IsLimited => _allowance != Unlimited;

    /// <summary>A socket that belonged to the connection alone and is closed with the record; -1 when there is none.</summary>
    internal int OwnSocket { get; init; } = -1;

    internal ulong Expiry { get; } = expiry;

    /// <summary>Answers a datagram for the ended connection: the closing datagrams again, ever more rarely, and only to the address it was sent to.</summary>
    internal void HandleDatagram(IDriverHost host, in SocketAddressBuffer from, int length)
    {
        if (closing.Count == 0 || from != remote)
        {
            return;
        }

        bool isLimited = IsLimited;
        _allowance += isLimited ? 3L * length : 0;
        if (++_received < _nextReply)
        {
            return;
        }

        _nextReply = _received * 2;
        foreach (byte[] datagram in closing)
        {
            if (datagram.Length <= _allowance)
            {
                _allowance -= isLimited ? datagram.Length : 0;
                host.Send(socket, local, remote, 0, datagram, datagram.Length);
            }
        }
    }
}
