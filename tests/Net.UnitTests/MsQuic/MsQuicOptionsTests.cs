using System.Net;
using System.Net.Quic;
using System.Runtime.Versioning;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.MsQuic;
using Net.MsQuic.Internal;

namespace Net.UnitTests.MsQuic;

[TestClass]
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
public sealed class MsQuicOptionsTests
{
    private static readonly ConnectOptions Connecting = new()
    {
        ApplicationProtocols = ["test/1", "test/2"],
        RemoteEndPoint = new DnsEndPoint("server.example", 443),
        Tls = new ClientTlsOptions { ServerCertificatePolicy = new AcceptingPolicy() },
    };

    private static readonly ListenOptions Listening = new()
    {
        ApplicationProtocols = ["test/1"],
        LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
        Tls = (in ClientHello _) => null,
    };

    [TestMethod]
    public void ThrowIfNotSupported_Defaults_Pass()
    {
        MsQuicOptions.ThrowIfNotSupported(Connecting);
        MsQuicOptions.ThrowIfNotSupported(Listening);
    }

    [TestMethod]
    public void ThrowIfNotSupported_EverythingThatIsMissing_NamesAllAtOnce()
    {
        ListenOptions options = Listening with
        {
            InlineContinuations = true,
            CongestionControl = CongestionControl.Bbr,
            KeyLogFile = "keys.log",
            Versions = [QuicVersion.Version2],
            StaticSecret = new byte[32],
            RetryThreshold = 0,
            Limits = new TransportLimits { MaxDatagramSize = 1200, MaxInboundBidirectionalStreams = 65536, MaxInboundUnidirectionalStreams = 65536 },
        };

        NotSupportedException exception = Assert.ThrowsExactly<NotSupportedException>(() => MsQuicOptions.ThrowIfNotSupported(options));

        foreach (string property in new[]
        {
            nameof(options.InlineContinuations), nameof(options.CongestionControl), nameof(options.KeyLogFile), nameof(options.Versions), nameof(options.StaticSecret), nameof(options.RetryThreshold),
            nameof(options.Limits.MaxDatagramSize), nameof(options.Limits.MaxInboundBidirectionalStreams), nameof(options.Limits.MaxInboundUnidirectionalStreams),
        })
        {
            StringAssert.Contains(exception.Message, property, StringComparison.Ordinal);
        }
    }

    [TestMethod]
    public void ThrowIfNotSupported_Version1AmongOthers_Passes() =>
        MsQuicOptions.ThrowIfNotSupported(Connecting with { Versions = [QuicVersion.Version2, QuicVersion.Version1] });

    [TestMethod]
    public void CreateClient_AllSettings_AreCarriedOver()
    {
        var remote = new IPEndPoint(IPAddress.IPv6Loopback, 4433);
        ConnectOptions options = Connecting with
        {
            LocalEndPoint = new IPEndPoint(IPAddress.IPv6Loopback, 0),
            HandshakeTimeout = TimeSpan.FromSeconds(3),
            IdleTimeout = TimeSpan.FromSeconds(4),
            KeepAliveInterval = TimeSpan.FromSeconds(2),
            DefaultCloseErrorCode = 5,
            DefaultStreamErrorCode = 6,
            Limits = new TransportLimits
            {
                MaxInboundBidirectionalStreams = 7,
                MaxInboundUnidirectionalStreams = 8,
                StreamReceiveWindow = 100_000,
                ConnectionReceiveWindow = 1 << 20,
            },
        };

        QuicClientConnectionOptions native = MsQuicOptions.CreateClient(options, remote, null, Check(), new StreamCredit());

        Assert.AreSame(remote, native.RemoteEndPoint);
        Assert.AreSame(options.LocalEndPoint, native.LocalEndPoint);
        Assert.AreEqual("server.example", native.ClientAuthenticationOptions.TargetHost);
        CollectionAssert.AreEqual(options.ApplicationProtocols.ToArray(), native.ClientAuthenticationOptions.ApplicationProtocols!.ConvertAll(p => p.ToString()));
        Assert.AreEqual(options.HandshakeTimeout, native.HandshakeTimeout);
        Assert.AreEqual(options.IdleTimeout, native.IdleTimeout);
        Assert.AreEqual(options.KeepAliveInterval, native.KeepAliveInterval);
        Assert.AreEqual(5L, native.DefaultCloseErrorCode);
        Assert.AreEqual(6L, native.DefaultStreamErrorCode);
        Assert.AreEqual(7, native.MaxInboundBidirectionalStreams);
        Assert.AreEqual(8, native.MaxInboundUnidirectionalStreams);
        Assert.AreEqual(65536, native.InitialReceiveWindowSizes.UnidirectionalStream, "100,000 rounded down to a power of two.");
        Assert.AreEqual(65536, native.InitialReceiveWindowSizes.LocallyInitiatedBidirectionalStream);
        Assert.AreEqual(65536, native.InitialReceiveWindowSizes.RemotelyInitiatedBidirectionalStream);
        Assert.AreEqual(1 << 20, native.InitialReceiveWindowSizes.Connection);
    }

    [TestMethod]
    public void CreateClient_NoInboundStreamsAllowed_LetsOneInToLearnOfTheEnd()
    {
        ConnectOptions options = Connecting with { Limits = new TransportLimits { MaxInboundBidirectionalStreams = 0, MaxInboundUnidirectionalStreams = 0 } };

        QuicClientConnectionOptions native = MsQuicOptions.CreateClient(options, new IPEndPoint(IPAddress.Loopback, 1), null, Check(), new StreamCredit());

        Assert.AreEqual(0, native.MaxInboundBidirectionalStreams);
        Assert.AreEqual(1, native.MaxInboundUnidirectionalStreams);
    }

    [TestMethod]
    public void CreateClient_ChainPolicy_NeitherLoadsRootsNorFetches()
    {
        QuicClientConnectionOptions native = MsQuicOptions.CreateClient(Connecting, new IPEndPoint(IPAddress.Loopback, 1), null, Check(), new StreamCredit());

        Assert.IsTrue(native.ClientAuthenticationOptions.CertificateChainPolicy!.DisableCertificateDownloads);
        Assert.AreEqual(System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck, native.ClientAuthenticationOptions.CertificateChainPolicy.RevocationMode);
    }

    private static CertificateCheck Check() => new(new AcceptingPolicy(), ClientCertificateMode.Required, true, "server.example", TimeProvider.System);

    private sealed class AcceptingPolicy : PeerCertificatePolicy
    {
        public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context) => PeerCertificateVerdict.Accepted;
    }
}
