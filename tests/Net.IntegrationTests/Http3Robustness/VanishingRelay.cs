using System.Net;
using System.Net.Sockets;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>A box between clients and a server through which everything passes until it is disposed, and nothing afterwards.</summary>
internal sealed class VanishingRelay : IAsyncDisposable
{
    private const int MaxDatagram = 65_535;
    private const int ReceiveBuffer = 4 << 20;
    private readonly IPEndPoint _server;
    private readonly Socket _inner;
    private readonly Dictionary<SocketAddress, Socket> _outers = [];
    private readonly List<Task> _fromServer = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _fromClients;

    internal VanishingRelay(IPEndPoint server)
    {
        _server = server;
        _inner = NewSocket();
        EndPoint = (IPEndPoint)_inner.LocalEndPoint!;
        _fromClients = Task.Run(ReadClientsAsync);
    }

    /// <summary>What clients connect to.</summary>
    internal IPEndPoint EndPoint { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _fromClients;
        await Task.WhenAll(_fromServer);
        _inner.Dispose();
        foreach (Socket socket in _outers.Values)
        {
            socket.Dispose();
        }

        _stop.Dispose();
    }

    private Socket NewSocket()
    {
        var socket = new Socket(_server.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = ReceiveBuffer };
        socket.Bind(new IPEndPoint(_server.Address, 0));
        return socket;
    }

    private async Task ReadClientsAsync()
    {
        SocketAddress server = _server.Serialize();
        var from = new SocketAddress(_server.AddressFamily);
        await ReadAsync(_inner, from, data => OuterOf(from).SendTo(data.Span, SocketFlags.None, server));
    }

    private Socket OuterOf(SocketAddress from)
    {
        if (!_outers.TryGetValue(from, out Socket? outer))
        {
            var client = new SocketAddress(from.Family, from.Size);
            from.Buffer.Span[..from.Size].CopyTo(client.Buffer.Span);
            _outers[client] = outer = NewSocket();
            _fromServer.Add(Task.Run(() => ReadAsync(outer, new SocketAddress(_server.AddressFamily), data => _inner.SendTo(data.Span, SocketFlags.None, client))));
        }

        return outer;
    }

    private async Task ReadAsync(Socket socket, SocketAddress from, Action<ReadOnlyMemory<byte>> pass)
    {
        byte[] buffer = new byte[MaxDatagram];
        try
        {
            while (true)
            {
                int length = await socket.ReceiveFromAsync(buffer, SocketFlags.None, from, _stop.Token);
                pass(buffer.AsMemory(0, length));
            }
        }
        catch (OperationCanceledException)
        {
            // The relay was disposed.
        }
    }
}
