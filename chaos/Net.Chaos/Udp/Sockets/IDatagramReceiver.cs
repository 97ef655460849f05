namespace Net.Chaos.Udp.Sockets;

/// <summary>Takes what a socket received.</summary>
internal interface IDatagramReceiver
{
    /// <summary>Takes datagrams of equal length, the last of which may be shorter; only during the call.</summary>
    void Take(DatagramSocket socket, in PeerAddress from, ReadOnlySpan<byte> data, int segmentSize, byte ecn);
}
