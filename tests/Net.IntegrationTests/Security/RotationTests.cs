using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Net.Client;
using Net.IntegrationTests.Ngtcp2;
using Net.Security;
using Net.Testing;

namespace Net.IntegrationTests.Security;

/// <summary>Certificates, trust and revocation lists that change on disk under a server and its clients. The subclasses name the engine.</summary>
public abstract partial class RotationTests : IAsyncDisposable
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
    public async Task Trust_RootTakenOut_CutsWhatRestsOnItWithinFiveSecondsAndItsTickets()
    {
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow);
        var leaving = new TestAuthority("Leaving root");
        _site.Files.Replace("trust.pem", _site.Authority.Pem + leaving.Pem);
        await _site.StartAsync(options => options with { TrustFiles = [_site.Files["trust.pem"]], TimeProvider = time });
        var tickets = new WatchedTicketStore();
        ClientTlsOptions below = new() { Identity = new TlsIdentity(leaving.IssueClient()), ServerCertificatePolicy = _site.Client.Current.Trust!, TicketStore = tickets };
        bool canResume = _engine.Capabilities.HasFlag(EngineCapabilities.Resumption);
        TransportConnection first = await _site.ConnectAsync(below);
        await RotationSite.EchoAsync(_site.Own(await RotationSite.OpenEchoAsync(first)), "before");
        if (canResume)
        {
            await tickets.TicketAsync();
        }

        TransportConnection second = await _site.ConnectAsync(below);
        await RotationSite.EchoAsync(_site.Own(await RotationSite.OpenEchoAsync(second)), "before");
        Assert.AreEqual(canResume, second.IsResumed, "The ticket is good until then.");
        TransportConnection other = await _site.ConnectAsync();
        RawStream stream = _site.Own(await RotationSite.OpenEchoAsync(other));
        await RotationSite.EchoAsync(stream, "before");
        if (canResume)
        {
            await tickets.TicketAsync();
        }

        int taken = tickets.TicketsTaken;
        DateTimeOffset changed = time.GetUtcNow();
        _site.Files.Replace("trust.pem", _site.Authority.Pem);
        while (_site.Server.Current.Generation == 1)
        {
            Assert.IsLessThan(TimeSpan.FromSeconds(5), time.GetUtcNow() - changed, "The source did not take the new trust in time.");
            await RotationSite.LookAsync(_site.Server, time);
        }

        // The clock stands: nothing but the new trust can end them.
        foreach (TransportConnection connection in (TransportConnection[])[first, second])
        {
            ConnectionClose close = await connection.Closed.WithTimeout(awaited: "the end of a connection that rested on the root");
            Assert.AreEqual(RawStreamErrorCodes.Untrusted, close.ApplicationErrorCode, close.ToString());
        }

        await RefusedAsync(below, _site.Handled);
        Assert.AreEqual(canResume ? taken + 1 : taken, tickets.TicketsTaken, "The client offered its ticket.");
        await RotationSite.EchoAsync(stream, "after");
        Assert.IsFalse(other.Closed.IsCompleted);
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

    protected abstract TransportEngine CreateEngine();

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
}
