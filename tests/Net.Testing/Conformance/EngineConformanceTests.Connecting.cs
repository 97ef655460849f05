using System.Net;
using System.Net.Sockets;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>Making connections, and not making them.</content>
public abstract partial class EngineConformanceTests
{
    [TestMethod]
    public void Support_EngineRuns_NamesItselfWithoutReason()
    {
        Assert.IsNull(ClientEngine.Support.Reason);
        Assert.IsGreaterThan(0, ClientEngine.Name.Length);
        Assert.IsTrue(Can(EngineCapabilities.Listen), "The suite needs an engine that listens.");
    }

    [TestMethod]
    public async Task ConnectAsync_ListenerAccepts_BothSidesDescribeTheSameConnection()
    {
        ConformancePair pair = await ConnectPairAsync();

        Assert.IsFalse(pair.Client.IsServer);
        Assert.IsTrue(pair.Server.IsServer);
        Assert.AreNotEqual(pair.Client.Id, pair.Server.Id);
        Assert.AreEqual(ClientEngine.Capabilities, pair.Client.Capabilities);
        Assert.AreEqual(Protocol, pair.Client.ApplicationProtocol);
        Assert.AreEqual(Protocol, pair.Server.ApplicationProtocol);
        Assert.AreEqual(pair.Listener.LocalEndPoint, pair.Client.RemoteEndPoint);
        Assert.AreEqual(pair.Listener.LocalEndPoint.Port, pair.Server.LocalEndPoint.Port);
        Assert.AreEqual(pair.Client.LocalEndPoint.Port, pair.Server.RemoteEndPoint.Port);
        Assert.AreEqual(Loopback, pair.Server.RemoteEndPoint.Address);
        Assert.IsTrue(pair.Client.HandshakeCompletion.IsCompletedSuccessfully);
        Assert.IsTrue(pair.Server.HandshakeCompletion.IsCompletedSuccessfully);
        Assert.IsFalse(pair.Client.Closed.IsCompleted);
        Assert.IsFalse(pair.Client.IsDraining);
        Assert.AreEqual(EarlyDataStatus.None, pair.Client.EarlyData);
        Assert.IsFalse(pair.Client.IsResumed);
        Assert.AreNotEqual(QuicVersion.Unknown, pair.Client.Version);
        Assert.AreEqual(TellsServerVersion ? pair.Client.Version : QuicVersion.Unknown, pair.Server.Version);
    }

    [TestMethod]
    public async Task ConnectAsync_CipherSuiteKnown_IsTheSameOnBothSides()
    {
        ConformancePair pair = await ConnectPairAsync();

        if (pair.Client.CipherSuite is not null && pair.Server.CipherSuite is not null)
        {
            StringAssert.StartsWith(pair.Client.CipherSuite, "TLS_", StringComparison.Ordinal);
            Assert.AreEqual(pair.Client.CipherSuite, pair.Server.CipherSuite);
        }
    }

    [TestMethod]
    public async Task ConnectAsync_ManyConnections_HaveIdsOfTheirOwn()
    {
        TransportListener listener = await ListenAsync();
        var ids = new HashSet<long>();
        for (int i = 0; i < 5; i++)
        {
            ConformancePair pair = await ConnectPairAsync(listener);
            Assert.IsTrue(ids.Add(pair.Client.Id));
            Assert.IsTrue(ids.Add(pair.Server.Id));
        }
    }

    [TestMethod]
    public async Task ConnectAsync_OneEngineForBothSides_Connects()
    {
        TransportListener listener = Own(await ClientEngine.ListenAsync(Listening()).WithTimeout());
        ConformancePair pair = await ConnectPairAsync(listener);
        pair.StartEcho();

        await pair.Client.AssertEchoesAsync();
    }

    [TestMethod]
    public async Task ConnectAsync_DnsName_TriesItsAddresses()
    {
        if (!await HasLocalhostAsync())
        {
            Assert.Inconclusive($"On this machine localhost does not have the address {Loopback}.");
        }

        ConformancePair pair = await ConnectPairAsync(o => o with
        {
            RemoteEndPoint = new DnsEndPoint("localhost", o.RemotePort),
            ServerName = null,
        });

        Assert.AreEqual(Loopback, pair.Client.RemoteEndPoint.Address);
    }

    [TestMethod]
    public async Task ConnectAsync_NameWithoutAddress_FailsAsConnectFailed()
    {
        var nowhere = new DnsEndPoint("nowhere.invalid", 4433);
        await ConnectFailsAsync(TransportError.ConnectFailed, Connecting(new IPEndPoint(Loopback, 4433)) with { RemoteEndPoint = nowhere });
    }

    [TestMethod]
    public async Task ConnectAsync_LocalEndPointGiven_SendsFromIt()
    {
        ConformancePair pair = await ConnectPairAsync(o => o with { LocalEndPoint = new IPEndPoint(Loopback, 0) });

        Assert.AreEqual(Loopback, pair.Client.LocalEndPoint.Address);
        Assert.AreEqual(pair.Client.LocalEndPoint, pair.Server.RemoteEndPoint);
    }

    [TestMethod]
    public async Task ConnectAsync_ClosedPort_FailsAsConnectFailedAndIsSafeToRetry()
    {
        var free = new UdpClient(new IPEndPoint(Loopback, 0));
        var endPoint = (IPEndPoint)free.Client.LocalEndPoint!;
        free.Dispose();

        TransportException exception = await ConnectFailsAsync(
            TransportError.ConnectFailed, Connecting(endPoint) with { HandshakeTimeout = TimeSpan.FromSeconds(1) });

        Assert.IsTrue(exception.IsSafeToRetry);
    }

    [TestMethod]
    public async Task ConnectAsync_NobodyAnswers_FailsAfterHandshakeTimeout()
    {
        (IPEndPoint endPoint, IDisposable owner) = CreateSilentEndPoint();
        using (owner)
        {
            TransportException exception = await ConnectFailsAsync(
                TransportError.ConnectFailed, Connecting(endPoint) with { HandshakeTimeout = TimeSpan.FromMilliseconds(300) });

            Assert.IsTrue(exception.IsSafeToRetry);
        }
    }

    [TestMethod]
    public async Task ConnectAsync_TokenCancelledMeanwhile_ThrowsWithTheCallersToken()
    {
        (IPEndPoint endPoint, IDisposable owner) = CreateSilentEndPoint();
        using (owner)
        {
            using var cancel = new CancellationTokenSource();
            Task<TransportConnection> connecting = ClientEngine.ConnectAsync(Connecting(endPoint), cancel.Token).AsTask();
            Assert.IsFalse(connecting.IsCompleted);
            await cancel.CancelAsync();

            await CancelsAsync(() => connecting, cancel.Token);
        }
    }

    [TestMethod]
    public async Task ConnectAsync_TokenCancelledBefore_ThrowsWithTheCallersToken()
    {
        TransportListener listener = await ListenAsync();
        var cancelled = new CancellationToken(canceled: true);

        await CancelsAsync(() => ClientEngine.ConnectAsync(Connecting(listener.LocalEndPoint), cancelled).AsTask(), cancelled);
    }

    [TestMethod]
    public async Task ConnectAsync_ServersOrderDiffers_ServersFirstCommonProtocolWins()
    {
        ConformancePair pair = await ConnectPairAsync(
            o => o with { ApplicationProtocols = ["first", "second", "third"] },
            o => o with { ApplicationProtocols = ["other", "third", "second"] });

        Assert.AreEqual("third", pair.Client.ApplicationProtocol);
        Assert.AreEqual("third", pair.Server.ApplicationProtocol);
    }

    [TestMethod]
    public async Task ConnectAsync_NoCommonProtocol_FailsAsConnectFailed()
    {
        TransportListener listener = await ListenAsync();

        await ConnectFailsAsync(TransportError.ConnectFailed, Connecting(listener.LocalEndPoint) with { ApplicationProtocols = ["unknown/1"] });
        await AssertAcceptsAsync(listener);
    }

    [TestMethod]
    public async Task ConnectAsync_EightProtocols_FindTheCommonOne()
    {
        string[] many = [.. Enumerable.Range(0, 7).Select(i => $"protocol-{i:00}"), Protocol];
        ConformancePair pair = await ConnectPairAsync(o => o with { ApplicationProtocols = many });

        Assert.AreEqual(Protocol, pair.Server.ApplicationProtocol);
    }

    [TestMethod]
    public async Task ConnectAsync_AfterEngineDisposed_Throws()
    {
        TransportListener listener = await ListenAsync();
        await ClientEngine.DisposeAsync().WithTimeout();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ClientEngine.ConnectAsync(Connecting(listener.LocalEndPoint)).WithTimeout());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ClientEngine.ListenAsync(Listening()).WithTimeout());
    }

    [TestMethod]
    public async Task EngineDisposeAsync_ConnectionsOpen_EndsThemOnBothSides()
    {
        ConformancePair pair = await ConnectPairAsync();
        ValueTask<TransportStream> accepting = pair.Client.AcceptStreamAsync();

        await ClientEngine.DisposeAsync().WithTimeout();
        await ClientEngine.DisposeAsync().WithTimeout();

        await pair.Client.Closed.WithTimeout();
        await pair.Server.Closed.WithTimeout();
        await Assert.ThrowsExactlyAsync<TransportException>(async () => await accepting.WithTimeout());
    }

    /// <summary>Asserts that a listener still lets an honest client in.</summary>
    /// <param name="listener">The listener.</param>
    /// <returns>A task.</returns>
    protected async Task AssertAcceptsAsync(TransportListener listener)
    {
        ConformancePair pair = await ConnectPairAsync(listener);
        pair.StartEcho();
        await pair.Client.AssertEchoesAsync();
    }
}
