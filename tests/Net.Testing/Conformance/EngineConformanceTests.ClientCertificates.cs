using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>Mutual TLS: the three modes, and how servers judge clients.</content>
public abstract partial class EngineConformanceTests
{
    /// <summary>Ways in which a client's certificate can be wrong.</summary>
    public enum WrongClient
    {
        SelfSigned,
        OtherAuthority,
        Expired,
        NotYetValid,
        WrongUsage,
    }

    [TestMethod]
    public async Task ClientCertificate_Required_IsSeenWithItsChain()
    {
        ConformancePair pair = await ConnectPairAsync(o => o with { Tls = ClientTls(Certificates.Client) }, _ => Listening(MutualTls()));
        pair.StartEcho();

        Assert.AreEqual(Certificates.Client.Certificate.Thumbprint, pair.Server.PeerCertificate!.Thumbprint);
        Assert.HasCount(2, pair.Server.PeerCertificateChain);
        CollectionAssert.AreEqual(Certificates.Client.Certificate.RawData, pair.Server.PeerCertificateChain[0].ToArray());
        CollectionAssert.AreEqual(Certificates.Intermediate.RawData, pair.Server.PeerCertificateChain[1].ToArray());
        await pair.Client.AssertEchoesAsync();
    }

    [TestMethod]
    public async Task ClientCertificate_RequiredButMissing_IsRejectedOnBothSides()
    {
        using var signals = new TransportSignals(ServerEngine.Name);
        TransportListener listener = await ListenAsync(Listening(MutualTls()));

        await ServerRejectsAsync(listener, ClientTls());

        await signals.WaitForMeasurementAsync(
            "transport.handshake.failures", ("transport.role", "server"), ("error.type", nameof(TransportError.CertificateRejected)));
    }

    [TestMethod]
    public async Task ClientCertificate_OptionalAndMissing_IsLetIn()
    {
        var policy = new RecordingPolicy(_ => PeerCertificateVerdict.Refused(CertificateRefusal.Malformed, "nothing to judge"));
        ConformancePair pair = await ConnectPairAsync(server: _ => Listening(MutualTls(ClientCertificateMode.Optional, policy)));
        pair.StartEcho();

        Assert.IsNull(pair.Server.PeerCertificate);
        Assert.IsEmpty(pair.Server.PeerCertificateChain);
        await pair.Client.AssertEchoesAsync();
    }

    [TestMethod]
    public async Task ClientCertificate_OptionalAndGood_IsSeen()
    {
        ConformancePair pair = await ConnectPairAsync(
            o => o with { Tls = ClientTls(Certificates.Client) }, _ => Listening(MutualTls(ClientCertificateMode.Optional)));

        Assert.AreEqual(Certificates.Client.Certificate.Thumbprint, pair.Server.PeerCertificate!.Thumbprint);
    }

    [TestMethod]
    public async Task ClientCertificate_OptionalAndBad_IsRejected()
    {
        TransportListener listener = await ListenAsync(Listening(MutualTls(ClientCertificateMode.Optional)));

        await ServerRejectsAsync(listener, ClientTls(Certificates.OtherAuthorityClient));
    }

    [TestMethod]
    public async Task ClientCertificate_NotAskedFor_IsNotSent()
    {
        ConformancePair pair = await ConnectPairAsync(o => o with { Tls = ClientTls(Certificates.Client) });
        pair.StartEcho();

        Assert.IsNull(pair.Server.PeerCertificate);
        await pair.Client.AssertEchoesAsync();
    }

    [TestMethod]
    [DataRow(CertificateRefusal.UnknownAuthority)]
    [DataRow(CertificateRefusal.Expired)]
    [DataRow(CertificateRefusal.NotYetValid)]
    [DataRow(CertificateRefusal.WrongUsage)]
    [DataRow(CertificateRefusal.Revoked)]
    [DataRow(CertificateRefusal.Malformed)]
    [DataRow(CertificateRefusal.NotAllowed)]
    public async Task ClientCertificatePolicy_Refuses_BothSidesReportTheCertificate(CertificateRefusal refusal)
    {
        using var signals = new TransportSignals(ServerEngine.Name);
        TransportListener listener = await ListenAsync(Listening(MutualTls(policy: RecordingPolicy.Refusing(refusal))));

        await ServerRejectsAsync(listener, ClientTls(Certificates.Client));

        await signals.WaitForMeasurementAsync(
            "transport.handshake.failures", ("transport.role", "server"), ("error.type", nameof(TransportError.CertificateRejected)));
    }

    [TestMethod]
    [DataRow(WrongClient.SelfSigned)]
    [DataRow(WrongClient.OtherAuthority)]
    [DataRow(WrongClient.Expired)]
    [DataRow(WrongClient.NotYetValid)]
    [DataRow(WrongClient.WrongUsage)]
    public async Task ClientCertificate_Wrong_IsRejected(WrongClient wrong)
    {
        TlsIdentity identity = wrong switch
        {
            WrongClient.SelfSigned => Certificates.SelfSignedClient,
            WrongClient.OtherAuthority => Certificates.OtherAuthorityClient,
            WrongClient.Expired => Certificates.ExpiredClient,
            WrongClient.NotYetValid => Certificates.NotYetValidClient,
            _ => Certificates.WrongUsageClient,
        };
        TransportListener listener = await ListenAsync(Listening(MutualTls()));

        await ServerRejectsAsync(listener, ClientTls(identity));
    }

    [TestMethod]
    public async Task ClientCertificate_Rejected_ListenerGoesOnAndNeverHandsItOut()
    {
        TransportListener listener = await ListenAsync(Listening(MutualTls()));
        for (int i = 0; i < 5; i++)
        {
            await ServerRejectsAsync(listener, ClientTls(Certificates.OtherAuthorityClient));
        }

        ConformancePair pair = await ConnectPairAsync(listener, o => o with { Tls = ClientTls(Certificates.Client) });

        // The first that is accepted is the good one.
        Assert.AreEqual(Certificates.Client.Certificate.Thumbprint, pair.Server.PeerCertificate!.Thumbprint);
    }

    [TestMethod]
    public async Task ClientCertificatePolicy_Asked_IsToldAllAboutTheHandshake()
    {
        var policy = new RecordingPolicy();
        await ConnectPairAsync(o => o with { Tls = ClientTls(Certificates.Client) }, _ => Listening(MutualTls(policy: policy)));

        PolicyQuestion question = policy.Questions[0];
        Assert.IsFalse(question.IsServerCertificate);
        Assert.IsFalse(question.IsResumption);
        Assert.AreEqual(ServerName, question.ServerName);
        Assert.HasCount(2, question.Chain);
        CollectionAssert.AreEqual(Certificates.Client.Certificate.RawData, question.Chain[0]);
        Assert.IsLessThan(TimeSpan.FromMinutes(5), (question.Now - TimeProvider.System.GetUtcNow()).Duration());
    }

    [TestMethod]
    public async Task ClientCertificatePolicy_Throws_RefusesTheClientOnly()
    {
        var policy = new RecordingPolicy(_ => throw new InvalidOperationException("The test says no."));
        ServerTlsOptions failing = MutualTls(policy: policy);
        ServerTlsOptions plain = PlainTls();
        TransportListener listener = await ListenAsync(Listening() with { Tls = (in ClientHello hello) => hello.ServerName == "refused.test.example" ? failing : plain });

        await Assert.ThrowsExactlyAsync<TransportException>(() => UseAsync(Connecting(listener.LocalEndPoint, ClientTls(Certificates.Client)) with { ServerName = "refused.test.example" }));
        await AssertAcceptsAsync(listener);
    }

    [TestMethod]
    public async Task IdentityGeneration_OfBothSides_IsThatOfTheirIdentities()
    {
        TlsIdentity client = Certificates.CreateClient(generation: 7);
        ServerTlsOptions tls = MutualTls() with { Identity = Certificates.CreateServer(generation: 9) };
        ConformancePair pair = await ConnectPairAsync(o => o with { Tls = ClientTls(client) }, _ => Listening(tls));

        Assert.AreEqual(7, pair.Client.IdentityGeneration);
        Assert.AreEqual(9, pair.Server.IdentityGeneration);
    }

    [TestMethod]
    public async Task IdentityGeneration_ClientWithoutIdentity_IsZero()
    {
        ConformancePair pair = await ConnectPairAsync();

        Assert.AreEqual(0, pair.Client.IdentityGeneration);
    }

    // With ConfirmedConnect the refusal comes out of ConnectAsync, else out of the connection.
    private async Task ServerRejectsAsync(TransportListener listener, ClientTlsOptions tls)
    {
        ConnectOptions options = Connecting(listener.LocalEndPoint, tls);
        if (Can(EngineCapabilities.ConfirmedConnect))
        {
            TransportException exception = await ConnectFailsAsync(TransportError.CertificateRejected, options);
            Assert.IsFalse(exception.IsSafeToRetry);
        }
        else
        {
            await FailsAsync(TransportError.CertificateRejected, () => UseAsync(options));
        }
    }

    private async Task UseAsync(ConnectOptions options)
    {
        TransportConnection connection = await ConnectAsync(options);
        ConnectionClose close = await connection.Closed.WithTimeout();
        throw close.ToException();
    }
}
