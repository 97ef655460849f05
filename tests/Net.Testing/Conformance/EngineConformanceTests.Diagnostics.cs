using System.Diagnostics;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>Spans and instruments.</content>
public abstract partial class EngineConformanceTests
{
    [TestMethod]
    public async Task Diagnostics_ConnectionMade_SpansOfBothSidesTellAboutIt()
    {
        using var signals = new TransportSignals(ClientEngine.Name);
        ConformancePair pair = await ConnectPairAsync();

        (Activity connect, IReadOnlyDictionary<string, object?> tags) = await signals.WaitForSpanAsync(
            "transport.connect", ("server.port", pair.Listener.LocalEndPoint.Port));
        Assert.AreEqual(ActivityKind.Client, connect.Kind);
        Assert.AreNotEqual(ActivityStatusCode.Error, connect.Status);
        Assert.AreEqual("quic", tags["network.transport"]);
        Assert.AreEqual(ServerName, tags["server.address"]);
        Assert.AreEqual(Loopback.ToString(), tags["network.peer.address"]);
        Assert.AreEqual(Protocol, tags["network.protocol.name"]);

        (Activity atClient, _) = await signals.WaitForSpanAsync(
            "transport.handshake", ("transport.role", "client"), ("network.peer.port", pair.Listener.LocalEndPoint.Port), ("network.protocol.name", Protocol));
        (Activity atServer, _) = await signals.WaitForSpanAsync(
            "transport.handshake", ("transport.role", "server"), ("network.peer.port", pair.Client.LocalEndPoint.Port), ("network.protocol.name", Protocol));
        Assert.IsGreaterThanOrEqualTo(TimeSpan.Zero, atClient.Duration);
        Assert.IsGreaterThanOrEqualTo(TimeSpan.Zero, atServer.Duration);
    }

    [TestMethod]
    public async Task Diagnostics_ConnectFails_SpanHasTheError()
    {
        using var signals = new TransportSignals(ClientEngine.Name);
        TransportListener listener = await ListenAsync(Listening(PlainTls(Certificates.OtherAuthorityServer)));
        await ConnectFailsAsync(TransportError.CertificateRejected, Connecting(listener.LocalEndPoint));

        (Activity connect, _) = await signals.WaitForSpanAsync(
            "transport.connect", ("server.port", listener.LocalEndPoint.Port), ("error.type", nameof(TransportError.CertificateRejected)));
        Assert.AreEqual(ActivityStatusCode.Error, connect.Status);
        await signals.WaitForSpanAsync(
            "transport.handshake", ("transport.role", "client"), ("network.peer.port", listener.LocalEndPoint.Port), ("error.type", nameof(TransportError.CertificateRejected)));
        await signals.WaitForMeasurementAsync("transport.connect.duration", ("transport.outcome", "error"));
    }

    [TestMethod]
    public async Task Diagnostics_ConnectionsComeAndGo_ActiveReturnsToZero()
    {
        using var signals = new TransportSignals(ClientEngine.Name);
        TransportListener listener = await ListenAsync();
        ConformancePair one = await ConnectPairAsync(listener);
        ConformancePair two = await ConnectPairAsync(listener);
        await signals.WaitForSumAsync("transport.connections.active", 2, ("transport.role", "client"));
        await signals.WaitForSumAsync("transport.connections.active", 2, ("transport.role", "server"));
        await signals.WaitForMeasurementAsync("transport.handshake.duration", ("transport.role", "client"), ("tls.resumed", false));
        await signals.WaitForMeasurementAsync("transport.connect.duration", ("transport.outcome", "ok"));

        await one.Client.DisposeAsync().WithTimeout();
        await two.Server.CloseAsync(1).WithTimeout();
        await two.Client.DisposeAsync().WithTimeout();
        await one.Server.DisposeAsync().WithTimeout();

        await signals.WaitForSumAsync("transport.connections.active", 0, ("transport.role", "client"));
        await signals.WaitForSumAsync("transport.connections.active", 0, ("transport.role", "server"));
    }

    [TestMethod]
    public async Task Diagnostics_StreamsOpened_AreCountedOnBothSides()
    {
        using var signals = new TransportSignals(ClientEngine.Name);
        ConformancePair pair = await ConnectPairAsync();
        for (int i = 0; i < 3; i++)
        {
            await pair.OpenStreamAsync();
        }

        await signals.WaitForSumAsync("transport.streams.opened", 3, ("transport.initiator", "local"));
        await signals.WaitForSumAsync("transport.streams.opened", 3, ("transport.initiator", "remote"));
    }
}
