using System.Net;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>Options: what is out of range, and what an engine lacks.</content>
public abstract partial class EngineConformanceTests
{
    [TestMethod]
    public async Task ConnectAsync_OptionsOutOfRange_ListsEveryFault()
    {
        ConnectOptions options = Connecting(new IPEndPoint(Loopback, 0)) with
        {
            ApplicationProtocols = [],
            HandshakeTimeout = TimeSpan.Zero,
            DefaultCloseErrorCode = -1,
        };

        ArgumentException exception = await Assert.ThrowsExactlyAsync<ArgumentException>(async () => await ClientEngine.ConnectAsync(options));

        StringAssert.Contains(exception.Message, "ConnectOptions.ApplicationProtocols", StringComparison.Ordinal);
        StringAssert.Contains(exception.Message, "ConnectOptions.HandshakeTimeout", StringComparison.Ordinal);
        StringAssert.Contains(exception.Message, "ConnectOptions.DefaultCloseErrorCode", StringComparison.Ordinal);
        StringAssert.Contains(exception.Message, "ConnectOptions.RemoteEndPoint", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task ListenAsync_OptionsOutOfRange_ListsEveryFault()
    {
        ListenOptions options = Listening() with { MaxConnections = 0, Backlog = 0, StaticSecret = new byte[7] };

        ArgumentException exception = await Assert.ThrowsExactlyAsync<ArgumentException>(async () => await ServerEngine.ListenAsync(options));

        StringAssert.Contains(exception.Message, "ListenOptions.MaxConnections", StringComparison.Ordinal);
        StringAssert.Contains(exception.Message, "ListenOptions.Backlog", StringComparison.Ordinal);
        StringAssert.Contains(exception.Message, "ListenOptions.StaticSecret", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow(CongestionControl.Reno)]
    [DataRow(CongestionControl.Bbr)]
    public async Task CongestionControl_NotTheDefault_WorksOrIsRefused(CongestionControl congestionControl)
    {
        if (!Can(EngineCapabilities.CongestionControlChoice))
        {
            await IsRefusedOnBothSidesAsync(o => o with { CongestionControl = congestionControl }, o => o with { CongestionControl = congestionControl });
            return;
        }

        ConformancePair pair = await ConnectPairAsync(o => o with { CongestionControl = congestionControl }, o => o with { CongestionControl = congestionControl });
        pair.StartEcho();
        byte[] data = new byte[256 << 10];
        CollectionAssert.AreEqual(data, await pair.Client.EchoAsync(data));
    }

    [TestMethod]
    public async Task InlineContinuations_AskedFor_WorkOrAreRefused()
    {
        if (!Can(EngineCapabilities.InlineContinuations))
        {
            await IsRefusedOnBothSidesAsync(o => o with { InlineContinuations = true }, o => o with { InlineContinuations = true });
            return;
        }

        ConformancePair pair = await ConnectPairAsync(o => o with { InlineContinuations = true }, o => o with { InlineContinuations = true });
        pair.StartEcho();
        for (int i = 0; i < 20; i++)
        {
            await pair.Client.AssertEchoesAsync();
        }
    }

    [TestMethod]
    public async Task KeyLogFile_Given_HoldsSecretsOrIsRefused()
    {
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            if (!Can(EngineCapabilities.KeyLog))
            {
                await IsRefusedOnBothSidesAsync(o => o with { KeyLogFile = file }, o => o with { KeyLogFile = file });
                Assert.IsFalse(File.Exists(file));
                return;
            }

            ConformancePair pair = await ConnectPairAsync(o => o with { KeyLogFile = file });
            pair.StartEcho();
            await pair.Client.AssertEchoesAsync();
            await pair.Client.DisposeAsync().WithTimeout();
            string log = await File.ReadAllTextAsync(file);
            StringAssert.Contains(log, "CLIENT_TRAFFIC_SECRET_0 ", StringComparison.Ordinal);
            StringAssert.Contains(log, "SERVER_TRAFFIC_SECRET_0 ", StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [TestMethod]
    public async Task Versions_OnlyTheFirst_IsUsed()
    {
        ConformancePair pair = await ConnectPairAsync(o => o with { Versions = [QuicVersion.Version1] }, o => o with { Versions = [QuicVersion.Version1] });

        Assert.AreEqual(QuicVersion.Version1, pair.Client.Version);
    }

    [TestMethod]
    public async Task Versions_OnlyTheSecond_IsUsedOrRefused()
    {
        QuicVersion[] second = [QuicVersion.Version2];
        if (!Can(EngineCapabilities.Version2))
        {
            await IsRefusedOnBothSidesAsync(o => o with { Versions = second }, o => o with { Versions = second });
            return;
        }

        ConformancePair pair = await ConnectPairAsync(o => o with { Versions = second }, o => o with { Versions = second });
        pair.StartEcho();
        Assert.AreEqual(QuicVersion.Version2, pair.Client.Version);
        Assert.AreEqual(QuicVersion.Version2, pair.Server.Version);
        await pair.Client.AssertEchoesAsync();
    }

    [TestMethod]
    public async Task Versions_ServerPrefersTheSecond_MovesTheClientToIt()
    {
        QuicVersion[] both = [QuicVersion.Version2, QuicVersion.Version1];
        ConformancePair pair = await ConnectPairAsync(o => o with { Versions = [QuicVersion.Version1, QuicVersion.Version2] }, o => o with { Versions = both });
        pair.StartEcho();

        QuicVersion expected = Can(EngineCapabilities.Version2) ? QuicVersion.Version2 : QuicVersion.Version1;
        Assert.AreEqual(expected, pair.Client.Version);
        Assert.AreEqual(TellsServerVersion ? expected : QuicVersion.Unknown, pair.Server.Version);
        await pair.Client.AssertEchoesAsync();
    }

    [TestMethod]
    public async Task Versions_ClientBeginsWithOneTheServerLacks_AgreesOnTheOther()
    {
        ConformancePair pair = await ConnectPairAsync(
            o => o with { Versions = [QuicVersion.Version2, QuicVersion.Version1] }, o => o with { Versions = [QuicVersion.Version1] });
        pair.StartEcho();

        Assert.AreEqual(QuicVersion.Version1, pair.Client.Version);
        await pair.Client.AssertEchoesAsync();
    }

    [TestMethod]
    public async Task Versions_NoneInCommon_FailsAsConnectFailed()
    {
        if (!Can(EngineCapabilities.Version2))
        {
            await IsRefusedOnBothSidesAsync(o => o with { Versions = [QuicVersion.Version2] }, o => o with { Versions = [QuicVersion.Version2] });
            return;
        }

        TransportListener listener = await ListenAsync(Listening() with { Versions = [QuicVersion.Version1] });
        await ConnectFailsAsync(
            TransportError.ConnectFailed,
            Connecting(listener.LocalEndPoint) with { Versions = [QuicVersion.Version2], HandshakeTimeout = TimeSpan.FromSeconds(2) });
    }

    [TestMethod]
    public async Task AllowEarlyData_EngineWithoutIt_DoesAFullHandshake()
    {
        if (Can(EngineCapabilities.EarlyData))
        {
            // Without a ticket there is nothing to send early with, on any engine.
            ConformancePair first = await ConnectPairAsync(o => o with { AllowEarlyData = true, Tls = ClientTls(store: new NotifyingTicketStore()) });
            Assert.AreEqual(EarlyDataStatus.None, first.Client.EarlyData);
            return;
        }

        ConformancePair pair = await ConnectPairAsync(o => o with { AllowEarlyData = true });
        pair.StartEcho();
        Assert.AreEqual(EarlyDataStatus.None, pair.Client.EarlyData);
        Assert.IsTrue(pair.Client.HandshakeCompletion.IsCompletedSuccessfully);
        await pair.Client.AssertEchoesAsync();
    }

    private async Task IsRefusedOnBothSidesAsync(Func<ConnectOptions, ConnectOptions> client, Func<ListenOptions, ListenOptions> server)
    {
        TransportListener listener = await ListenAsync();
        await IsNotSupportedAsync(() => ConnectAsync(client(Connecting(listener.LocalEndPoint))));
        await IsNotSupportedAsync(() => ListenAsync(server(Listening())));
    }
}
