using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Net.Chaos.Proxy;
using Net.Perf.Measuring;

namespace Net.Perf.Chaos;

/// <summary>Datagrams there and back between two blocking threads, through a UDP proxy or, as the yardstick, directly.</summary>
internal sealed class ProxiedPingPong : EchoSubject
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Socket _client;
    private readonly Socket _server;
    private readonly ChaosProxy? _proxy;
    private readonly Thread _serving;

    private ProxiedPingPong(string name, Socket server, Socket client, ChaosProxy? proxy)
        : base(name)
    {
        _server = server;
        _client = client;
        _proxy = proxy;
        _serving = new Thread(Serve) { IsBackground = true, Name = "perf-chaos-server" };
        _serving.Start();
    }

    internal static async Task<ProxiedPingPong> StartAsync(string name, bool isProxied, params ToxicOptions[] toxics)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        ChaosProxy? proxy = isProxied ? await ProxyFactory.StartAsync((IPEndPoint)server.LocalEndPoint!, toxics).ConfigureAwait(false) : null;
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)Patience.TotalMilliseconds };
        client.Connect(proxy?.EndPoint ?? server.LocalEndPoint!);
        return new ProxiedPingPong(name, server, client, proxy);
    }

    internal override void Run(long[] ticks)
    {
        byte[] payload = new byte[PayloadBytes];
        byte[] buffer = new byte[2048];
        for (int i = 0; i < ticks.Length; i++)
        {
            long started = Stopwatch.GetTimestamp();
            _client.Send(payload);
            _client.Receive(buffer);
            ticks[i] = Stopwatch.GetTimestamp() - started;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        // An empty datagram ends the server, whatever way it takes.
        _client.Send(ReadOnlySpan<byte>.Empty);
        _serving.Join(Patience);
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync().ConfigureAwait(false);
        }

        _client.Dispose();
        _server.Dispose();
    }

    private void Serve()
    {
        byte[] buffer = new byte[2048];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (_server.ReceiveFrom(buffer, SocketFlags.None, from) is > 0 and int count)
        {
            _server.SendTo(buffer.AsSpan(0, count), SocketFlags.None, from);
        }
    }
}
