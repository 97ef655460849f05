using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Net.UnitTests.Abstractions.Tls;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Tls;

[TestClass]
public sealed class TlsMutualTests
{
    [TestInitialize]
    public void RequireLibraries() => NativeRequirement.Libraries();

    [TestMethod]
    [DataRow(ClientCertificateMode.None, true, false)]
    [DataRow(ClientCertificateMode.None, false, false)]
    [DataRow(ClientCertificateMode.Optional, true, true)]
    [DataRow(ClientCertificateMode.Optional, false, false)]
    [DataRow(ClientCertificateMode.Required, true, true)]
    public void Handshake_ModeAndCertificateFit_Confirmed(ClientCertificateMode mode, bool clientShowsOne, bool serverSeesOne)
    {
        using TlsPair pair = TlsPair.Run(new TlsWorld().WithMutual(mode, clientShowsOne));
        Assert.IsTrue(pair.Client.IsConfirmed);
        Assert.IsTrue(pair.Server.IsHandshakeOver);
        Assert.AreEqual(mode != ClientCertificateMode.None, pair.Client.Tls.ServerAskedForCertificate);
        Assert.AreEqual(serverSeesOne ? "CN=client" : null, pair.Server.Tls.PeerCertificate?.Subject);
        Assert.AreEqual(clientShowsOne ? 7 : 0, pair.Client.Tls.IdentityGeneration);
    }

    [TestMethod]
    public void Handshake_RequiredAndMissing_ClientGetsCertificateRequired()
    {
        using TlsPair pair = TlsPair.Run(new TlsWorld().WithMutual(ClientCertificateMode.Required, clientShowsOne: false));
        Assert.IsFalse(pair.Client.IsConfirmed);
        Assert.AreEqual(116, pair.Server.SentAlert);
        Assert.AreEqual(0x174ul, pair.Client.ReceivedCode);
        Assert.AreEqual(CertificateRefusal.Missing, pair.Server.Tls.Refusal.Refusal);
        StringAssert.Contains(pair.Server.Tls.Refusal.Detail, "the client sent no certificate");
    }

    [TestMethod]
    [DataRow(CertificateRefusal.UnknownAuthority, 48)]
    [DataRow(CertificateRefusal.Expired, 45)]
    [DataRow(CertificateRefusal.WrongUsage, 43)]
    [DataRow(CertificateRefusal.Revoked, 44)]
    [DataRow(CertificateRefusal.Malformed, 42)]
    [DataRow(CertificateRefusal.NotAllowed, 49)]
    public void Handshake_ServersPolicyRefuses_ClientGetsItsAlert(CertificateRefusal refusal, int alert)
    {
        var world = new TlsWorld().WithMutual(ClientCertificateMode.Optional);
        var policy = new TlsWorld.Policy(_ => PeerCertificateVerdict.Refused(refusal, "why"));
        world.ServerTls = world.ServerTls with { ClientCertificatePolicy = policy };
        using TlsPair pair = TlsPair.Run(world);
        Assert.IsFalse(pair.Client.IsConfirmed);
        Assert.AreEqual(0x100ul + (ulong)alert, pair.Client.ReceivedCode);
        Assert.AreEqual("why", pair.Server.Tls.Refusal.Detail);
        Assert.AreEqual("a.example", policy.Calls.Single().ServerName);
        Assert.IsFalse(policy.Calls.Single().IsServerCertificate);
    }

    [TestMethod]
    public void Handshake_ClientsPolicyRefuses_ServerGetsItsAlert()
    {
        var world = new TlsWorld();
        world.ClientTls = world.ClientTls with { ServerCertificatePolicy = new CertificateTrust([TestAuthority.CreateRoot("CN=elsewhere").Certificate]) };
        using TlsPair pair = TlsPair.Run(world);
        Assert.AreEqual(48, pair.Client.SentAlert);
        Assert.AreEqual(0x130ul, pair.Server.ReceivedCode);
        Assert.AreEqual(CertificateRefusal.UnknownAuthority, pair.Client.Tls.Refusal.Refusal);
        Assert.IsFalse(pair.Server.IsHandshakeOver);
    }

    [TestMethod]
    public void Handshake_ServerCertificateExpired_ServerGetsCertificateExpired()
    {
        var world = new TlsWorld();
        world.Clock.Now = TestAuthority.End.AddDays(1);
        using TlsPair pair = TlsPair.Run(world);
        Assert.AreEqual(0x12dul, pair.Server.ReceivedCode);
        Assert.AreEqual(CertificateRefusal.Expired, pair.Client.Tls.Refusal.Refusal);
    }

    [TestMethod]
    public void Handshake_PolicyThrows_RefusedWithDetail()
    {
        var world = new TlsWorld();
        world.ClientTls = world.ClientTls with { ServerCertificatePolicy = new TlsWorld.Policy(_ => throw new InvalidOperationException("broken policy")) };
        using TlsPair pair = TlsPair.Run(world);
        Assert.AreEqual(49, pair.Client.SentAlert);
        StringAssert.Contains(pair.Client.Tls.Refusal.Detail, "broken policy");
    }

    [TestMethod]
    public void Handshake_ClientsPolicy_GetsNameRoleAndTime()
    {
        var world = new TlsWorld();
        var policy = new TlsWorld.Policy(_ => PeerCertificateVerdict.Accepted);
        world.ClientTls = world.ClientTls with { ServerCertificatePolicy = policy };
        using TlsPair pair = TlsPair.Run(world);
        PeerCertificateContext call = policy.Calls.Single();
        Assert.AreEqual("a.example", call.ServerName);
        Assert.IsTrue(call.IsServerCertificate);
        Assert.IsFalse(call.IsResumption);
        Assert.AreEqual(world.Clock.Now, call.Now);
    }

    [TestMethod]
    public void Handshake_ClientOfAnotherAuthority_CertificateStillSentAndRefused()
    {
        var world = new TlsWorld().WithMutual(ClientCertificateMode.Required);
        TestAuthority stranger = TestAuthority.CreateRoot("CN=stranger").Issue(new CertificateShape { Subject = "CN=foreigner" });
        world.ClientTls = world.ClientTls with { Identity = new TlsIdentity(stranger.WithKey()) };
        using TlsPair pair = TlsPair.Run(world);
        Assert.AreEqual(0x130ul, pair.Client.ReceivedCode);
        Assert.AreEqual("CN=foreigner", pair.Server.Tls.PeerCertificate!.Subject);
    }

    [TestMethod]
    public void Handshake_IdentityThatGnuTlsCannotUse_ArgumentExceptionNamesSubject()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1);
        using X509Certificate2 certificate = new CertificateRequest("CN=brainpool", key, HashAlgorithmName.SHA256).CreateSelfSigned(TestAuthority.Start, TestAuthority.End);
        var world = new TlsWorld();
        world.ClientTls = world.ClientTls with { Identity = new TlsIdentity(certificate) };
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => TlsPair.Run(world));
        StringAssert.Contains(exception.Message, "CN=brainpool");
        StringAssert.Contains(exception.Message, "GnuTLS refuses");
    }
}
