using System.Net;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Testing;

namespace Net.UnitTests.Abstractions;

[TestClass]
public sealed class TransportOptionsTests
{
    private static ConnectOptions Connect => new()
    {
        ApplicationProtocols = ["net/1"],
        RemoteEndPoint = new DnsEndPoint("a.example", 443),
        Tls = new ClientTlsOptions { ServerCertificatePolicy = new RecordingPolicy() },
    };

    private static ListenOptions Listen => new()
    {
        ApplicationProtocols = ["net/1"],
        LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
        Tls = (in ClientHello _) => null,
    };

    [TestMethod]
    public void Validate_Defaults_AreInRange()
    {
        Connect.Validate();
        Listen.Validate();
        TransportLimits.Default.Validate();
        new ServerTlsOptions { Identity = TestCertificates.Shared.Server }.Validate();
    }

    [TestMethod]
    public void Validate_EverythingWrongOnTheClient_ListsEachFaultOnItsOwnLine()
    {
        ConnectOptions options = Connect with
        {
            ApplicationProtocols = ["", "é", new string('x', 33)],
            HandshakeTimeout = TimeSpan.FromMinutes(11),
            IdleTimeout = TimeSpan.Zero,
            KeepAliveInterval = TimeSpan.FromHours(2),
            DefaultStreamErrorCode = -1,
            DefaultCloseErrorCode = long.MaxValue,
            Versions = [QuicVersion.Unknown],
            CongestionControl = (CongestionControl)77,
            Limits = null!,
            RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            Tls = null!,
        };

        string[] lines = FaultsOf(options.Validate);

        string[] expected =
        [
            "ApplicationProtocols", "ApplicationProtocols", "ApplicationProtocols", "HandshakeTimeout", "IdleTimeout", "KeepAliveInterval",
            "DefaultStreamErrorCode", "DefaultCloseErrorCode", "Versions", "CongestionControl", "Limits", "RemoteEndPoint", "Tls",
        ];
        CollectionAssert.AreEqual(expected.Select(p => "ConnectOptions." + p).ToArray(), lines.Select(l => l.Split(' ')[0]).ToArray());
    }

    [TestMethod]
    public void Validate_EverythingWrongOnTheServer_ListsEachFaultOnItsOwnLine()
    {
        ListenOptions options = Listen with
        {
            LocalEndPoint = null!,
            Tls = null!,
            MaxConnections = 0,
            MaxHandshakes = 1_000_001,
            RetryThreshold = -1,
            Backlog = 65537,
            StaticSecret = new byte[31],
        };

        string[] lines = FaultsOf(options.Validate);

        string[] expected = ["LocalEndPoint", "Tls", "MaxConnections", "MaxHandshakes", "RetryThreshold", "Backlog", "StaticSecret"];
        CollectionAssert.AreEqual(expected.Select(p => "ListenOptions." + p).ToArray(), lines.Select(l => l.Split(' ')[0]).ToArray());
    }

    [TestMethod]
    public void Validate_EverythingWrongInLimits_ListsEachFaultOnItsOwnLine()
    {
        var limits = new TransportLimits
        {
            MaxInboundBidirectionalStreams = -1,
            MaxInboundUnidirectionalStreams = (1 << 20) + 1,
            StreamReceiveWindow = 1,
            ConnectionReceiveWindow = (256 << 20) + 1,
            StreamSendBuffer = 0,
            StreamUnsentBuffer = 0,
            MaxDatagramSize = 65536,
            DatagramReceiveQueue = 0,
            MaxResetsPerSecond = 0,
            MaxControlFramesPerSecond = 999,
            MaxIdleDatagramsPerSecond = 99,
        };

        string[] lines = FaultsOf(limits.Validate);

        string[] expected =
        [
            "MaxInboundBidirectionalStreams", "MaxInboundUnidirectionalStreams", "StreamReceiveWindow", "ConnectionReceiveWindow", "StreamSendBuffer", "StreamUnsentBuffer",
            "MaxDatagramSize", "DatagramReceiveQueue", "MaxResetsPerSecond", "MaxControlFramesPerSecond", "MaxIdleDatagramsPerSecond",
        ];
        CollectionAssert.AreEqual(expected.Select(p => "TransportLimits." + p).ToArray(), lines.Select(l => l.Split(' ')[0]).ToArray());
    }

    [TestMethod]
    public void Validate_EverythingWrongInServerTls_ListsEachFaultOnItsOwnLine()
    {
        var options = new ServerTlsOptions
        {
            Identity = null!,
            ClientCertificateMode = ClientCertificateMode.Required,
            TicketKey = new byte[32],
            AllowResumption = false,
            AllowEarlyData = true,
        };

        string[] lines = FaultsOf(options.Validate);

        string[] expected = ["Identity", "ClientCertificatePolicy", "TicketKey", "AllowEarlyData"];
        CollectionAssert.AreEqual(expected.Select(p => "ServerTlsOptions." + p).ToArray(), lines.Select(l => l.Split(' ')[0]).ToArray());
    }

    [TestMethod]
    public void Validate_OneNumberOutOfRange_NamesValueAndRange()
    {
        string line = FaultsOf((Listen with { MaxConnections = 1_000_001 }).Validate).Single();

        Assert.AreEqual("ListenOptions.MaxConnections is 1000001; it must be 1 to 1000000.", line);
    }

    [TestMethod]
    public void Validate_OneTimeOutOfRange_SaysThatNeverIsAllowedWhereItIs()
    {
        string idle = FaultsOf((Connect with { IdleTimeout = TimeSpan.FromDays(1) }).Validate).Single();
        string handshake = FaultsOf((Connect with { HandshakeTimeout = Timeout.InfiniteTimeSpan }).Validate).Single();

        Assert.AreEqual("ConnectOptions.IdleTimeout is 1.00:00:00; it must be 00:00:00.0010000 to 01:00:00 or Timeout.InfiniteTimeSpan.", idle);
        Assert.AreEqual("ConnectOptions.HandshakeTimeout is -00:00:00.0010000; it must be 00:00:00.0010000 to 00:10:00.", handshake);
    }

    [TestMethod]
    public void Validate_ValuesAtTheEndsOfTheirRanges_AreAllowed()
    {
        (Connect with
        {
            ApplicationProtocols = [.. Enumerable.Range(0, 8).Select(i => new string((char)('a' + i), 32))],
            HandshakeTimeout = TimeSpan.FromMilliseconds(1),
            IdleTimeout = Timeout.InfiniteTimeSpan,
            KeepAliveInterval = TimeSpan.FromHours(1),
            DefaultStreamErrorCode = ErrorCodes.Max,
            DefaultCloseErrorCode = ErrorCodes.Max,
            Versions = [QuicVersion.Version2],
            CongestionControl = CongestionControl.Bbr,
            RemoteEndPoint = new IPEndPoint(IPAddress.IPv6Loopback, 65535),
        }).Validate();
        (Listen with { MaxConnections = 1, MaxHandshakes = 1_000_000, RetryThreshold = 0, Backlog = 65536, StaticSecret = new byte[32] }).Validate();
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(9)]
    public void Validate_NumberOfProtocolsOutOfRange_IsAFault(int count)
    {
        string line = FaultsOf((Connect with { ApplicationProtocols = [.. Enumerable.Repeat("net/1", count)] }).Validate).Single();

        Assert.AreEqual("ConnectOptions.ApplicationProtocols must hold 1 to 8 names, such as \"net/1\".", line);
    }

    [TestMethod]
    public void Validate_LimitsOutOfRange_IsReportedThroughTheOptions()
    {
        string line = FaultsOf((Connect with { Limits = new TransportLimits { StreamSendBuffer = 1 } }).Validate).Single();

        Assert.AreEqual("TransportLimits.StreamSendBuffer is 1; it must be 4096 to 67108864.", line);
    }

    [TestMethod]
    public void EffectiveServerName_NoneGiven_IsTheHostOfTheEndPoint()
    {
        Assert.AreEqual("a.example", Connect.EffectiveServerName);
        Assert.AreEqual("::1", (Connect with { RemoteEndPoint = new IPEndPoint(IPAddress.IPv6Loopback, 1) }).EffectiveServerName);
        Assert.AreEqual("other", (Connect with { ServerName = "other" }).EffectiveServerName);
    }

    private static string[] FaultsOf(Action validate) => Assert.ThrowsExactly<ArgumentException>(validate).Message.Split(Environment.NewLine);
}
