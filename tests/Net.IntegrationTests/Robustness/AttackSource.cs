using System.Net;
using System.Net.Sockets;

namespace Net.IntegrationTests.Robustness;

/// <summary>An address that sends what it likes and counts what comes back. Owns its socket.</summary>
internal sealed class AttackSource : IDisposable
{
    private readonly Socket _socket;
    private readonly SocketAddress _server;
    private readonly byte[] _buffer = new byte[65_535];

    internal AttackSource(IPAddress address, IPEndPoint server)
    {
        _socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false, ReceiveBufferSize = 4 << 20 };
        _socket.Bind(new IPEndPoint(address, 0));
        _server = server.Serialize();
    }

    /// <summary>Bytes sent to the server.</summary>
    internal long Sent { get; private set; }

    /// <summary>Bytes that came back.</summary>
    internal long Received { get; private set; }

    /// <summary>Datagrams that came back.</summary>
    internal int Answers { get; private set; }

    public void Dispose() => _socket.Dispose();

    internal void Send(byte[] data)
    {
        Sent += data.Length;
        _socket.SendTo(data, SocketFlags.None, _server);
    }

    /// <summary>The last datagram that came back; empty before the first.</summary>
    internal byte[] LastAnswer { get; private set; } = [];

    /// <summary>Takes what has come back so far, and checks that it is no more than three times what was sent (RFC 9000, section 8.1).</summary>
    internal void CheckAnswers()
    {
        while (_socket.Available > 0 || _socket.Poll(0, SelectMode.SelectRead))
        {
            int length = _socket.Receive(_buffer);
            LastAnswer = _buffer[..length];
            Received += length;
            Answers++;
        }

        Assert.IsLessThanOrEqualTo(3 * Sent, Received, "The server is an amplifier.");
    }
}
