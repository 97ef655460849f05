using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>SNI, the choice of the server's certificate, and how clients judge it.</content>
public abstract partial class EngineConformanceTests
{
    /// <summary>Ways in which a server's certificate can be wrong.</summary>
    public enum WrongServer
    {
        SelfSigned,
        OtherAuthority,
        Expired,
        NotYetValid,
        WrongUsage,
        WrongName,
    }

    [TestMethod]
    public async Task ServerName_Given_ReachesSelectorAndBothSides()
    {
        string? asked = null;
        ServerTlsOptions tls = PlainTls();
        ConformancePair pair = await ConnectPairAsync(
            o => o with { ServerName = "a.test.example" },
            o => o with
            {
                Tls = (in ClientHello hello) =>
                {
                    asked = hello.ServerName;
                    return tls;
                },
            });

        Assert.AreEqual("a.test.example", asked);
        Assert.AreEqual("a.test.example", pair.Client.ServerName);
        Assert.AreEqual("a.test.example", pair.Server.ServerName);
    }

    [TestMethod]
    public async Task ServerName_IsAnAddress_IsJudgedButNotSent()
    {
        string? asked = "not called";
        var policy = new RecordingPolicy();
        ServerTlsOptions tls = PlainTls();
        ConformancePair pair = await ConnectPairAsync(
            o => o with { ServerName = null, Tls = ClientTls(policy: policy) },
            o => o with
            {
                Tls = (in ClientHello hello) =>
                {
                    asked = hello.ServerName;
                    return tls;
                },
            });

        // RFC 6066, section 3: literal addresses are not permitted in SNI.
        Assert.IsNull(asked);
        Assert.IsNull(pair.Client.ServerName);
        Assert.IsNull(pair.Server.ServerName);
        Assert.AreEqual(Loopback.ToString(), policy.Questions[0].ServerName);
    }

    [TestMethod]
    public async Task Selector_ToldWhereTheClientIs_SeesItsAddress()
    {
        System.Net.IPEndPoint? seen = null;
        ServerTlsOptions tls = PlainTls();
        ConformancePair pair = await ConnectPairAsync(server: o => o with
        {
            Tls = (in ClientHello hello) =>
            {
                seen = hello.RemoteEndPoint;
                return tls;
            },
        });

        Assert.AreEqual(pair.Server.RemoteEndPoint, seen);
    }

    [TestMethod]
    public async Task Selector_ReturnsNull_RefusesTheClientOnly()
    {
        ServerTlsOptions tls = PlainTls();
        TransportListener listener = await ListenAsync(Listening() with
        {
            Tls = (in ClientHello hello) => hello.ServerName == "refused.test.example" ? null : tls,
        });

        await ConnectFailsAsync(TransportError.ConnectFailed, Connecting(listener.LocalEndPoint) with { ServerName = "refused.test.example" });
        await AssertAcceptsAsync(listener);
    }

    [TestMethod]
    public async Task Selector_Throws_RefusesTheClientOnly()
    {
        ServerTlsOptions tls = PlainTls();
        TransportListener listener = await ListenAsync(Listening() with
        {
            Tls = (in ClientHello hello) => hello.ServerName == "refused.test.example" ? throw new InvalidOperationException("The test says no.") : tls,
        });

        await ConnectFailsAsync(TransportError.ConnectFailed, Connecting(listener.LocalEndPoint) with { ServerName = "refused.test.example" });
        await AssertAcceptsAsync(listener);
    }

    [TestMethod]
    public async Task Selector_ChoosesByName_EachClientSeesItsCertificate()
    {
        ServerTlsOptions one = PlainTls(Certificates.CreateServer(names: ["one.test.example"]));
        ServerTlsOptions two = PlainTls(Certificates.CreateServer(names: ["two.test.example"]));
        TransportListener listener = await ListenAsync(Listening() with { Tls = (in ClientHello hello) => hello.ServerName == "one.test.example" ? one : two });

        ConformancePair first = await ConnectPairAsync(listener, o => o with { ServerName = "one.test.example" });
        ConformancePair second = await ConnectPairAsync(listener, o => o with { ServerName = "two.test.example" });

        Assert.AreEqual(one.Identity.Certificate.Thumbprint, first.Client.PeerCertificate!.Thumbprint);
        Assert.AreEqual(two.Identity.Certificate.Thumbprint, second.Client.PeerCertificate!.Thumbprint);
    }

    [TestMethod]
    public async Task PeerCertificate_OfTheServer_HasTheWholeChainLeafFirst()
    {
        ConformancePair pair = await ConnectPairAsync();

        Assert.AreEqual(Certificates.Server.Certificate.Thumbprint, pair.Client.PeerCertificate!.Thumbprint);
        Assert.HasCount(2, pair.Client.PeerCertificateChain);
        CollectionAssert.AreEqual(Certificates.Server.Certificate.RawData, pair.Client.PeerCertificateChain[0].ToArray());
        CollectionAssert.AreEqual(Certificates.Intermediate.RawData, pair.Client.PeerCertificateChain[1].ToArray());
        Assert.IsNull(pair.Server.PeerCertificate);
        Assert.IsEmpty(pair.Server.PeerCertificateChain);
    }

    [TestMethod]
    public async Task ServerCertificatePolicy_Asked_IsToldAllAboutTheHandshake()
    {
        var policy = new RecordingPolicy();
        await ConnectPairAsync(o => o with { Tls = ClientTls(policy: policy) });

        PolicyQuestion question = policy.Questions[0];
        Assert.IsTrue(question.IsServerCertificate);
        Assert.IsFalse(question.IsResumption);
        Assert.AreEqual(ServerName, question.ServerName);
        Assert.HasCount(2, question.Chain);
        CollectionAssert.AreEqual(Certificates.Server.Certificate.RawData, question.Chain[0]);
        Assert.IsLessThan(TimeSpan.FromMinutes(5), (question.Now - TimeProvider.System.GetUtcNow()).Duration());
    }

    [TestMethod]
    [DataRow(CertificateRefusal.UnknownAuthority)]
    [DataRow(CertificateRefusal.Expired)]
    [DataRow(CertificateRefusal.NotYetValid)]
    [DataRow(CertificateRefusal.NameMismatch)]
    [DataRow(CertificateRefusal.WrongUsage)]
    [DataRow(CertificateRefusal.Revoked)]
    [DataRow(CertificateRefusal.Malformed)]
    [DataRow(CertificateRefusal.NotAllowed)]
    public async Task ServerCertificatePolicy_Refuses_BothSidesReportTheCertificate(CertificateRefusal refusal)
    {
        using var signals = new TransportSignals(ServerEngine.Name);
        TransportListener listener = await ListenAsync();
        ConnectOptions options = Connecting(listener.LocalEndPoint, ClientTls(policy: RecordingPolicy.Refusing(refusal)));

        TransportException exception = await ConnectFailsAsync(TransportError.CertificateRejected, options);

        Assert.IsFalse(exception.IsSafeToRetry);
        Assert.AreEqual(0x100 + PeerCertificateVerdict.Refused(refusal, "").Alert, exception.TransportErrorCode);
        StringAssert.Contains(exception.Message, $"told to say {refusal}", StringComparison.Ordinal);
        await signals.WaitForMeasurementAsync(
            "transport.handshake.failures", ("transport.role", "server"), ("error.type", nameof(TransportError.CertificateRejected)));
        await signals.WaitForMeasurementAsync(
            "transport.handshake.failures", ("transport.role", "client"), ("error.type", nameof(TransportError.CertificateRejected)));
        await AssertAcceptsAsync(listener);
    }

    [TestMethod]
    [DataRow(WrongServer.SelfSigned)]
    [DataRow(WrongServer.OtherAuthority)]
    [DataRow(WrongServer.Expired)]
    [DataRow(WrongServer.NotYetValid)]
    [DataRow(WrongServer.WrongUsage)]
    [DataRow(WrongServer.WrongName)]
    public async Task ServerCertificate_Wrong_IsRejectedOnBothSides(WrongServer wrong)
    {
        using var signals = new TransportSignals(ServerEngine.Name);
        TlsIdentity identity = wrong switch
        {
            WrongServer.SelfSigned => Certificates.SelfSignedServer,
            WrongServer.OtherAuthority => Certificates.OtherAuthorityServer,
            WrongServer.Expired => Certificates.ExpiredServer,
            WrongServer.NotYetValid => Certificates.NotYetValidServer,
            WrongServer.WrongUsage => Certificates.WrongUsageServer,
            _ => Certificates.WrongNameServer,
        };
        TransportListener listener = await ListenAsync(Listening(PlainTls(identity)));

        await ConnectFailsAsync(TransportError.CertificateRejected, Connecting(listener.LocalEndPoint));
        await signals.WaitForMeasurementAsync(
            "transport.handshake.failures", ("transport.role", "server"), ("error.type", nameof(TransportError.CertificateRejected)));
    }

    [TestMethod]
    public async Task ServerCertificate_NameNotInIt_IsRejected()
    {
        TransportListener listener = await ListenAsync();

        await ConnectFailsAsync(TransportError.CertificateRejected, Connecting(listener.LocalEndPoint) with { ServerName = "elsewhere.invalid" });
    }

    [TestMethod]
    public async Task ServerCertificatePolicy_Throws_FailsTheConnectOnly()
    {
        TransportListener listener = await ListenAsync();
        var policy = new RecordingPolicy(_ => throw new InvalidOperationException("The test says no."));

        await Assert.ThrowsExactlyAsync<TransportException>(() => ConnectAsync(Connecting(listener.LocalEndPoint, ClientTls(policy: policy))));
        await AssertAcceptsAsync(listener);
    }

    [TestMethod]
    public async Task ServerCertificate_WithRsaKey_Works()
    {
        var certificates = new TestCertificates(TestKeyKind.Rsa2048);
        var trust = new CertificateTrust(certificates.Roots);
        ConformancePair pair = await ConnectPairAsync(
            o => o with { Tls = ClientTls(certificates.Client, trust) },
            _ => Listening(new ServerTlsOptions
            {
                Identity = certificates.Server,
                ClientCertificateMode = ClientCertificateMode.Required,
                ClientCertificatePolicy = trust,
            }));
        pair.StartEcho();

        Assert.AreEqual(certificates.Server.Certificate.Thumbprint, pair.Client.PeerCertificate!.Thumbprint);
        Assert.AreEqual(certificates.Client.Certificate.Thumbprint, pair.Server.PeerCertificate!.Thumbprint);
        await pair.Client.AssertEchoesAsync();
    }
}
