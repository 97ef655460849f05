using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Net.Security;
using Net.Testing;

namespace Net.IntegrationTests.Security;

/// <content>The twelve ways to be wrong in mutual TLS.</content>
public abstract partial class RotationTests
{
    /// <summary>Whether the engine chooses by itself what the other side is told, and may tell it nothing: System.Net.Quic has no way to name an alert.</summary>
    private bool ChoosesAlerts => _engine.Name == "msquic";

    // What is wrong, with whom, the verdict, what the side that refuses says (and says of nothing else), and the alert that the other side gets (RFC 8446, section 6.2).
    public static IEnumerable<object[]> Negatives =>
    [
        ["none", false, "Missing", "sent no certificate", "116"],
        ["self-signed", false, "UnknownAuthority", "is self-signed and no trusted root", "48"], ["self-signed", true, "UnknownAuthority", "is self-signed and no trusted root", "48"],
        ["wrong authority", false, "UnknownAuthority", "issued by 'CN=Stranger', does not lead to a trusted root", "48"],
        ["wrong authority", true, "UnknownAuthority", "issued by 'CN=Stranger', does not lead to a trusted root", "48"],
        ["wrong usage", false, "WrongUsage", "does not allow clientAuth", "43"], ["wrong usage", true, "WrongUsage", "does not allow serverAuth", "43"],
        ["wrong name", false, "NotAllowed", "with the names elsewhere.example matches no entry of PeerRules", "49"],
        ["wrong name", true, "NameMismatch", "its subject alternative names are: elsewhere.example", "42"],
        ["expired", false, "Expired", "was valid until", "45"], ["expired", true, "Expired", "was valid until", "45"],
        ["not yet valid", false, "NotYetValid", "is valid only from", "45"], ["not yet valid", true, "NotYetValid", "is valid only from", "45"],
        ["name constraint", false, "UnknownAuthority", "may not issue (name constraints)", "48"], ["name constraint", true, "UnknownAuthority", "may not issue (name constraints)", "48"],
        ["common name only", false, "NotAllowed", "a common name never counts", "49"], ["common name only", true, "NameMismatch", "a common name never counts", "42"],
    ];

    /// <summary>Nine of the twelve ways to be wrong; a key that does not fit never gets as far (its own test), nor do another protocol and another name.</summary>
    [TestMethod]
    [DynamicData(nameof(Negatives))]
    public async Task MutualTls_WrongCertificate_IsRefusedByOneSideToldToTheOtherAndReachesNoHandler(string kind, bool isServersFault, string refusal, string words, string alert)
    {
        var judged = new RecordedVerdicts();
        using var servers = new FailedHandshakes(_engine.Name);
        ServerTlsOptions? wrong = null;
        await _site.StartAsync(
            static options => options with { Peers = new PeerRules { AllowedNames = ["client"] } },
            (in ClientHello hello) => wrong ?? _site.Server.ServerSelector(hello));
        TlsIdentity? bad = MakeBad(kind, isServersFault);
        ServerTlsOptions good = _site.Server.ServerSelector(new ClientHello(null, _site.EndPoint))!;
        wrong = good with { Identity = isServersFault ? bad! : good.Identity, ClientCertificatePolicy = judged.Wrap("server", good.ClientCertificatePolicy!) };
        ClientTlsOptions client = new()
        {
            Identity = isServersFault ? _site.Client.Current.Identities[0] : bad,
            ServerCertificatePolicy = judged.Wrap("client", _site.Client.Current.Trust!),
        };

        string clientSays = await RefusedAsync(client, 0);
        string serverSays = isServersFault && ChoosesAlerts ? "" : await servers.NextAsync();

        TestContext.WriteLine($"{kind}: the client says '{clientSays}', the server '{serverSays}'");
        if (kind != "none")
        {
            (string side, PeerCertificateVerdict verdict) = judged.Refusals.Single();
            Assert.AreEqual(isServersFault ? "client" : "server", side);
            Assert.AreEqual(refusal, verdict.Refusal.ToString(), verdict.Detail);
        }
        else
        {
            Assert.IsEmpty(judged.Refusals, "There was nothing to judge.");
        }

        string refuser = isServersFault ? clientSays : serverSays;
        Assert.Contains(words, refuser);
        string[] others = [.. Negatives.Where(row => (string)row[0] != kind).Select(static row => (string)row[3]).Where(other => refuser.Contains(other, StringComparison.Ordinal))];
        Assert.IsEmpty(others, $"The message is that of something else, too: {refuser}");
        if (!ChoosesAlerts)
        {
            Assert.MatchesRegex($@"alert [a-z_]* \({alert}\)", isServersFault ? serverSays : clientSays);
        }

        Assert.AreEqual(0, _site.Handled);
    }

    [TestMethod]
    public async Task MutualTls_OtherProtocolOrUnknownName_IsRefusedByNameOnBothSidesAndReachesNoHandler()
    {
        await _site.StartAsync(static options => options with { RefuseUnknownNames = true });
        using var servers = new FailedHandshakes(_engine.Name);

        TransportException protocol = await Assert.ThrowsExactlyAsync<TransportException>(() => _site.ConnectAsync(protocol: "other/1"));
        string serverOfProtocol = ChoosesAlerts ? "" : await servers.NextAsync();
        TransportException name = await Assert.ThrowsExactlyAsync<TransportException>(() => _site.ConnectAsync(serverName: "stranger.example"));
        string serverOfName = await servers.NextAsync();

        TestContext.WriteLine($"ALPN: {protocol.Message} | {serverOfProtocol}\nSNI: {name.Message} | {serverOfName}");
        Assert.AreEqual(TransportError.ConnectFailed, protocol.Error);
        Assert.Contains("'stranger.example'", serverOfName);
        Assert.AreNotEqual(protocol.Message, name.Message);
        if (!ChoosesAlerts)
        {
            Assert.Contains("no_application_protocol", protocol.Message);
            Assert.Contains("offered none of the protocols", serverOfProtocol);
            Assert.AreEqual(TransportError.ConnectFailed, name.Error);
            Assert.Contains("unrecognized_name", name.Message);
        }

        Assert.AreEqual(0, _site.Handled);
    }

    [TestMethod]
    public void MutualTls_KeyOfAnotherCertificate_NeverGetsAsFarAsAHandshake()
    {
        _site.Files.Replace("client.pem", CertificateDirectory.Pem(_site.Authority.IssueClient()));

        CertificateSourceException exception = Assert.ThrowsExactly<CertificateSourceException>(() => CertificateSource.FromFiles(_site.Files["client.pem"], _site.Files["client-key.pem"], _site.Files["ca.pem"]));

        Assert.AreEqual(CertificateFault.KeyMismatch, exception.Fault);
        Assert.Contains("does not belong to the first certificate of", exception.Message);
    }

    private TlsIdentity? MakeBad(string kind, bool isServer)
    {
        string usage = isServer ? TestAuthority.ServerUsage : TestAuthority.ClientUsage;
        string[] names = isServer ? ["localhost", "127.0.0.1"] : ["client"];
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return kind switch
        {
            "none" => null,
            "self-signed" => new TlsIdentity(TestAuthority.SelfSigned(usage, names)),
            "wrong authority" => new TlsIdentity(new TestAuthority("Stranger").Issue("x", usage, names)),
            "wrong usage" => new TlsIdentity(_site.Authority.Issue("x", isServer ? TestAuthority.ClientUsage : TestAuthority.ServerUsage, names)),
            "wrong name" => new TlsIdentity(_site.Authority.Issue("x", usage, ["elsewhere.example"])),
            "expired" => new TlsIdentity(_site.Authority.Issue("x", usage, names, notAfter: now.AddMinutes(-1))),
            "not yet valid" => new TlsIdentity(_site.Authority.Issue("x", usage, names, notBefore: now.AddDays(1))),
            "name constraint" => MakeConstrained(usage, names),
            _ => new TlsIdentity(_site.Authority.Issue(names[0], usage, [])),
        };
    }

    /// <summary>A leaf of an intermediate that may only issue names under good.example.</summary>
    private TlsIdentity MakeConstrained(string usage, string[] names)
    {
        TestAuthority constrained = _site.Authority.CreateIntermediate("Constrained", permittedDnsSuffix: "good.example");
        return new TlsIdentity(constrained.Issue("x", usage, names), [constrained.Certificate]);
    }

    /// <summary>Keeps what policies refused.</summary>
    private sealed class RecordedVerdicts
    {
        internal ConcurrentQueue<(string Side, PeerCertificateVerdict Verdict)> Refusals { get; } = [];

        internal PeerCertificatePolicy Wrap(string side, PeerCertificatePolicy inner) => new Recorder(this, side, inner);

        private sealed class Recorder(RecordedVerdicts owner, string side, PeerCertificatePolicy inner) : PeerCertificatePolicy
        {
            public override long Generation => inner.Generation;

            public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context)
            {
                PeerCertificateVerdict verdict = inner.Evaluate(context);
                if (!verdict.IsAccepted)
                {
                    owner.Refusals.Enqueue((side, verdict));
                }

                return verdict;
            }
        }
    }

    /// <summary>What servers of an engine say of handshakes that failed, as their spans tell it.</summary>
    private sealed class FailedHandshakes : IDisposable
    {
        private readonly Channel<string> _reasons = Channel.CreateUnbounded<string>();
        private readonly ActivityListener _listener;

        internal FailedHandshakes(string engine)
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = static source => source.Name == TransportDiagnostics.SourceName,
                Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = span =>
                {
                    if (span is { OperationName: "transport.handshake", Status: ActivityStatusCode.Error }
                        && (string?)span.GetTagItem("transport.role") == "server" && (string?)span.GetTagItem("transport.engine") == engine)
                    {
                        _reasons.Writer.TryWrite(span.StatusDescription ?? "");
                    }
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        internal Task<string> NextAsync() => _reasons.Reader.ReadAsync().AsTask().WithTimeout(awaited: "the server's word on the handshake");

        public void Dispose() => _listener.Dispose();
    }
}
