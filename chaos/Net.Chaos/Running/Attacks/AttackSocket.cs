using System.Net;
using System.Net.Sockets;

namespace Net.Chaos.Running.Attacks;

/// <summary>A socket that sends to one host and counts what comes back. Used by one task.</summary>
internal sealed class AttackSocket : IDisposable
{
    private const int LargestDatagram = 65_535;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly byte[] _received = new byte[LargestDatagram];

    internal AttackSocket(string host)
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Connect(IPEndPoint.Parse(host));
        _socket.Blocking = false;
    }

    /// <summary>Bytes sent.</summary>
    internal long Sent { get; private set; }

    /// <summary>Bytes that came back.</summary>
    internal long Received { get; private set; }

    /// <summary>The longest datagram that came back.</summary>
    internal int Longest { get; private set; }

    /// <summary>Sends a datagram.</summary>
    /// <returns>Whether the kernel took it; a host that is down refuses.</returns>
    internal bool Send(ReadOnlySpan<byte> datagram)
    {
        try
        {
            _socket.Send(datagram, SocketFlags.None);
            Sent += datagram.Length;
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Takes what has come back so far.</summary>
    /// <param name="handle">Sees each datagram.</param>
    internal void Drain(Action<ReadOnlySpan<byte>>? handle = null)
    {
        try
        {
            while (_socket.Available > 0)
            {
                int length = _socket.Receive(_received, SocketFlags.None);
                Received += length;
                Longest = Math.Max(Longest, length);
                handle?.Invoke(_received.AsSpan(0, length));
            }
        }
        catch (SocketException)
        {
            // The host refuses, or nothing is there after all.
        }
    }

    public void Dispose() => _socket.Dispose();
}
