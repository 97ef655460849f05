using System.Net;
using System.Net.Sockets;
using Net.Chaos.Proxy;
using Net.Testing;

namespace Net.ChaosTests.EndToEnd;

/// <summary>TCP proxies on real sockets.</summary>
[TestClass]
public sealed class TcpProxyTests : IAsyncDisposable
{
    private readonly TcpEcho _echo = new();
    private ChaosProxy _proxy = null!;

    [TestInitialize]
    public async Task StartAsync()
    {
        _proxy = new ChaosProxy(new ChaosProxyOptions { Name = "echo", Upstream = _echo.EndPoint.ToString() });
        await _proxy.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _echo.DisposeAsync();
    }

    [TestMethod]
    public async Task Transfer_WithSlicerAndLatency_LosesNothingAndHalfCloses()
    {
        await _proxy.AddToxicAsync(new ToxicOptions { Type = "slicer", Attributes = new() { ["average_size"] = 700, ["size_variation"] = 300 } });
        Toxic latency = await _proxy.AddToxicAsync(new ToxicOptions { Type = "latency", Stream = ToxicStream.Upstream, Attributes = new() { ["latency"] = 5 } });
        using Socket client = await ConnectAsync();
        byte[] payload = new byte[2_000_000];
        new Random(TestSeed.Take()).NextBytes(payload);

        Task sending = SendAsync(client, payload);
        byte[] received = await ReadToEndAsync(client).WithTimeout();
        await sending.WithTimeout();

        Assert.IsTrue(payload.AsSpan().SequenceEqual(received));
        Assert.IsGreaterThan(0, latency.CountFaults(FaultKind.Delayed));
        Assert.AreEqual(payload.Length, _proxy.Traffic.SentBytes(ToxicStream.Downstream));
    }

    [TestMethod]
    public async Task ResetPeer_OnRealSockets_IsAResetToTheClient()
    {
        Toxic toxic = await _proxy.AddToxicAsync(new ToxicOptions { Type = "reset_peer" });
        using Socket client = await ConnectAsync();
        await client.SendAsync((byte[])[1]).WithTimeout();

        var reset = await Assert.ThrowsExactlyAsync<SocketException>(() => client.ReceiveAsync(new byte[1]).WithTimeout());

        Assert.AreEqual(SocketError.ConnectionReset, reset.SocketErrorCode);
        Assert.AreEqual(1, toxic.CountFaults(FaultKind.Reset));
    }

    [TestMethod]
    public async Task LimitData_OnRealSockets_ClosesAfterItsBytes()
    {
        await _proxy.AddToxicAsync(new ToxicOptions { Type = "limit_data", Attributes = new() { ["bytes"] = 5 } });
        using Socket client = await ConnectAsync();
        await client.SendAsync("abcdefghi"u8.ToArray()).WithTimeout();

        Assert.AreEqual("abcde", System.Text.Encoding.ASCII.GetString(await ReadToEndAsync(client).WithTimeout()));
    }

    [TestMethod]
    public async Task Toxic_AddedAndRemovedInAConnection_ActsOnIt()
    {
        using Socket client = await ConnectAsync();
        await EchoAsync(client, 1);
        Toxic latency = await _proxy.AddToxicAsync(new ToxicOptions { Type = "latency", Attributes = new() { ["latency"] = 100_000 } });
        await client.SendAsync((byte[])[2]).WithTimeout();
        while (latency.CountFaults(FaultKind.Delayed) == 0)
        {
            await Task.Yield();
        }

        await _proxy.RemoveToxicAsync(latency.Name);

        byte[] buffer = new byte[1];
        Assert.AreEqual(1, await client.ReceiveAsync(buffer).WithTimeout());
        Assert.AreEqual(2, buffer[0]);
        await EchoAsync(client, 3);
    }

    [TestMethod]
    public async Task Down_RefusesConnectionsAndEndsThoseThatWere_AndUpKeepsThePort()
    {
        IPEndPoint endPoint = _proxy.EndPoint!;
        using Socket client = await ConnectAsync();
        await EchoAsync(client, 1);

        await _proxy.UpdateAsync(null, null, enabled: false).WithTimeout();

        Assert.IsFalse(_proxy.IsEnabled);
        await EndsAsync(client);
        using var refused = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsExactlyAsync<SocketException>(() => refused.ConnectAsync(endPoint).WithTimeout());

        await _proxy.UpdateAsync(null, null, enabled: true).WithTimeout();
        Assert.AreEqual(endPoint, _proxy.EndPoint);
        using Socket again = await ConnectAsync();
        await EchoAsync(again, 4);
    }

    [TestMethod]
    public async Task Accept_WithNobodyUpstream_ClosesTheClientAndCountsIt()
    {
        await _echo.DisposeAsync();
        using Socket client = await ConnectAsync();

        await EndsAsync(client);

        while (_proxy.Traffic.RefusedSessions == 0)
        {
            await Task.Yield();
        }
    }

    [TestMethod]
    public async Task Start_OnATakenPort_SaysSoAndStaysDown()
    {
        await using var second = new ChaosProxy(new ChaosProxyOptions { Name = "second", Listen = _proxy.Listen, Upstream = "127.0.0.1:1" });

        var failure = await Assert.ThrowsExactlyAsync<ChaosException>(() => second.StartAsync());

        Assert.AreEqual(ChaosError.Failed, failure.Error);
        Assert.Contains(_proxy.Listen, failure.Message);
        Assert.IsFalse(second.IsEnabled);
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_proxy.EndPoint!).WithTimeout();
        return socket;
    }

    private static async Task EchoAsync(Socket client, byte value)
    {
        await client.SendAsync((byte[])[value]).WithTimeout();
        byte[] buffer = new byte[1];
        Assert.AreEqual(1, await client.ReceiveAsync(buffer).WithTimeout());
        Assert.AreEqual(value, buffer[0]);
    }

    // With an end or a reset, as the system has it.
    private static async Task EndsAsync(Socket client)
    {
        try
        {
            Assert.AreEqual(0, await client.ReceiveAsync(new byte[1]).WithTimeout());
        }
        catch (SocketException)
        {
        }
    }

    private static async Task SendAsync(Socket client, byte[] payload)
    {
        for (int sent = 0; sent < payload.Length;)
        {
            sent += await client.SendAsync(payload.AsMemory(sent));
        }

        client.Shutdown(SocketShutdown.Send);
    }

    private static async Task<byte[]> ReadToEndAsync(Socket client)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[65536];
        while (await client.ReceiveAsync(buffer) is > 0 and int count)
        {
            all.Write(buffer, 0, count);
        }

        return all.ToArray();
    }
}
