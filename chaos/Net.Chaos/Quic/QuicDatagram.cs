namespace Net.Chaos.Quic;

/// <summary>Goes through the packets that share a datagram (RFC 9000 section 12.2).</summary>
internal ref struct QuicDatagram(ReadOnlySpan<byte> datagram)
{
    private readonly ReadOnlySpan<byte> _datagram = datagram;
    private int _next;

    public QuicPacketView Current { get; private set; }

    public readonly QuicDatagram GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_next >= _datagram.Length)
        {
            return false;
        }

        Current = QuicPacketView.Read(_datagram, _next);
        _next += Current.Bytes.Length;
        return true;
    }

    /// <summary>All kinds in the datagram.</summary>
    internal static QuicPacketKinds KindsOf(ReadOnlySpan<byte> datagram)
    {
        QuicPacketKinds kinds = QuicPacketKinds.None;
        foreach (QuicPacketView packet in new QuicDatagram(datagram))
        {
            kinds |= packet.Kind;
        }

        return kinds;
    }
}
