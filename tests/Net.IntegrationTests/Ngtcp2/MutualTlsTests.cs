using System.Collections.Concurrent;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

[TestClass]
public sealed class MutualTlsTests : Ngtcp2Test
{
    private static readonly Dictionary<TestKeyKind, Lazy<TestCertificates>> Certificates = Enum.GetValues<TestKeyKind>().ToDictionary(
        static kind => kind, static kind => new Lazy<TestCertificates>(() => kind == TestKeyKind.P256 ? TestCertificates.Shared : new TestCertificates(kind)));

    public static IEnumerable<object[]> ModesAndKinds =>
        from address in (string[])["127.0.0.1", "::1"]
        from kind in Enum.GetValues<TestKeyKind>()
        from mode in Enum.GetValues<ClientCertificateMode>()
        from shows in (bool[])[true, false]
        where shows || mode != ClientCertificateMode.Required
        select new object[] { address, kind, mode, shows };

    [TestMethod]
    [DynamicData(nameof(ModesAndKinds))]
    public async Task Connect_InEachModeAndWithEachKindOfKey_HandsTheWholeChainToThePolicy(
        string address, TestKeyKind kind, ClientCertificateMode mode, bool clientShows)
    {
        TestCertificates certificates = Certificates[kind].Value;
        var trust = new CertificateTrust(certificates.Roots);
        var serverPolicy = new ChainPolicy(trust);
        var clientPolicy = new ChainPolicy(trust);
        var engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address, new ServerTlsOptions
        {
            Identity = certificates.Server,
            ClientCertificateMode = mode,
            ClientCertificatePolicy = mode == ClientCertificateMode.None ? null : serverPolicy,
        }));
        var tls = new ClientTlsOptions { ServerCertificatePolicy = clientPolicy, Identity = clientShows ? certificates.Client : null };
        var (client, accepted) = await ConnectAsync(engine, server, o => o with { Tls = tls });
        await Echo.RoundTripAsync(client, "mutual TLS");

        AssertChain(certificates.Server, client);
        Assert.AreEqual(1, clientPolicy.Chains.Count);
        Assert.AreEqual(2, clientPolicy.Chains.Single().Count, "The server showed its leaf and the intermediate.");
        if (clientShows && mode != ClientCertificateMode.None)
        {
            AssertChain(certificates.Client, accepted);
            Assert.AreEqual(2, serverPolicy.Chains.Single().Count, "The client showed its leaf and the intermediate.");
        }
        else
        {
            Assert.IsNull(accepted.PeerCertificate);
            Assert.IsEmpty(accepted.PeerCertificateChain);
            Assert.IsEmpty(serverPolicy.Chains, "There was nothing to judge.");
        }
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_WithoutTheRequiredCertificate_IsRefusedOnBothSidesAsMissing(string address)
    {
        var engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn(address, MutualServerTls));
        ConnectOptions options = ConnectTo(server.EndPoint) with { Tls = new ClientTlsOptions { ServerCertificatePolicy = Trust } };
        TransportException failure = await AssertRefusedAsync(engine, server, options, 0x174, "certificate_required (116)");
        Assert.IsFalse(failure.IsSafeToRetry);
        await AssertLoggedAsync("the client sent no certificate");
    }

    public static IEnumerable<object[]> Refusals =>
        from address in (string[])["127.0.0.1", "::1"]
        from refusal in ((CertificateRefusal, string)[])
        [
            (CertificateRefusal.UnknownAuthority, "unknown_ca (48)"),
            (CertificateRefusal.Expired, "certificate_expired (45)"),
            (CertificateRefusal.NotYetValid, "certificate_expired (45)"),
            (CertificateRefusal.NameMismatch, "bad_certificate (42)"),
            (CertificateRefusal.WrongUsage, "unsupported_certificate (43)"),
            (CertificateRefusal.Revoked, "certificate_revoked (44)"),
            (CertificateRefusal.Malformed, "bad_certificate (42)"),
            (CertificateRefusal.NotAllowed, "access_denied (49)"),
        ]
        select new object[] { address, refusal.Item1, refusal.Item2 };

    [TestMethod]
    [DynamicData(nameof(Refusals))]
    public async Task Connect_WhenTheServersPolicyRefuses_TellsTheClientWhy(string address, CertificateRefusal refusal, string alertName)
    {
        var engine = NewEngine();
        var policy = new SwitchablePolicy { Verdict = PeerCertificateVerdict.Refused(refusal, "words for this side only") };
        EchoServer server = await ListenAsync(engine, ListenOn(address, MutualServerTls with { ClientCertificatePolicy = policy }));
        TransportException failure = await AssertRefusedAsync(engine, server, ConnectTo(server.EndPoint), 0x100 + policy.Verdict.Alert, alertName);
        Assert.DoesNotContain("words for this side only", failure.Message);
        await AssertLoggedAsync("words for this side only");
    }

    [TestMethod]
    [DynamicData(nameof(Refusals))]
    public async Task Connect_WhenTheClientsPolicyRefuses_TellsTheServerWhy(string address, CertificateRefusal refusal, string alertName)
    {
        var engine = NewEngine();
        var policy = new SwitchablePolicy { Verdict = PeerCertificateVerdict.Refused(refusal, "words for this side only") };
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        ConnectOptions options = ConnectTo(server.EndPoint) with { Tls = new ClientTlsOptions { ServerCertificatePolicy = policy } };
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(options).WithTimeout());
        Assert.AreEqual(TransportError.CertificateRejected, failure.Error);
        Assert.AreEqual(0x100 + policy.Verdict.Alert, failure.TransportErrorCode);
        Assert.Contains("words for this side only", failure.Message);
        await AssertForgottenAsync(server);
        await AssertLoggedAsync(alertName);
    }

    [TestMethod]
    public async Task Connect_WhenThePolicyThrows_IsRefusedAndTheServerGoesOn()
    {
        var engine = NewEngine();
        var policy = new SwitchablePolicy { Failure = new InvalidOperationException("the list could not be read") };
        EchoServer server = await ListenAsync(engine, ListenOn("127.0.0.1", MutualServerTls with { ClientCertificatePolicy = policy }));
        await AssertRefusedAsync(engine, server, ConnectTo(server.EndPoint), 0x100 + 49, "access_denied (49)");
        await AssertLoggedAsync("the list could not be read");
        policy.Failure = null;
        var (client, _) = await ConnectAsync(engine, server);
        await Echo.RoundTripAsync(client, "the next client");
    }

    [TestMethod]
    public async Task Connect_WhenTheSelectorThrows_FailsAndTheServerGoesOn()
    {
        var engine = NewEngine();
        Exception? failure = null;
        EchoServer server = await ListenAsync(engine, ListenOn("127.0.0.1") with { Tls = (in ClientHello _) => failure is { } thrown ? throw thrown : PlainServerTls });
        var (other, _) = await ConnectAsync(engine, server);
        failure = new InvalidOperationException("the options could not be read");
        var refusal = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(ConnectTo(server.EndPoint)).WithTimeout());
        Assert.AreEqual(TransportError.ConnectFailed, refusal.Error);
        Assert.AreEqual(0x100 + 80, refusal.TransportErrorCode);
        Assert.Contains("internal_error (80)", refusal.Message);
        Assert.DoesNotContain(failure.Message, refusal.Message);
        await Waiting.Until(() => server.State.Handshakes == 0);
        Assert.AreSame(failure, Log.Entries.Single(static e => e.Event == "HandshakeCallbackFailed").Exception);
        failure = null;
        await Echo.RoundTripAsync(other, "a client from before");
        var (client, _) = await ConnectAsync(engine, server);
        await Echo.RoundTripAsync(client, "the next client");
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Connect_WithAChainThatLacksItsIntermediate_IsRefusedUnlessTheTrustHasIt(string address)
    {
        var bare = new TlsIdentity(TestCertificates.Shared.Client.Certificate);
        var engine = NewEngine();
        EchoServer strict = await ListenAsync(engine, ListenOn(address, MutualServerTls));
        var tls = new ClientTlsOptions { ServerCertificatePolicy = Trust, Identity = bare };
        await AssertRefusedAsync(engine, strict, ConnectTo(strict.EndPoint, tls), 0x100 + 48, "unknown_ca (48)");

        var knowing = new CertificateTrust([TestCertificates.Shared.Root], new CertificateTrustOptions { Intermediates = [TestCertificates.Shared.Intermediate] });
        EchoServer lenient = await ListenAsync(engine, ListenOn(address, MutualServerTls with { ClientCertificatePolicy = knowing }));
        var (client, accepted) = await ConnectAsync(engine, lenient, o => o with { Tls = tls });
        await Echo.RoundTripAsync(client, "known intermediate");
        Assert.HasCount(1, accepted.PeerCertificateChain);
    }

    [TestMethod]
    public async Task Connect_WithNamesChosenPerHandshake_GetsTheCertificateOfItsName()
    {
        var other = new TestCertificates();
        var engine = NewEngine();
        var byName = new Dictionary<string, ServerTlsOptions> { ["localhost"] = PlainServerTls, ["other.example"] = new() { Identity = other.Server } };
        var asked = new ConcurrentQueue<string?>();
        EchoServer server = await ListenAsync(engine, ListenOn("127.0.0.1") with
        {
            Tls = (in ClientHello hello) =>
            {
                asked.Enqueue(hello.ServerName);
                return byName.GetValueOrDefault(hello.ServerName ?? "");
            },
        });
        var trustAll = new ClientTlsOptions { ServerCertificatePolicy = new SwitchablePolicy() };
        var (first, _) = await ConnectAsync(engine, server, o => o with { ServerName = "localhost", Tls = trustAll });
        var (second, accepted) = await ConnectAsync(engine, server, o => o with { ServerName = "other.example", Tls = trustAll });
        Assert.AreEqual(TestCertificates.Shared.Server.Certificate.Thumbprint, first.PeerCertificate!.Thumbprint);
        Assert.AreEqual(other.Server.Certificate.Thumbprint, second.PeerCertificate!.Thumbprint);
        Assert.AreEqual("other.example", accepted.ServerName);

        ConnectOptions stranger = ConnectTo(server.EndPoint, trustAll) with { ServerName = "stranger.example" };
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(stranger).WithTimeout());
        Assert.AreEqual(TransportError.ConnectFailed, failure.Error);
        Assert.AreEqual(0x100 + 112, failure.TransportErrorCode);
        Assert.Contains("unrecognized_name (112)", failure.Message);
        CollectionAssert.AreEqual((string[])["localhost", "other.example", "stranger.example"], asked.ToArray());
    }

    private static async Task<TransportException> AssertRefusedAsync(
        Ngtcp2Engine engine, EchoServer server, ConnectOptions options, long code, string alertName)
    {
        var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(options).WithTimeout());
        Assert.AreEqual(TransportError.CertificateRejected, failure.Error);
        Assert.AreEqual(code, failure.TransportErrorCode);
        Assert.Contains(alertName, failure.Message);
        await AssertForgottenAsync(server);
        return failure;
    }

    private static async Task AssertForgottenAsync(EchoServer server)
    {
        await Waiting.Until(() => server.State is { Connections: 0, Handshakes: 0 });
        Assert.AreEqual(0, server.Streams);
    }

    // Both sides log here, one line each. A server tells its client and counts the end before it logs.
    private async Task AssertLoggedAsync(string text)
    {
        await Waiting.Until(() => Log.Entries.Count(static e => e.Event == "CertificateRejected") >= 2, "both sides log the refusal");
        LogEntry[] rejected = Log.Entries.Where(static e => e.Event == "CertificateRejected").ToArray();
        Assert.HasCount(2, rejected, $"Both sides report the refusal: {string.Join(" | ", Log.Entries)}");
        Assert.IsTrue(rejected.Any(e => e.Text.Contains(text, StringComparison.Ordinal)), $"Nobody logged '{text}': {string.Join(" | ", (object[])rejected)}");
    }

    private static void AssertChain(TlsIdentity shown, TransportConnection seenBy)
    {
        Assert.AreEqual(shown.Certificate.Thumbprint, seenBy.PeerCertificate!.Thumbprint);
        Assert.HasCount(2, seenBy.PeerCertificateChain);
        Assert.IsTrue(shown.Certificate.RawDataMemory.Span.SequenceEqual(seenBy.PeerCertificateChain[0].Span));
        Assert.IsTrue(shown.Intermediates[0].RawDataMemory.Span.SequenceEqual(seenBy.PeerCertificateChain[1].Span));
    }

    private sealed class ChainPolicy(PeerCertificatePolicy inner) : PeerCertificatePolicy
    {
        public ConcurrentBag<IReadOnlyList<ReadOnlyMemory<byte>>> Chains { get; } = [];

        public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context)
        {
            Chains.Add(context.Chain);
            return inner.Evaluate(context);
        }
    }
}
