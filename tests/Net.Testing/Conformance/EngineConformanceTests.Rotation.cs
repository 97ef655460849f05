using System.Security.Cryptography;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>Rotation and resumption.</content>
public abstract partial class EngineConformanceTests
{
    [TestMethod]
    public async Task Rotation_SelectorGivesNewIdentity_NextHandshakeUsesItAndOldConnectionLives()
    {
        ServerTlsOptions before = PlainTls(Certificates.CreateServer(generation: 1));
        ServerTlsOptions after = PlainTls(Certificates.CreateServer(generation: 2));
        ServerTlsOptions current = before;
        TransportListener listener = await ListenAsync(Listening() with { Tls = (in ClientHello _) => Volatile.Read(ref current) });

        ConformancePair first = await ConnectPairAsync(listener);
        first.StartEcho();
        await first.Client.AssertEchoesAsync();
        Volatile.Write(ref current, after);
        ConformancePair second = await ConnectPairAsync(listener);
        second.StartEcho();

        Assert.AreEqual(before.Identity.Certificate.Thumbprint, first.Client.PeerCertificate!.Thumbprint);
        Assert.AreEqual(after.Identity.Certificate.Thumbprint, second.Client.PeerCertificate!.Thumbprint);
        Assert.AreEqual(1, first.Server.IdentityGeneration);
        Assert.AreEqual(2, second.Server.IdentityGeneration);
        await first.Client.AssertEchoesAsync();
        await second.Client.AssertEchoesAsync();
    }

    [TestMethod]
    public async Task Rotation_ClientGetsNewIdentity_NextHandshakeUsesIt()
    {
        TransportListener listener = await ListenAsync(Listening(MutualTls()));
        TlsIdentity before = Certificates.CreateClient(1);
        TlsIdentity after = Certificates.CreateClient(2);

        ConformancePair first = await ConnectPairAsync(listener, o => o with { Tls = ClientTls(before) });
        ConformancePair second = await ConnectPairAsync(listener, o => o with { Tls = ClientTls(after) });

        Assert.AreEqual(before.Certificate.Thumbprint, first.Server.PeerCertificate!.Thumbprint);
        Assert.AreEqual(after.Certificate.Thumbprint, second.Server.PeerCertificate!.Thumbprint);
        Assert.AreEqual(2, second.Client.IdentityGeneration);
    }

    [TestMethod]
    public async Task Resumption_TicketKept_SecondConnectionIsResumed()
    {
        var store = new NotifyingTicketStore();
        ClientTlsOptions tls = ClientTls(Certificates.Client, store: store);
        TransportListener listener = await ListenAsync(Listening(MutualTls()));
        await ConnectAndTakeTicketAsync(listener, tls, store);

        ConformancePair second = await ConnectPairAsync(listener, o => o with { Tls = tls });
        second.StartEcho();

        bool expected = Can(EngineCapabilities.Resumption);
        Assert.AreEqual(expected, second.Client.IsResumed);
        Assert.AreEqual(expected, second.Server.IsResumed);
        Assert.AreEqual(Certificates.Server.Certificate.Thumbprint, second.Client.PeerCertificate!.Thumbprint);
        Assert.AreEqual(Certificates.Client.Certificate.Thumbprint, second.Server.PeerCertificate!.Thumbprint);
        await second.Client.AssertEchoesAsync();
        if (expected)
        {
            Assert.AreEqual(ServerName, store.LastKey!.Value.ServerName);
            Assert.AreEqual(listener.LocalEndPoint.Port, store.LastKey.Value.Port);
            Assert.AreEqual(Protocol, store.LastKey.Value.ApplicationProtocol);
            Assert.AreEqual(ClientEngine.Name, store.LastKey.Value.Engine);
        }
    }

    [TestMethod]
    public async Task Resumption_StoreThrows_ConnectionsWorkWithoutIt()
    {
        bool can = Can(EngineCapabilities.Resumption);
        TransportListener listener = await ListenAsync();
        ConformancePair other = await ConnectPairAsync(listener);
        other.StartEcho();
        for (int i = 0; i < 2; i++)
        {
            var store = new ThrowingTicketStore();
            ConformancePair pair = await ConnectPairAsync(listener, o => o with { Tls = ClientTls(store: store) });
            pair.StartEcho();
            await pair.Client.AssertEchoesAsync();
            if (can)
            {
                await store.WaitForCallAsync(nameof(SessionTicketStore.TakeTicket));
                await store.WaitForCallAsync(nameof(SessionTicketStore.AddTicket));
            }

            await pair.Client.AssertEchoesAsync();
            Assert.IsFalse(pair.Client.IsResumed);
        }

        await other.Client.AssertEchoesAsync();
    }

    [TestMethod]
    public async Task Resumption_WithoutStore_IsNeverResumed()
    {
        TransportListener listener = await ListenAsync();
        ClientTlsOptions tls = ClientTls();
        for (int i = 0; i < 2; i++)
        {
            ConformancePair pair = await ConnectPairAsync(listener, o => o with { Tls = tls });
            Assert.IsFalse(pair.Client.IsResumed);
            Assert.IsFalse(pair.Server.IsResumed);
        }
    }

    [TestMethod]
    public async Task Resumption_NewTicketKey_DoesAFullHandshakeWithTheNewCertificate()
    {
        var store = new NotifyingTicketStore();
        ClientTlsOptions tls = ClientTls(store: store);
        ServerTlsOptions before = PlainTls(Certificates.CreateServer(1)) with { TicketKey = RandomNumberGenerator.GetBytes(64) };
        ServerTlsOptions after = PlainTls(Certificates.CreateServer(2)) with { TicketKey = RandomNumberGenerator.GetBytes(64) };
        ServerTlsOptions current = before;
        TransportListener listener = await ListenAsync(Listening() with { Tls = (in ClientHello _) => Volatile.Read(ref current) });
        await ConnectAndTakeTicketAsync(listener, tls, store);
        Volatile.Write(ref current, after);

        ConformancePair second = await ConnectPairAsync(listener, o => o with { Tls = tls });

        Assert.IsFalse(second.Client.IsResumed);
        Assert.IsFalse(second.Server.IsResumed);
        Assert.AreEqual(after.Identity.Certificate.Thumbprint, second.Client.PeerCertificate!.Thumbprint);
    }

    [TestMethod]
    public async Task Resumption_SameTicketKeyOnAnotherListener_IsResumedThere()
    {
        var store = new NotifyingTicketStore();
        ClientTlsOptions tls = ClientTls(store: store);
        byte[] key = RandomNumberGenerator.GetBytes(64);
        TransportListener one = await ListenAsync(Listening(PlainTls() with { TicketKey = key }));
        await ConnectAndTakeTicketAsync(one, tls, store);
        System.Net.IPEndPoint address = one.LocalEndPoint;
        await one.DisposeAsync().WithTimeout();

        // Another server in the same place that shares the key, as after a restart.
        TransportListener two = await ListenAsync(Listening(PlainTls() with { TicketKey = key }) with { LocalEndPoint = address });
        ConformancePair second = await ConnectPairAsync(two, o => o with { Tls = tls });

        Assert.AreEqual(Can(EngineCapabilities.Resumption), second.Server.IsResumed);
    }

    [TestMethod]
    public async Task Resumption_ServerForbids_IsNotResumed()
    {
        var store = new NotifyingTicketStore();
        ClientTlsOptions tls = ClientTls(store: store);
        ServerTlsOptions before = PlainTls() with { TicketKey = RandomNumberGenerator.GetBytes(64) };
        ServerTlsOptions after = before with { AllowResumption = false };
        ServerTlsOptions current = before;
        TransportListener listener = await ListenAsync(Listening() with { Tls = (in ClientHello _) => Volatile.Read(ref current) });
        await ConnectAndTakeTicketAsync(listener, tls, store);
        Volatile.Write(ref current, after);

        ConformancePair second = await ConnectPairAsync(listener, o => o with { Tls = tls });

        Assert.IsFalse(second.Client.IsResumed);
        Assert.IsFalse(second.Server.IsResumed);
    }

    [TestMethod]
    public async Task Resumption_PoliciesOfBothSides_AreAskedAgain()
    {
        var store = new NotifyingTicketStore();
        var serverPolicy = new RecordingPolicy();
        var clientPolicy = new RecordingPolicy();
        ClientTlsOptions tls = ClientTls(Certificates.Client, serverPolicy, store);
        TransportListener listener = await ListenAsync(Listening(MutualTls(policy: clientPolicy)));
        await ConnectAndTakeTicketAsync(listener, tls, store);

        ConformancePair second = await ConnectPairAsync(listener, o => o with { Tls = tls });

        // An engine may ask more than once in a handshake, as early data needs an answer sooner than the rest.
        Assert.IsGreaterThanOrEqualTo(2, serverPolicy.Questions.Count);
        Assert.IsGreaterThanOrEqualTo(2, clientPolicy.Questions.Count);
        Assert.IsFalse(serverPolicy.Questions[0].IsResumption);
        Assert.AreEqual(second.Client.IsResumed, serverPolicy.Questions[^1].IsResumption);
        Assert.AreEqual(second.Server.IsResumed, clientPolicy.Questions[^1].IsResumption);
        CollectionAssert.AreEqual(Certificates.Server.Certificate.RawData, serverPolicy.Questions[^1].Chain[0]);
        CollectionAssert.AreEqual(Certificates.Client.Certificate.RawData, clientPolicy.Questions[^1].Chain[0]);
    }

    [TestMethod]
    public async Task Resumption_ServersPolicyRefusesNow_IsRejected()
    {
        var store = new NotifyingTicketStore();
        bool refuse = false;
        var policy = new RecordingPolicy(_ => Volatile.Read(ref refuse)
            ? PeerCertificateVerdict.Refused(CertificateRefusal.Revoked, "revoked meanwhile") : PeerCertificateVerdict.Accepted);
        ClientTlsOptions tls = ClientTls(Certificates.Client, store: store);
        TransportListener listener = await ListenAsync(Listening(MutualTls(policy: policy)));
        await ConnectAndTakeTicketAsync(listener, tls, store);
        Volatile.Write(ref refuse, true);

        await ServerRejectsAsync(listener, tls);
    }

    [TestMethod]
    public async Task Resumption_ClientsPolicyRefusesNow_IsRejected()
    {
        var store = new NotifyingTicketStore();
        bool refuse = false;
        var policy = new RecordingPolicy(_ => Volatile.Read(ref refuse)
            ? PeerCertificateVerdict.Refused(CertificateRefusal.Revoked, "revoked meanwhile") : PeerCertificateVerdict.Accepted);
        ClientTlsOptions tls = ClientTls(policy: policy, store: store);
        TransportListener listener = await ListenAsync();
        await ConnectAndTakeTicketAsync(listener, tls, store);
        Volatile.Write(ref refuse, true);

        await ConnectFailsAsync(TransportError.CertificateRejected, Connecting(listener.LocalEndPoint, tls));
    }

    private async Task ConnectAndTakeTicketAsync(TransportListener listener, ClientTlsOptions tls, NotifyingTicketStore store)
    {
        ConformancePair pair = await ConnectPairAsync(listener, o => o with { Tls = tls });
        Assert.IsFalse(pair.Client.IsResumed);
        if (Can(EngineCapabilities.Resumption))
        {
            await store.WaitForTicketAsync();
        }

        await pair.Client.DisposeAsync().WithTimeout();
        await pair.Server.Closed.WithTimeout();
    }
}
