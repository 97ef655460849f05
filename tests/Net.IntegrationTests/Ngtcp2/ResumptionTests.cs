using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Resumed sessions, and who may resume them.</summary>
[TestClass]
public sealed class ResumptionTests : Ngtcp2Test
{
    [TestMethod]
    [DataRow("127.0.0.1", QuicVersion.Version1)]
    [DataRow("::1", QuicVersion.Version1)]
    [DataRow("127.0.0.1", QuicVersion.Version2)]
    [DataRow("::1", QuicVersion.Version2)]
    public async Task Connect_WithATicket_ResumesAgainAndAgain(string address, QuicVersion version)
    {
        Ngtcp2Engine engine = NewEngine();
        var policy = new SwitchablePolicy();
        EchoServer server = await ListenAsync(engine, ListenOn(address, MutualServerTls with { ClientCertificatePolicy = policy }) with { Versions = [version] });
        var store = new WatchedTicketStore();
        var tls = new ClientTlsOptions { ServerCertificatePolicy = Trust, Identity = TestCertificates.Shared.Client, TicketStore = store };
        for (int visit = 0; visit < 4; visit++)
        {
            var (client, accepted) = await ConnectAsync(engine, server, o => o with { Tls = tls, Versions = [version] });
            await Echo.RoundTripAsync(client, "a visit");
            Assert.AreEqual(visit > 0, client.IsResumed);
            Assert.AreEqual(visit > 0, accepted.IsResumed);
            Assert.AreEqual(visit, store.TicketsTaken, "Each ticket is used once.");
            Assert.AreEqual(visit, policy.Resumptions, "The policy judges resumed clients too.");
            Assert.AreEqual(TestCertificates.Shared.Client.Certificate.Thumbprint, accepted.PeerCertificate!.Thumbprint);
            Assert.AreEqual(TestCertificates.Shared.Server.Certificate.Thumbprint, client.PeerCertificate!.Thumbprint);
            Assert.HasCount(2, accepted.PeerCertificateChain);
            await store.TicketAsync();
        }
    }

    [TestMethod]
    public async Task Connect_WithAStoreThatThrows_GoesOnAndLogsEachCall()
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn("127.0.0.1"));
        var (other, _) = await ConnectAsync(engine, server);
        var store = new ThrowingTicketStore();
        var (client, _) = await ConnectAsync(engine, server, o => o with { Tls = new ClientTlsOptions { ServerCertificatePolicy = Trust, TicketStore = store } });
        string[] members = [nameof(store.TakeTicket), nameof(store.TakeToken), nameof(store.AddTicket), nameof(store.AddToken)];
        foreach (string member in members)
        {
            await store.WaitForCallAsync(member);
        }

        await Echo.RoundTripAsync(client, "without a store");
        await Echo.RoundTripAsync(other, "on the same loop");
        LogEntry[] logged = [.. Log.Entries.Where(static e => e.Event == "TicketStoreFailed")];
        foreach (string member in members)
        {
            Assert.IsTrue(
                logged.Any(e => e.Text.StartsWith(member, StringComparison.Ordinal) && e.Exception is InvalidOperationException), $"Nothing tells of {member}: {string.Join(" | ", (object[])logged)}");
        }
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_WhenTheTrustOfTheServerWasNarrowed_IsRefusedOnBothSides(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        var policy = new SwitchablePolicy();
        EchoServer server = await ListenAsync(engine, ListenOn(address, MutualServerTls with { ClientCertificatePolicy = policy }));
        ConnectOptions options = await VisitAsync(engine, server, new SwitchablePolicy());
        policy.Verdict = PeerCertificateVerdict.Refused(CertificateRefusal.Revoked, "withdrawn");
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(options).WithTimeout());
        Assert.AreEqual(TransportError.CertificateRejected, failure.Error);
        Assert.AreEqual(0x100 + 44, failure.TransportErrorCode);
        Assert.AreEqual(1, policy.Resumptions);
        await AssertBothSidesLoggedAsync("withdrawn", "certificate_revoked (44)");
        await Waiting.Until(() => server.State is { Connections: 0, Handshakes: 0 });
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_WhenTheTrustOfTheClientWasNarrowed_IsRefusedOnBothSides(string address)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        var policy = new SwitchablePolicy();
        ConnectOptions options = await VisitAsync(engine, server, policy);
        policy.Verdict = PeerCertificateVerdict.Refused(CertificateRefusal.NotAllowed, "no longer ours");
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(options).WithTimeout());
        Assert.AreEqual(TransportError.CertificateRejected, failure.Error);
        Assert.AreEqual(0x100 + 49, failure.TransportErrorCode);
        Assert.Contains("no longer ours", failure.Message);
        await Waiting.Until(() => server.State is { Connections: 0, Handshakes: 0 });
        await AssertBothSidesLoggedAsync("no longer ours", "access_denied (49)");
    }

    [TestMethod]
    [DataRow("127.0.0.1", 1)]
    [DataRow("::1", 1)]
    [DataRow("127.0.0.1", 0)]
    [DataRow("::1", 0)]
    public async Task Connect_WithAnotherIdentity_NeverOffersTheTicketOfTheFirst(string address, long generationOfTheSecond)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address, MutualServerTls));
        var store = new WatchedTicketStore();
        TlsIdentity first = TestCertificates.Shared.CreateClient(0, "first");
        TlsIdentity second = TestCertificates.Shared.CreateClient(generationOfTheSecond, "second");

        // A resumed session speaks for whoever got its ticket: with it the second identity would act as the first.
        foreach (TlsIdentity identity in (TlsIdentity[])[first, second, first, second])
        {
            var tls = new ClientTlsOptions { ServerCertificatePolicy = Trust, Identity = identity, TicketStore = store };
            var (client, accepted) = await ConnectAsync(engine, server, o => o with { Tls = tls });
            await Echo.RoundTripAsync(client, identity.Certificate.Subject);
            Assert.AreEqual(identity.Certificate.Subject, accepted.PeerCertificate!.Subject);
            Assert.AreEqual(identity.Generation, client.IdentityGeneration);
            await store.TicketAsync();
        }
    }

    private async Task<ConnectOptions> VisitAsync(Ngtcp2Engine engine, EchoServer server, PeerCertificatePolicy policy)
    {
        var store = new WatchedTicketStore();
        var tls = new ClientTlsOptions { ServerCertificatePolicy = policy, Identity = TestCertificates.Shared.Client, TicketStore = store };
        var (client, accepted) = await ConnectAsync(engine, server, o => o with { Tls = tls });
        await Echo.RoundTripAsync(client, "first visit");
        await store.TicketAsync();
        await client.CloseAsync(0).WithTimeout();
        await accepted.Closed.WithTimeout();
        return ConnectTo(server.EndPoint, tls);
    }

    // A server tells its client and counts the end before it logs.
    private async Task AssertBothSidesLoggedAsync(string ownWords, string alertName)
    {
        await Waiting.Until(() => Log.Entries.Count(static e => e.Event == "CertificateRejected") >= 2, "both sides log the refusal");
        LogEntry[] rejected = Log.Entries.Where(static e => e.Event == "CertificateRejected").ToArray();
        Assert.HasCount(2, rejected);
        Assert.HasCount(1, rejected.Where(e => e.Text.Contains(ownWords, StringComparison.Ordinal)));
        Assert.HasCount(1, rejected.Where(e => e.Text.Contains(alertName, StringComparison.Ordinal) && e.Text.Contains("peer sent", StringComparison.Ordinal)));
    }
}
