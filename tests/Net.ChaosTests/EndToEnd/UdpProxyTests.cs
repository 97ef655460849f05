using System.Net;
using System.Net.Sockets;
using Net.Chaos.Api;
using Net.Chaos.Proxy;
using Net.Chaos.Udp;
using Net.Chaos.Udp.Sockets;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.ChaosTests.EndToEnd;

/// <summary>UDP proxies on real sockets.</summary>
[TestClass]
public sealed class UdpProxyTests : IAsyncDisposable
{
    private readonly Socket _server = NewSocket(AddressFamily.InterNetwork);
    private readonly Socket _client = NewSocket(AddressFamily.InterNetwork);
    private ChaosProxy _proxy = null!;

    [TestInitialize]
    public async Task StartAsync() => await StartAsync(null, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _server.Dispose();
        _client.Dispose();
    }

    [TestMethod]
    public async Task Datagrams_OfManySizes_PassBothWaysWithTheirBytes()
    {
        var random = new Random(TestSeed.Take());
        foreach (int size in (int[])[1, 100, 1200, 1452, 9000, 60_000, 0])
        {
            byte[] sent = new byte[size];
            random.NextBytes(sent);
            await _client.SendToAsync(sent, _proxy.EndPoint!).WithTimeout();
            (byte[] got, EndPoint from) = await ReceiveAsync(_server);
            Assert.AreSequenceEqual(sent, got);
            await _server.SendToAsync(got, from).WithTimeout();
            (byte[] back, EndPoint origin) = await ReceiveAsync(_client);
            Assert.AreSequenceEqual(sent, back);
            Assert.AreEqual(_proxy.EndPoint, origin);
        }
    }

    [TestMethod]
    public async Task Latency_OnAManualClock_HoldsUntilTheTestMovesIt()
    {
        var time = new ManualTimeProvider();
        await _proxy.DisposeAsync();
        await StartAsync(null, time);
        Toxic toxic = await _proxy.AddToxicAsync(new ToxicOptions { Type = "latency", Stream = ToxicStream.Upstream, Attributes = new() { ["latency"] = 1000 } });
        await _client.SendToAsync((byte[])[5], _proxy.EndPoint!).WithTimeout();
        while (toxic.CountFaults(FaultKind.Delayed) == 0)
        {
            await Task.Yield();
        }

        Assert.AreEqual(0, _server.Available);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.AreSequenceEqual((byte[])[5], (await ReceiveAsync(_server)).Data);
    }

    [TestMethod]
    public async Task Latency_RemovedWhileItHolds_Delivers()
    {
        Toxic toxic = await _proxy.AddToxicAsync(new ToxicOptions { Type = "latency", Stream = ToxicStream.Upstream, Attributes = new() { ["latency"] = 1_000_000 } });
        await _client.SendToAsync((byte[])[5], _proxy.EndPoint!).WithTimeout();
        while (toxic.CountFaults(FaultKind.Delayed) == 0)
        {
            await Task.Yield();
        }

        await _proxy.RemoveToxicAsync(toxic.Name);

        Assert.AreSequenceEqual((byte[])[5], (await ReceiveAsync(_server)).Data);
    }

    [TestMethod]
    public async Task Metrics_OfAToxicThatCameAgain_NeverFall()
    {
        for (int i = 1; i <= 2; i++)
        {
            Toxic toxic = await _proxy.AddToxicAsync(new ToxicOptions { Type = "partition", Stream = ToxicStream.Upstream });
            await _client.SendToAsync((byte[])[1], _proxy.EndPoint!).WithTimeout();
            while (toxic.CountFaults(FaultKind.Dropped) == 0)
            {
                await Task.Yield();
            }

            Assert.AreEqual(1, toxic.CountFaults(FaultKind.Dropped));
            await _proxy.RemoveToxicAsync(toxic.Name);
            Assert.Contains($"fault=\"dropped\",proxy=\"udp\",toxic=\"partition_upstream\",type=\"partition\"}} {i}\n", MetricsText.Write([_proxy]));
        }
    }

    [TestMethod]
    public async Task Rebind_GivesANewPortAndTheAddressAskedFor()
    {
        EndPoint before = await SendAsync(1);

        Assert.AreEqual(1, await _proxy.RebindAsync());
        EndPoint second = await SendAsync(2);
        Assert.AreEqual(1, await _proxy.RebindAsync(IPAddress.Parse("127.0.0.5")));
        var third = (IPEndPoint)await SendAsync(3);

        Assert.AreNotEqual(before, second);
        Assert.AreEqual("127.0.0.5", third.Address.ToString());
        await _server.SendToAsync((byte[])[9], third).WithTimeout();
        Assert.AreSequenceEqual((byte[])[9], (await ReceiveAsync(_client)).Data);
        SessionView session = (await _proxy.ListSessionsAsync()).Single();
        Assert.AreEqual(2, session.Rebindings);
        Assert.AreEqual(third, session.Upstream);
    }

    [TestMethod]
    public async Task Server_ThatIsDownForAWhile_IsSilenceAndNoEnd()
    {
        var server = (IPEndPoint)_server.LocalEndPoint!;
        await SendAsync(1);
        _server.Dispose();
        for (int i = 0; i < 10; i++)
        {
            await _client.SendToAsync((byte[])[(byte)i], _proxy.EndPoint!).WithTimeout();
        }

        using var again = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        again.Bind(server);
        await _client.SendToAsync((byte[])[77], _proxy.EndPoint!).WithTimeout();
        byte[] got;
        do
        {
            got = (await ReceiveAsync(again)).Data;
        }
        while (got[0] != 77);
    }

    [TestMethod]
    [DataRow(null, 2)]
    [DataRow("ce", 3)]
    [DataRow("bleach", 0)]
    public async Task EcnMarks_PassUnlessAToxicChangesThem(string? mode, int expected)
    {
        using DatagramSocket server = DatagramSocket.Open(new IPEndPoint(IPAddress.Loopback, 0), null);
        await using var proxy = new ChaosProxy(new ChaosProxyOptions { Name = "ecn", Upstream = server.Local.ToString(), Protocol = ProxyProtocol.Udp });
        await proxy.StartAsync();
        if (mode is not null)
        {
            await proxy.AddToxicAsync(new ToxicOptions { Type = "ecn", Stream = ToxicStream.Upstream, Attributes = new() { ["mode"] = mode } });
        }

        _client.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService, 2);
        await _client.SendToAsync((byte[])[1], proxy.EndPoint!).WithTimeout();

        var marks = new MarkReader();
        using var buffers = new ReceiveBuffers();
        while (marks.Seen.Count == 0)
        {
            server.Receive(buffers, marks);
            await Task.Yield();
        }

        Assert.AreEqual(expected, marks.Seen[0]);
    }

    [TestMethod]
    public async Task Proxy_OnIPv6_CarriesToo()
    {
        SetupRequirement.Loopback(IPAddress.IPv6Loopback);
        using Socket server = NewSocket(AddressFamily.InterNetworkV6);
        using Socket client = NewSocket(AddressFamily.InterNetworkV6);
        await using var proxy = new ChaosProxy(new ChaosProxyOptions { Name = "six", Listen = "[::1]:0", Upstream = server.LocalEndPoint!.ToString()!, Protocol = ProxyProtocol.Udp });
        await proxy.StartAsync();

        await client.SendToAsync((byte[])[6], proxy.EndPoint!).WithTimeout();

        Assert.AreSequenceEqual((byte[])[6], (await ReceiveAsync(server)).Data);
    }

    [TestMethod]
    public async Task Stop_WhileDatagramsCome_EndsAndStartsAgain()
    {
        using var stop = new CancellationTokenSource();
        IPEndPoint target = _proxy.EndPoint!;
        Task sending = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await _client.SendToAsync(new byte[100], target);
                }
                catch (SocketException)
                {
                    // The port is closed for a moment.
                }
            }
        });

        for (int i = 0; i < 10; i++)
        {
            await _proxy.StopAsync().WithTimeout();
            await _proxy.StartAsync().WithTimeout();
        }

        await stop.CancelAsync();
        await sending.WithTimeout();
        Assert.AreEqual(target, _proxy.EndPoint);
    }

    private async Task StartAsync(string? listen, TimeProvider time)
    {
        _proxy = new ChaosProxy(
            new ChaosProxyOptions { Name = "udp", Listen = listen ?? "127.0.0.1:0", Upstream = _server.LocalEndPoint!.ToString()!, Protocol = ProxyProtocol.Udp },
            new ChaosEnvironment { TimeProvider = time });
        await _proxy.StartAsync();
    }

    private async Task<EndPoint> SendAsync(byte value)
    {
        await _client.SendToAsync((byte[])[value], _proxy.EndPoint!).WithTimeout();
        (byte[] data, EndPoint from) = await ReceiveAsync(_server);
        Assert.AreEqual(value, data[0]);
        return from;
    }

    private static Socket NewSocket(AddressFamily family)
    {
        var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback, 0));
        return socket;
    }

    private static async Task<(byte[] Data, EndPoint From)> ReceiveAsync(Socket socket)
    {
        byte[] buffer = new byte[65536];
        SocketReceiveFromResult result = await socket.ReceiveFromAsync(buffer, new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0)).WithTimeout();
        return (buffer.AsSpan(0, result.ReceivedBytes).ToArray(), result.RemoteEndPoint);
    }

    private sealed class MarkReader : IDatagramReceiver
    {
        internal List<int> Seen { get; } = [];

        public void Take(DatagramSocket socket, in PeerAddress from, ReadOnlySpan<byte> data, int segmentSize, byte ecn) => Seen.Add(ecn);
    }
}
