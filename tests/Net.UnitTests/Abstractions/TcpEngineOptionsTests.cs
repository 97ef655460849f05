using System.Net;
using Net.Client;
using Net.Testing;

namespace Net.UnitTests.Abstractions;

/// <summary>Options that ask for what only QUIC has: refused over TCP, never ignored.</summary>
[TestClass]
public sealed class TcpEngineOptionsTests
{
    private static readonly ServerTlsOptions ServerTls = new() { Identity = TestCertificates.Shared.Server };

    [TestMethod]
    [DataRow("InlineContinuations")]
    [DataRow("CongestionControlChoice")]
    [DataRow("KeyLog")]
    [DataRow("Version2")]
    [DataRow("Datagrams")]
    public async Task Options_ThatAskForWhatOnlyQuicHas_AreRefused(string capability)
    {
        await using var engine = new TcpEngine();
        Assert.IsFalse(engine.Capabilities.HasFlag(Enum.Parse<EngineCapabilities>(capability)));

        NotSupportedException onClient = await Assert.ThrowsExactlyAsync<NotSupportedException>(() => engine.ConnectAsync((ConnectOptions)Ask(Connecting, capability)).AsTask());
        NotSupportedException onServer = await Assert.ThrowsExactlyAsync<NotSupportedException>(() => engine.ListenAsync((ListenOptions)Ask(Listening, capability)).AsTask());

        Assert.Contains($"EngineCapabilities.{capability}", onClient.Message);
        Assert.Contains($"EngineCapabilities.{capability}", onServer.Message);
    }

    [TestMethod]
    public async Task Options_ThatAskForAllOfIt_AreToldEverything()
    {
        await using var engine = new TcpEngine();
        string[] all = ["InlineContinuations", "CongestionControlChoice", "KeyLog", "Version2", "Datagrams"];
        TransportOptions options = all.Aggregate((TransportOptions)Connecting, Ask);

        NotSupportedException refusal = await Assert.ThrowsExactlyAsync<NotSupportedException>(() => engine.ConnectAsync((ConnectOptions)options).AsTask());

        foreach (string capability in all)
        {
            Assert.Contains($"EngineCapabilities.{capability}", refusal.Message);
        }
    }

    [TestMethod]
    public async Task Options_ThatMayBeIgnored_AreNotRefused()
    {
        await using var engine = new TcpEngine();
        ConnectOptions options = Connecting with { AllowEarlyData = true, Versions = [QuicVersion.Version2, QuicVersion.Version1] };

        // It gets as far as the dialling, which the token ends.
        await Assert.ThrowsAsync<OperationCanceledException>(() => engine.ConnectAsync(options, new CancellationToken(canceled: true)).AsTask());
    }

    [TestMethod]
    public async Task Fallback_OfAChannelThatAllowsDatagrams_GoesWithoutThem()
    {
        ChannelProtocol overTcp = new RawStreamChannelProtocol().Fallback!;
        var context = new ChannelConnectContext
        {
            EndPoint = new ChannelEndPoint(TransportEndPoint.Parse("127.0.0.1:9")),
            Tls = Connecting.Tls,
            Limits = TransportLimits.Default with { MaxDatagramSize = 1200 },
        };

        await Assert.ThrowsAsync<OperationCanceledException>(() => overTcp.ConnectAsync(context, new CancellationToken(canceled: true)).AsTask());
    }

    private static ConnectOptions Connecting => new()
    {
        RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 9),
        ApplicationProtocols = ["net/1"],
        Tls = new ClientTlsOptions { ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) },
    };

    private static ListenOptions Listening => new()
    {
        LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
        ApplicationProtocols = ["net/1"],
        Tls = static (in ClientHello _) => ServerTls,
    };

    private static TransportOptions Ask(TransportOptions options, string capability) => capability switch
    {
        "InlineContinuations" => options with { InlineContinuations = true },
        "CongestionControlChoice" => options with { CongestionControl = CongestionControl.Bbr },
        "KeyLog" => options with { KeyLogFile = "keys.log" },
        "Version2" => options with { Versions = [QuicVersion.Version2] },
        _ => options with { Limits = options.Limits with { MaxDatagramSize = 1200 } },
    };
}
