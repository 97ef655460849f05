using Net.Chaos.Proxy;

namespace Net.Chaos.Udp.Sockets;

/// <summary>Puts datagrams together that leave one after the other for the same peer with the same mark, so that they cost one call (UDP_SEGMENT).</summary>
internal sealed class SendBatch(TrafficCounters traffic)
{
    private readonly byte[] _buffer = new byte[LinuxSocket.MaxBatchBytes];
    private DatagramSocket? _socket;
    private PeerAddress _to;
    private ToxicStream _stream;
    private byte _ecn;
    private int _segment;
    private int _length;
    private int _count;

    /// <summary>Takes datagrams of equal length; they leave now or with the next <see cref="Flush"/>, in order.</summary>
    internal void Add(DatagramSocket socket, ToxicStream stream, in PeerAddress to, ReadOnlySpan<byte> data, int segmentSize, byte ecn)
    {
        bool joins = _count > 0 && ReferenceEquals(_socket, socket) && _ecn == ecn && _to == to
            && _count < LinuxSocket.MaxSegments && _length == _count * _segment
            && data.Length is > 0 && data.Length <= _segment && data.Length <= segmentSize && _length + data.Length <= _buffer.Length;
        if (!joins)
        {
            Flush();
            if (data.Length > segmentSize || data.IsEmpty || data.Length > _buffer.Length)
            {
                Send(socket, stream, to, data, segmentSize, ecn);
                return;
            }

            (_socket, _stream, _to, _ecn, _segment) = (socket, stream, to, ecn, data.Length);
        }

        data.CopyTo(_buffer.AsSpan(_length));
        _length += data.Length;
        _count++;
    }

    /// <summary>Sends what waits.</summary>
    internal void Flush()
    {
        if (_count > 0)
        {
            Send(_socket!, _stream, _to, _buffer.AsSpan(0, _length), _segment, _ecn);
            _count = 0;
            _length = 0;
            _socket = null;
        }
    }

    private void Send(DatagramSocket socket, ToxicStream stream, in PeerAddress to, ReadOnlySpan<byte> data, int segmentSize, byte ecn)
    {
        int failed = socket.Send(to, data, segmentSize, ecn);
        if (failed > 0)
        {
            traffic.AddFailedSends(stream, failed);
        }
    }
}
