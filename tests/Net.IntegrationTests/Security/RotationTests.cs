using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Net.Client;
using Net.Security;
using Net.Testing;

namespace Net.IntegrationTests.Security;

/// <summary>Certificates, trust and revocation lists that change on disk under a server and its clients. The subclasses name the engine.</summary>
public abstract class RotationTests : IAsyncDisposable
{
    private TransportEngine _engine = null!;
    private RotationSite _site = null!;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void Start()
    {
        _engine = CreateEngine();
        if (!_engine.Support.IsSupported)
        {
            // libmsquic is nobody's duty to have; the other engine's libraries are set up before the tests.
            if (_engine.Name != "msquic")
            {
                Setup.SetupRequirement.Missing(_engine.Support.Reason ?? "");
            }

            Assert.Inconclusive(_engine.Support.Reason ?? "");
        }

        _site = new RotationSite(_engine);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }

        await _engine.DisposeAsync();
    }

    [TestMethod]
    public async Task Rotation_OfBothSidesAgainAndAgain_ShowsTheNewSerialInEveryHandshakeAndKeepsEveryStream()
    {
        await _site.StartAsync();
        var streams = new List<RawStream>();
        for (int round = 1; round <= 5; round++)
        {
            TransportConnection connection = await _site.ConnectAsync();
            Assert.AreEqual(_site.Server.Current.Identities[0].Certificate.SerialNumber, connection.PeerCertificate!.SerialNumber);
            Assert.AreEqual(_site.Client.Current.Identities[0].Generation, connection.IdentityGeneration);
            RawStream stream = _site.Own(await RotationSite.OpenEchoAsync(connection));
            await RotationSite.EchoAsync(stream, $"opened in round {round}");
            streams.Add(stream);

            X509Certificate2 server = _site.Authority.IssueServer();
            await RotationSite.ChangeAsync(_site.Server, () => _site.Files.ReplacePair("server", server));
            X509Certificate2 client = _site.Authority.IssueClient();
            await RotationSite.ChangeAsync(_site.Client, () => _site.Files.ReplacePair("client", client));
            Assert.AreEqual(server.SerialNumber, (await _site.ConnectAsync()).PeerCertificate!.SerialNumber);

            foreach (RawStream old in streams)
            {
                await RotationSite.EchoAsync(old, $"still there after rotation {round}");
            }
        }
    }

    [TestMethod]
    public async Task Rotation_BadPairs_AreRefusedAndHandshakesGoOnWithTheOldOne()
    {
        await _site.StartAsync();
        X509Certificate2 first = _site.Server.Current.Identities[0].Certificate;
        X509Certificate2 other = _site.Authority.IssueServer();
        string pem = CertificateDirectory.Pem(other);
        (string Text, CertificateFault Fault)[] bad =
        [
            (pem, CertificateFault.KeyMismatch),
            (pem[..(pem.Length / 2)], CertificateFault.Malformed),
            (CertificateDirectory.Pem(_site.Authority.IssueServer(DateTimeOffset.UtcNow.AddDays(-1))), CertificateFault.KeyMismatch),
        ];
        foreach ((string text, CertificateFault fault) in bad)
        {
            CertificateSourceException refusal = await RotationSite.RefuseAsync(_site.Server, () => File.WriteAllText(_site.Files["server.pem"], text));
            Assert.AreEqual(fault, refusal.Fault, refusal.Message);
            Assert.AreEqual(first.SerialNumber, (await _site.ConnectAsync()).PeerCertificate!.SerialNumber);
        }

        X509Certificate2 expired = _site.Authority.IssueServer(DateTimeOffset.UtcNow.AddDays(-1));
        Assert.AreEqual(CertificateFault.Expired, (await RotationSite.RefuseAsync(_site.Server, () => _site.Files.ReplacePair("server", expired))).Fault);
        Assert.AreEqual(first.SerialNumber, (await _site.ConnectAsync()).PeerCertificate!.SerialNumber);

        await RotationSite.ChangeAsync(_site.Server, () => _site.Files.ReplacePair("server", other));
        Assert.AreEqual(other.SerialNumber, (await _site.ConnectAsync()).PeerCertificate!.SerialNumber);
    }

    [TestMethod]
    public async Task RollOver_OfTheAuthorityInThreeSteps_LosesNoStreamAndEndsWithTheOldOneRefused()
    {
        await _site.StartAsync(static options => options with { RevocationListFiles = [] });
        var next = new TestAuthority("Next root");
        ClientTlsOptions old = _site.Client.Client.Current;

        // One: both sides trust both roots. Two: both sides show certificates of the new one. Three: nobody trusts the old one.
        _site.Files.Replace("ca.pem", _site.Authority.Pem + next.Pem);
        await BothTakeAsync();
        RawStream during = _site.Own(await RotationSite.OpenEchoAsync(await _site.ConnectAsync()));
        _site.Files.ReplacePair("server", next.IssueServer());
        _site.Files.ReplacePair("client", next.IssueClient());
        await BothTakeAsync();
        RawStream renewed = _site.Own(await RotationSite.OpenEchoAsync(await _site.ConnectAsync()));
        await RotationSite.EchoAsync(during, "between the steps");
        _site.Files.Replace("ca.crl", TestAuthority.ListPem(next.CreateList(1, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddDays(1))));
        _site.Files.Replace("ca.pem", next.Pem);
        await BothTakeAsync();

        await RotationSite.EchoAsync(renewed, "after the last step");
        ClientTlsOptions stranger = new() { Identity = old.Identity, ServerCertificatePolicy = _site.Client.Client.Current.ServerCertificatePolicy };
        await RefusedAsync(stranger, _site.Handled);
        ClientTlsOptions unaware = new() { Identity = _site.Client.Current.Identities[0], ServerCertificatePolicy = new CertificateTrust([_site.Authority.Certificate]) };
        await RefusedAsync(unaware, _site.Handled);

        async Task BothTakeAsync()
        {
            foreach (CertificateSource source in (CertificateSource[])[_site.Server, _site.Client])
            {
                CertificateReload reload = await source.ReloadAsync().WithTimeout();
                Assert.AreNotEqual(ReloadOutcome.Refused, reload.Outcome, reload.Refusal?.Message);
            }
        }
    }

    [TestMethod]
    public async Task Revocation_OfAClient_CutsItsConnectionAndItsTicketsAndNobodyElse()
    {
        await _site.StartAsync();
        X509Certificate2 good = _site.Authority.IssueClient("good");
        TransportConnection revoked = await _site.ConnectAsync();
        TransportConnection other = await _site.ConnectAsync(new ClientTlsOptions { Identity = new TlsIdentity(good), ServerCertificatePolicy = _site.Client.Current.Trust! });
        RawStream stream = _site.Own(await RotationSite.OpenEchoAsync(other));
        await RotationSite.EchoAsync(_site.Own(await RotationSite.OpenEchoAsync(revoked)), "before");
        await RotationSite.EchoAsync(stream, "before");
        if (_engine.Capabilities.HasFlag(EngineCapabilities.Resumption))
        {
            await _site.Tickets.TicketAsync();
        }

        ClientTlsOptions before = _site.Client.Client.Current;
        long started = Stopwatch.GetTimestamp();
        _site.Files.Replace("ca.crl", TestAuthority.ListPem(_site.List(2, before.Identity!.Certificate)));
        ConnectionClose close = await revoked.Closed.WithTimeout(awaited: "the end of the revoked client's connection");
        TestContext.WriteLine($"closed {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms after the list was written");

        Assert.AreEqual(RawStreamErrorCodes.Untrusted, close.ApplicationErrorCode, close.ToString());
        int handled = _site.Handled;
        await RefusedAsync(before, handled);
        await RotationSite.EchoAsync(stream, "after");
    }

    [TestMethod]
    public async Task Revocation_OfTheServer_CutsTheClientsConnectionThatItGaveToItsGuard()
    {
        await _site.StartAsync();
        TransportConnection connection = await _site.ConnectAsync();
        using IDisposable watch = _site.Client.Client.Guard!.Watch(connection, RawStreamErrorCodes.Untrusted);
        Assert.IsFalse(connection.Closed.IsCompleted);

        _site.Files.Replace("ca.crl", TestAuthority.ListPem(_site.List(2, _site.Server.Current.Identities[0].Certificate)));

        ConnectionClose close = await connection.Closed.WithTimeout(awaited: "the end of the connection to the revoked server");
        Assert.AreEqual(CloseInitiator.Local, close.Initiator);
        await Assert.ThrowsExactlyAsync<TransportException>(() => _site.ConnectAsync());
    }

    [TestMethod]
    public async Task Guard_ConnectionToAnAddress_IsJudgedByTheAddress()
    {
        await _site.StartAsync();
        X509Certificate2 elsewhere = _site.Authority.Issue("server", TestAuthority.ServerUsage, ["localhost"]);
        TransportConnection connection = await _site.ConnectAsync(serverName: "127.0.0.1");
        using IDisposable watch = _site.Client.Client.Guard!.Watch(connection, RawStreamErrorCodes.Untrusted);

        // A handshake carries no address, so that it is not the server name.
        Assert.IsNull(connection.ServerName);
        Assert.AreEqual("127.0.0.1", connection.CertificateName);
        await RotationSite.EchoAsync(_site.Own(await RotationSite.OpenEchoAsync(connection)), "still open");
        Assert.IsFalse(connection.Closed.IsCompleted);
        Assert.AreEqual(CertificateRefusal.NameMismatch, _site.Client.Current.Trust!.Evaluate(new PeerCertificateContext
        {
            Chain = [elsewhere.RawDataMemory], IsServerCertificate = true, ServerName = connection.CertificateName, Now = DateTimeOffset.UtcNow,
        }).Refusal);
    }

    [TestMethod]
    public async Task Expiry_InMidConnection_CutsAfterTheGrace()
    {
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await _site.StartAsync(options => options with { ExpiryGrace = TimeSpan.FromMinutes(1), TimeProvider = time, PollInterval = TimeSpan.FromHours(1) });
        X509Certificate2 brief = _site.Authority.IssueClient("brief", time.GetUtcNow().AddHours(1));
        TransportConnection connection = await _site.ConnectAsync(new ClientTlsOptions { Identity = new TlsIdentity(brief), ServerCertificatePolicy = _site.Client.Current.Trust! });
        RawStream stream = _site.Own(await RotationSite.OpenEchoAsync(connection));
        await RotationSite.EchoAsync(stream, "before its end");
        time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(30));
        await RotationSite.EchoAsync(stream, "in its grace");

        time.Advance(TimeSpan.FromSeconds(31));

        ConnectionClose close = await connection.Closed.WithTimeout(awaited: "the end of the connection whose certificate ended");
        Assert.AreEqual(RawStreamErrorCodes.Untrusted, close.ApplicationErrorCode, close.ToString());
    }

    [TestMethod]
    public async Task Names_SeveralIdentities_ShowEachItsOwn()
    {
        X509Certificate2 shop = _site.Authority.Issue("shop", TestAuthority.ServerUsage, ["*.shop.example"]);
        _site.Files.ReplacePair("shop", shop);
        await _site.StartAsync(options => options with { Identities = [.. options.Identities, _site.Pair("shop")], RefuseUnknownNames = true });

        Assert.AreEqual(shop.SerialNumber, (await _site.ConnectAsync(serverName: "pay.shop.example")).PeerCertificate!.SerialNumber);
        Assert.AreNotEqual(shop.SerialNumber, (await _site.ConnectAsync(serverName: "localhost")).PeerCertificate!.SerialNumber);
        X509Certificate2 next = _site.Authority.Issue("shop", TestAuthority.ServerUsage, ["*.shop.example"]);
        await RotationSite.ChangeAsync(_site.Server, () => _site.Files.ReplacePair("shop", next));

        Assert.AreEqual(next.SerialNumber, (await _site.ConnectAsync(serverName: "pay.shop.example")).PeerCertificate!.SerialNumber);
    }

    [TestMethod]
    public async Task Tickets_OfTheOldIdentity_DoNotResumeAfterARotation()
    {
        if (!_engine.Capabilities.HasFlag(EngineCapabilities.Resumption))
        {
            Assert.Inconclusive($"The engine {_engine.Name} has no resumption.");
        }

        await _site.StartAsync();
        await RotationSite.EchoAsync(_site.Own(await RotationSite.OpenEchoAsync(await _site.ConnectAsync())), "first visit");
        await _site.Tickets.TicketAsync();
        Assert.IsTrue((await _site.ConnectAsync()).IsResumed, "The ticket is good.");
        await _site.Tickets.TicketAsync();

        X509Certificate2 next = _site.Authority.IssueServer();
        await RotationSite.ChangeAsync(_site.Server, () => _site.Files.ReplacePair("server", next));
        int taken = _site.Tickets.TicketsTaken;
        TransportConnection connection = await _site.ConnectAsync();

        Assert.AreEqual(taken + 1, _site.Tickets.TicketsTaken, "The client offered its ticket.");
        Assert.IsFalse(connection.IsResumed);
        Assert.AreEqual(next.SerialNumber, connection.PeerCertificate!.SerialNumber);
    }

    public static IEnumerable<object[]> Negatives =>
    [
        ["none", false, "Missing"], ["self-signed", false, "UnknownAuthority"], ["self-signed", true, "UnknownAuthority"],
        ["wrong authority", false, "UnknownAuthority"], ["wrong authority", true, "UnknownAuthority"], ["wrong usage", false, "WrongUsage"], ["wrong usage", true, "WrongUsage"],
        ["wrong name", false, "NotAllowed"], ["wrong name", true, "NameMismatch"], ["expired", false, "Expired"], ["expired", true, "Expired"],
        ["not yet valid", false, "NotYetValid"], ["not yet valid", true, "NotYetValid"], ["name constraint", false, "UnknownAuthority"], ["name constraint", true, "UnknownAuthority"],
        ["common name only", false, "NotAllowed"], ["common name only", true, "NameMismatch"],
    ];

    /// <summary>Nine of the twelve ways to be wrong; a key that does not fit never gets as far (its own test), nor do another protocol and another name.</summary>
    [TestMethod]
    [DynamicData(nameof(Negatives))]
    public async Task MutualTls_WrongCertificate_IsRefusedByOneSideToldToTheOtherAndReachesNoHandler(string kind, bool isServersFault, string refusal)
    {
        var judged = new RecordedVerdicts();
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

        string told = await RefusedAsync(client, 0);

        TestContext.WriteLine($"{kind}: the judge says '{string.Join(" | ", judged.Refusals)}', the other side '{told}'");
        if (kind != "none")
        {
            (string side, PeerCertificateVerdict verdict) = judged.Refusals.Single();
            Assert.AreEqual(isServersFault ? "client" : "server", side);
            Assert.AreEqual(refusal, verdict.Refusal.ToString(), verdict.Detail);
            Assert.IsGreaterThan(40, verdict.Detail!.Length);
        }
        else
        {
            Assert.IsEmpty(judged.Refusals, "There was nothing to judge.");
        }

        Assert.AreEqual(0, _site.Handled);
    }

    [TestMethod]
    public async Task MutualTls_OtherProtocolOrUnknownName_IsRefusedAndReachesNoHandler()
    {
        await _site.StartAsync(static options => options with { RefuseUnknownNames = true });

        TransportException protocol = await Assert.ThrowsExactlyAsync<TransportException>(() => _site.ConnectAsync(protocol: "other/1"));
        TransportException name = await Assert.ThrowsExactlyAsync<TransportException>(() => _site.ConnectAsync(serverName: "stranger.example"));

        TestContext.WriteLine($"ALPN: {protocol.Message}\nSNI: {name.Message}");
        Assert.AreEqual(TransportError.ConnectFailed, protocol.Error);
        Assert.AreNotEqual(protocol.Message, name.Message);
        Assert.AreEqual(0, _site.Handled);
    }

    [TestMethod]
    public void MutualTls_KeyOfAnotherCertificate_NeverGetsAsFarAsAHandshake()
    {
        _site.Files.Replace("client.pem", CertificateDirectory.Pem(_site.Authority.IssueClient()));

        CertificateSourceException exception = Assert.ThrowsExactly<CertificateSourceException>(() => CertificateSource.FromFiles(_site.Files["client.pem"], _site.Files["client-key.pem"], _site.Files["ca.pem"]));

        Assert.AreEqual(CertificateFault.KeyMismatch, exception.Fault);
    }

    protected abstract TransportEngine CreateEngine();

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

    /// <summary>Connecting must be refused, at once or (where the engine does not wait for the server's verdict) a moment later, and no stream may reach a handler.</summary>
    private async Task<string> RefusedAsync(ClientTlsOptions tls, int handled)
    {
        try
        {
            TransportConnection connection = await _site.ConnectAsync(tls);
            Assert.IsFalse(_engine.Capabilities.HasFlag(EngineCapabilities.ConfirmedConnect), "The connect should have failed.");
            ConnectionClose close = await connection.Closed.WithTimeout(awaited: "the refusal");
            Assert.AreEqual(handled, _site.Handled);
            return close.Reason;
        }
        catch (TransportException exception)
        {
            Assert.AreEqual(TransportError.CertificateRejected, exception.Error, exception.Message);
            Assert.AreEqual(handled, _site.Handled);
            return exception.Message;
        }
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
}
