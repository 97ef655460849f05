using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Net.IntegrationTests.Robustness;

/// <summary>
/// A box between clients and a server through which everything passes, and beside it whatever noise makes of it, from the same addresses: damaged and cut copies, copies out of order,
/// forged Version Negotiation, Retry and stateless reset packets. Owns its sockets and the tasks that read them.
/// </summary>
internal sealed class NoisyRelay : IAsyncDisposable
{
    private const int MaxDatagram = 65_535;

    // Behind here nothing of an Initial packet's header is left that a server answers without having decrypted it.
    private const int BehindHeader = 100;
    private readonly IPEndPoint _server;
    private readonly Socket _inner;
    private readonly Dictionary<SocketAddress, Socket> _outers = [];
    private readonly List<Task> _tasks = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Random _random;
    private readonly MalformedDatagrams _toServer;
    private readonly MalformedDatagrams _toClient;
    private long _noise;

    internal NoisyRelay(IPEndPoint server, int seed)
    {
        _server = server;
        _random = new Random(seed);
        _toServer = new MalformedDatagrams(_random, ToServer);
        _toClient = new MalformedDatagrams(_random, ToClient);
        _inner = NewSocket();
        EndPoint = (IPEndPoint)_inner.LocalEndPoint!;
        _tasks.Add(Task.Run(ReadClientsAsync));
    }

    /// <summary>What clients connect to.</summary>
    internal IPEndPoint EndPoint { get; }

    /// <summary>What clients sent.</summary>
    internal CapturedTraffic ToServer { get; } = new();

    /// <summary>What the server sent.</summary>
    internal CapturedTraffic ToClient { get; } = new();

    /// <summary>How many datagrams of noise there were.</summary>
    internal long Noise => Interlocked.Read(ref _noise);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task[] tasks;
        lock (_lock)
        {
            tasks = [.. _tasks];
        }

        await Task.WhenAll(tasks);
        _inner.Dispose();
        foreach (Socket socket in _outers.Values)
        {
            socket.Dispose();
        }

        _stop.Dispose();
    }

    private Socket NewSocket()
    {
        var socket = new Socket(_server.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20 };
        socket.Bind(new IPEndPoint(_server.Address, 0));
        return socket;
    }

    private async Task ReadClientsAsync()
    {
        byte[] buffer = new byte[MaxDatagram];
        SocketAddress server = _server.Serialize();
        var from = new SocketAddress(_server.AddressFamily);
        try
        {
            while (true)
            {
                int length = await _inner.ReceiveFromAsync(buffer, SocketFlags.None, from, _stop.Token);
                byte[] data = buffer[..length];
                ToServer.Add(data);
                Socket outer = OuterOf(from);
                List<byte[]> noise = MakeNoise(_toServer, data, isToServer: true);
                foreach (byte[] datagram in noise)
                {
                    outer.SendTo(datagram, SocketFlags.None, server);
                }

                outer.SendTo(data, SocketFlags.None, server);
            }
        }
        catch (OperationCanceledException)
        {
            // The relay was disposed.
        }
    }

    private Socket OuterOf(SocketAddress from)
    {
        if (!_outers.TryGetValue(from, out Socket? outer))
        {
            var client = new SocketAddress(from.Family, from.Size);
            from.Buffer.Span[..from.Size].CopyTo(client.Buffer.Span);
            _outers[client] = outer = NewSocket();
            lock (_lock)
            {
                _tasks.Add(Task.Run(() => ReadServerAsync(outer, client)));
            }
        }

        return outer;
    }

    private async Task ReadServerAsync(Socket outer, SocketAddress client)
    {
        byte[] buffer = new byte[MaxDatagram];
        var from = new SocketAddress(_server.AddressFamily);
        try
        {
            while (true)
            {
                int length = await outer.ReceiveFromAsync(buffer, SocketFlags.None, from, _stop.Token);
                byte[] data = buffer[..length];
                ToClient.Add(data);
                foreach (byte[] datagram in MakeNoise(_toClient, data, isToServer: false))
                {
                    _inner.SendTo(datagram, SocketFlags.None, client);
                }

                _inner.SendTo(data, SocketFlags.None, client);
            }
        }
        catch (OperationCanceledException)
        {
            // The relay was disposed.
        }
    }

    private List<byte[]> MakeNoise(MalformedDatagrams source, byte[] data, bool isToServer)
    {
        List<byte[]> noise = [];
        lock (_lock)
        {
            if (data.Length == 0 || _random.Next(4) != 0)
            {
                return noise;
            }

            for (int i = _random.Next(1, 4); i > 0; i--)
            {
                noise.Add(isToServer ? NoiseForServer(source, data) : NoiseForClient(source, data));
            }
        }

        Interlocked.Add(ref _noise, noise.Count);
        return noise;
    }

    // Not the token of an Initial packet: a damaged one is refused (RFC 9000, section 8.1.2), and the client would believe it.
    private byte[] NoiseForServer(MalformedDatagrams source, byte[] data) => _random.Next(6) switch
    {
        0 => data,
        1 => source.Truncate(data),
        2 => [.. data, .. source.Bytes(_random.Next(1, 300))],
        3 => source.Next(6),
        4 when (data[0] & 0x80) == 0 => ToServer.Take(_random, CapturedKind.Short),
        _ => source.Flip(data, (data[0] & 0x80) == 0 ? 0 : BehindHeader),
    };

    private byte[] NoiseForClient(MalformedDatagrams source, byte[] data) => _random.Next(9) switch
    {
        0 => data,
        1 => source.Truncate(data),
        2 => source.Flip(data),
        3 => [.. data, .. source.Bytes(_random.Next(1, 300))],
        4 => VersionNegotiation(source, data),
        5 => Retry(source, data),
        6 => StatelessReset(source, data),
        7 => source.Next(_random.Next(2)),
        _ => ToClient.Take(_random, (CapturedKind)_random.Next(3)),
    };

    // To the client's real id when the datagram shows it, but from an id that the client never chose as a destination: what somebody can forge who did not see the first packet.
    private byte[] VersionNegotiation(MalformedDatagrams source, byte[] data) =>
        [(byte)(0x80 | _random.Next(0x80)), 0, 0, 0, 0, .. ClientId(source, data), 8, .. source.Bytes(8), 0x1a, 0x2a, 0x3a, 0x4a, .. source.Bytes(4 * _random.Next(0, 5))];

    // Without the keyed tag that a Retry ends with (RFC 9001, section 5.8).
    private byte[] Retry(MalformedDatagrams source, byte[] data) =>
        [(byte)(0xf0 | _random.Next(16)), 0, 0, 0, 1, .. ClientId(source, data), 8, .. source.Bytes(8), .. source.Bytes(_random.Next(0, 100)), .. source.Bytes(16)];

    private byte[] StatelessReset(MalformedDatagrams source, byte[] data)
    {
        byte[] forged = source.Bytes(_random.Next(21, 60));
        forged[0] = (byte)(0x40 | (forged[0] & 0x3f));
        if ((data[0] & 0x80) == 0)
        {
            data.AsSpan(0, Math.Min(13, data.Length)).CopyTo(forged);
        }

        return forged;
    }

    // With its length before it, as in a long header.
    private static ReadOnlySpan<byte> ClientId(MalformedDatagrams source, byte[] data)
    {
        bool shows = (data[0] & 0x80) != 0 && data.Length > 6 && data[5] <= 20 && data.Length > 6 + data[5];
        return shows ? data.AsSpan(5, 1 + data[5]) : (byte[])[12, .. source.Bytes(12)];
    }
}
