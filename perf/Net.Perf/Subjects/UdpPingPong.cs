using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>The limit of an echo: two blocking threads and two plain UDP sockets, no protocol, no encryption.</summary>
internal sealed class UdpPingPong : EchoSubject
{
    private readonly Socket _client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Thread _serverThread;
    private readonly Thread _clientThread;
    private readonly SemaphoreSlim _go = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private long[]? _ticks;
    private Exception? _failure;

    internal UdpPingPong(string name = "UDP ping-pong")
        : base(name)
    {
        _server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _client.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _client.Connect(_server.LocalEndPoint!);
        _server.Connect(_client.LocalEndPoint!);
        _client.ReceiveTimeout = 5000;
        _serverThread = new Thread(Serve) { IsBackground = true, Name = "perf-udp-server" };
        _clientThread = new Thread(Ask) { IsBackground = true, Name = "perf-udp-client" };
        _serverThread.Start();
        _clientThread.Start();
    }

    internal override void Run(long[] ticks)
    {
        _ticks = ticks;
        _go.Release();
        if (!_done.Wait(TimeSpan.FromSeconds(60)))
        {
            throw new TimeoutException("The UDP ping-pong did not end within a minute.");
        }

        if (_failure is not null)
        {
            throw new InvalidOperationException("The UDP ping-pong failed.", _failure);
        }
    }

    public override ValueTask DisposeAsync()
    {
        _ticks = null;
        _go.Release();

        // An empty datagram ends the server.
        _client.Send(ReadOnlySpan<byte>.Empty);
        _clientThread.Join(TimeSpan.FromSeconds(5));
        _serverThread.Join(TimeSpan.FromSeconds(5));
        _client.Dispose();
        _server.Dispose();
        _go.Dispose();
        _done.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Serve()
    {
        Pinning.PinSelf(isServer: true);
        byte[] buffer = new byte[2048];
        while (true)
        {
            int count = _server.Receive(buffer);
            if (count == 0)
            {
                return;
            }

            _server.Send(buffer.AsSpan(0, count));
        }
    }

    private void Ask()
    {
        Pinning.PinSelf(isServer: false);
        byte[] buffer = new byte[2048];
        byte[] payload = new byte[PayloadBytes];
        while (true)
        {
            _go.Wait();
            if (_ticks is not { } ticks)
            {
                return;
            }

            try
            {
                for (int i = 0; i < ticks.Length; i++)
                {
                    long started = Stopwatch.GetTimestamp();
                    _client.Send(payload);
                    _client.Receive(buffer);
                    ticks[i] = Stopwatch.GetTimestamp() - started;
                }
            }
            catch (SocketException exception)
            {
                _failure = exception;
            }

            _done.Release();
        }
    }
}
