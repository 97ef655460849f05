using System.Net;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>Listeners.</content>
public abstract partial class EngineConformanceTests
{
    [TestMethod]
    public async Task ListenAsync_PortZero_TellsTheRealPort()
    {
        TransportListener one = await ListenAsync();
        TransportListener two = await ListenAsync();

        Assert.AreNotEqual(0, one.LocalEndPoint.Port);
        Assert.AreEqual(Loopback, one.LocalEndPoint.Address);
        Assert.AreNotEqual(one.LocalEndPoint.Port, two.LocalEndPoint.Port);
        await AssertAcceptsAsync(one);
        await AssertAcceptsAsync(two);
    }

    [TestMethod]
    public async Task ListenAsync_PortTaken_FailsAsListenFailed()
    {
        TransportListener listener = await ListenAsync();
        ListenOptions same = Listening() with { LocalEndPoint = listener.LocalEndPoint };

        await FailsAsync(TransportError.ListenFailed, () => ServerEngine.ListenAsync(same).AsTask());
        await FailsAsync(TransportError.ListenFailed, () => ClientEngine.ListenAsync(same).AsTask());
        await AssertAcceptsAsync(listener);
    }

    [TestMethod]
    public async Task ListenAsync_AnyAddress_IsReachedThroughLoopback()
    {
        IPAddress any = Loopback.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        TransportListener listener = await ListenAsync(Listening() with { LocalEndPoint = new IPEndPoint(any, 0) });

        TransportConnection client = await ConnectAsync(Connecting(new IPEndPoint(Loopback, listener.LocalEndPoint.Port)));
        TransportConnection server = await AcceptAsync(listener);

        Assert.AreEqual(client.LocalEndPoint.Port, server.RemoteEndPoint.Port);
    }

    [TestMethod]
    public async Task ListenAsync_IPv6AnyAddress_TakesIPv4Too()
    {
        TransportListener listener = await ListenAsync(Listening() with { LocalEndPoint = new IPEndPoint(IPAddress.IPv6Any, 0) });

        TransportConnection client = await ConnectAsync(Connecting(new IPEndPoint(IPAddress.Loopback, listener.LocalEndPoint.Port)));
        TransportConnection server = await AcceptAsync(listener);

        Assert.AreEqual(client.LocalEndPoint.Port, server.RemoteEndPoint.Port);
    }

    [TestMethod]
    public async Task DisposeAsync_Listener_FreesThePortAtOnce()
    {
        TransportListener first = await ListenAsync();
        IPEndPoint address = first.LocalEndPoint;
        await first.DisposeAsync().WithTimeout();
        await first.DisposeAsync().WithTimeout();

        TransportListener second = await ListenAsync(Listening() with { LocalEndPoint = address });
        Assert.AreEqual(address, second.LocalEndPoint);
        await AssertAcceptsAsync(second);
    }

    [TestMethod]
    public async Task DisposeAsync_ListenerWithConnections_ClosesThem()
    {
        ConformancePair pair = await ConnectPairAsync(server: o => o with { DefaultCloseErrorCode = 0x61 });
        await pair.Listener.DisposeAsync().WithTimeout();

        Assert.AreEqual(TransportError.ConnectionClosed, (await pair.Server.Closed.WithTimeout()).Error);
        ConnectionClose close = await pair.Client.Closed.WithTimeout();
        Assert.AreEqual(TransportError.ConnectionClosed, close.Error);
        Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        Assert.AreEqual(0x61, close.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task DisposeAsync_ListenerWithWaitingAccept_ReturnsNull()
    {
        TransportListener listener = await ListenAsync();
        ValueTask<TransportConnection?> accepting = listener.AcceptAsync();
        await listener.DisposeAsync().WithTimeout();

        Assert.IsNull(await accepting.WithTimeout());
        Assert.IsNull(await listener.AcceptAsync().WithTimeout());
    }

    [TestMethod]
    public async Task StopAcceptingAsync_ConnectionsOpen_TheyLiveOnAndNewOnesAreRefused()
    {
        ConformancePair pair = await ConnectPairAsync();
        pair.StartEcho();
        var draining = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Server.Draining += (_, _) => draining.TrySetResult();
        ValueTask<TransportConnection?> accepting = pair.Listener.AcceptAsync();

        await pair.Listener.StopAcceptingAsync().WithTimeout();
        await pair.Listener.StopAcceptingAsync().WithTimeout();

        Assert.IsNull(await accepting.WithTimeout());
        Assert.IsNull(await pair.Listener.AcceptAsync().WithTimeout());
        await draining.Task.WithTimeout(awaited: "Draining on the server");
        Assert.IsTrue(pair.Server.IsDraining);
        await pair.Client.AssertEchoesAsync();
        await ConnectFailsAsync(TransportError.ConnectFailed, Connecting(pair.Listener.LocalEndPoint) with { HandshakeTimeout = TimeSpan.FromSeconds(1) });
        await FailsAsync(TransportError.ListenFailed, () => ClientEngine.ListenAsync(Listening() with { LocalEndPoint = pair.Listener.LocalEndPoint }).AsTask());
        await pair.Client.AssertEchoesAsync();
    }

    [TestMethod]
    public async Task StopAcceptingAsync_ConnectionQueued_IsStillHandedOut()
    {
        TransportListener listener = await ListenAsync(Listening(MutualTls()));
        TransportConnection client = await ConnectAsync(Connecting(listener.LocalEndPoint, ClientTls(Certificates.Client)));

        await listener.StopAcceptingAsync().WithTimeout();

        TransportConnection server = await AcceptAsync(listener);
        Assert.AreEqual(client.LocalEndPoint.Port, server.RemoteEndPoint.Port);
        Assert.IsNull(await listener.AcceptAsync().WithTimeout());
    }

    [TestMethod]
    public async Task AcceptAsync_TokenCancelled_LeavesTheNextConnectionForTheNextCall()
    {
        TransportListener listener = await ListenAsync();
        using var cancel = new CancellationTokenSource();
        ValueTask<TransportConnection?> accepting = listener.AcceptAsync(cancel.Token);
        Assert.IsFalse(accepting.IsCompleted);
        await cancel.CancelAsync();
        await CancelsAsync(() => accepting.AsTask(), cancel.Token);

        await AssertAcceptsAsync(listener);
    }

    [TestMethod]
    public async Task AcceptAsync_ManyConnect_AllAreHandedOut()
    {
        const int Count = 20;
        TransportListener listener = await ListenAsync();
        Task<TransportConnection[]> connecting = Task.WhenAll(Enumerable.Range(0, Count).Select(_ => ClientEngine.ConnectAsync(Connecting(listener.LocalEndPoint)).AsTask()));
        var ids = new HashSet<long>();
        for (int i = 0; i < Count; i++)
        {
            TransportConnection server = await AcceptAsync(listener);
            ids.Add(server.Id);
            await server.CloseAsync(0x70).WithTimeout();
        }

        TransportConnection[] clients = await connecting.WithTimeout();
        foreach (TransportConnection client in clients)
        {
            Assert.AreEqual(0x70, (await Own(client).Closed.WithTimeout()).ApplicationErrorCode);
        }

        Assert.HasCount(Count, ids);
    }

    [TestMethod]
    public async Task MaxConnections_Reached_RefusesUntilOneEnds()
    {
        TransportListener listener = await ListenAsync(Listening() with { MaxConnections = 1 });
        ConformancePair first = await ConnectPairAsync(listener);

        await ConnectFailsAsync(TransportError.ConnectFailed, Connecting(listener.LocalEndPoint) with { HandshakeTimeout = TimeSpan.FromSeconds(2) });
        first.StartEcho();
        await first.Client.AssertEchoesAsync();
        await first.Client.DisposeAsync().WithTimeout();
        await first.Server.DisposeAsync().WithTimeout();

        // An engine may count a connection while it observes the closing period.
        await RetryConnectAsync(Connecting(listener.LocalEndPoint) with { HandshakeTimeout = TimeSpan.FromSeconds(2) }).WithTimeout();
    }

    [TestMethod]
    public async Task Backlog_Full_RefusesUntilOneIsAccepted()
    {
        using var signals = new TransportSignals(ServerEngine.Name);
        TransportListener listener = await ListenAsync(Listening() with { Backlog = 1 });
        TransportConnection first = await ConnectAsync(Connecting(listener.LocalEndPoint));

        // The client may be through a moment before the server, where the next one could overtake it.
        await signals.WaitForSpanAsync("transport.handshake", ("transport.role", "server"), ("network.peer.port", first.LocalEndPoint.Port));

        await FailsAsync(TransportError.ConnectFailed, () => UseRefusedAsync(Connecting(listener.LocalEndPoint) with { HandshakeTimeout = TimeSpan.FromSeconds(2) }));

        TransportConnection server = await AcceptAsync(listener);
        Assert.AreEqual(first.LocalEndPoint.Port, server.RemoteEndPoint.Port);
        await AssertAcceptsAsync(listener);
    }

    // Without ConfirmedConnect the refusal may come a moment after the return.
    private async Task UseRefusedAsync(ConnectOptions options)
    {
        TransportConnection connection = await ConnectAsync(options);
        Assert.IsFalse(Can(EngineCapabilities.ConfirmedConnect), "The connect should have failed.");
        ConnectionClose close = await connection.Closed.WithTimeout();
        throw new TransportException(TransportError.ConnectFailed, close.Reason);
    }

    private async Task RetryConnectAsync(ConnectOptions options)
    {
        while (true)
        {
            try
            {
                await ConnectAsync(options);
                return;
            }
            catch (TransportException exception) when (exception.Error == TransportError.ConnectFailed)
            {
                // Still full.
            }
        }
    }
}
