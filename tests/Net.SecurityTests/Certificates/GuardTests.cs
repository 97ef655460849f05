using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.Certificates;

/// <summary>Open connections whose peer loses its trust, in virtual time.</summary>
[TestClass]
public sealed class GuardTests : CertificateSourceTest
{
    private readonly ConcurrentDictionary<string, PeerCertificateVerdict> _closed = [];

    private DateTimeOffset Now => Time.GetUtcNow();

    [TestMethod]
    public async Task Trust_Narrowed_ClosesThePeersThatRestedOnItAtOnceAndNoOthers()
    {
        var next = new TestAuthority("Next root");
        Files.Replace("ca.pem", Authority.Pem + next.Pem);
        CertificateSource source = Open();
        using IDisposable old = Watch(source, Authority.IssueClient("old"));
        using IDisposable renewed = Watch(source, next.IssueClient("renewed"));
        Files.Replace("ca.pem", next.Pem);

        await ReloadIsAppliedAsync(source);

        Assert.AreEqual("old", _closed.Keys.Single());
        Assert.AreEqual(CertificateRefusal.UnknownAuthority, _closed["old"].Refusal);
        Assert.AreEqual(1, source.WatchedPeers);
        Assert.AreEqual(1, Log.Count("PeerDistrusted"));
    }

    [TestMethod]
    public async Task Certificate_RevokedOnDisk_ClosesItsConnectionsWithinFiveSeconds()
    {
        X509Certificate2 client = Authority.IssueClient("revoked");
        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(1, Now, Now.AddDays(7))));
        CertificateSource source = Open(Options with { RevocationListFiles = [Files["ca.crl"]] });
        using IDisposable first = Watch(source, client, "first");
        using IDisposable second = Watch(source, client, "second");
        using IDisposable other = Watch(source, Authority.IssueClient("other"));
        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(2, Now, Now.AddDays(7), client)));
        DateTimeOffset written = Now;

        while (_closed.Count < 2)
        {
            await LookAsync(source);
            Assert.IsTrue(Now - written <= TimeSpan.FromSeconds(5), "Five seconds are over.");
        }

        CollectionAssert.AreEquivalent((string[])["first", "second"], _closed.Keys.ToArray());
        Assert.IsTrue(_closed.Values.All(static verdict => verdict.Refusal == CertificateRefusal.Revoked));
    }

    [TestMethod]
    public void Certificate_ThatEndsInMidConnection_IsCutAfterTheGraceAndNotBefore()
    {
        CertificateSource source = Open(Options with { ExpiryGrace = TimeSpan.FromSeconds(30) });
        using IDisposable brief = Watch(source, Authority.IssueClient("brief", notAfter: Now.AddSeconds(60)));
        using IDisposable longer = Watch(source, Authority.IssueClient("longer", notAfter: Now.AddSeconds(120)));

        Time.Advance(TimeSpan.FromSeconds(89));
        Assert.IsEmpty(_closed);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual("brief", _closed.Keys.Single());
        Assert.AreEqual(CertificateRefusal.Expired, _closed["brief"].Refusal);
        Time.Advance(TimeSpan.FromSeconds(60));

        Assert.HasCount(2, _closed);
        Assert.AreEqual(0, source.WatchedPeers);
    }

    [TestMethod]
    public async Task Trust_ChangedWhileAPeerIsInItsGrace_CutsItOnlyForAnotherReason()
    {
        var next = new TestAuthority("Next root");

        // No look of its own falls into the test, which would take the change before the reload does.
        CertificateSource source = Open(Options with { ExpiryGrace = TimeSpan.FromHours(1), PollInterval = TimeSpan.FromHours(1) });
        using IDisposable brief = Watch(source, Authority.IssueClient("brief", notAfter: Now.AddSeconds(60)));
        Time.Advance(TimeSpan.FromMinutes(10));
        Files.Replace("ca.pem", Authority.Pem + next.Pem);
        await ReloadIsAppliedAsync(source);
        Assert.IsEmpty(_closed);

        Files.Replace("ca.pem", next.Pem);
        await ReloadIsAppliedAsync(source);

        Assert.AreEqual(CertificateRefusal.UnknownAuthority, _closed["brief"].Refusal);
    }

    [TestMethod]
    public void ExpiryGrace_Infinite_NeverCuts()
    {
        CertificateSource source = Open(Options with { ExpiryGrace = Timeout.InfiniteTimeSpan, PollInterval = TimeSpan.FromMinutes(1) });
        using IDisposable brief = Watch(source, Authority.IssueClient("brief", notAfter: Now.AddSeconds(60)));

        Time.Advance(TimeSpan.FromHours(2));

        Assert.IsEmpty(_closed);
    }

    [TestMethod]
    public async Task Watch_AfterTheTrustWasNarrowed_ClosesWhatTheHandshakeStillLetIn()
    {
        X509Certificate2 client = Authority.IssueClient("late");
        CertificateSource source = Open();
        Assert.IsTrue(Judge(source, client).IsAccepted, "As the handshake judged it.");
        Files.Replace("ca.pem", new TestAuthority("Next root").Pem);
        await ReloadIsAppliedAsync(source);

        using IDisposable late = Watch(source, client);

        Assert.AreEqual(CertificateRefusal.UnknownAuthority, _closed["late"].Refusal);
        Assert.AreEqual(0, source.WatchedPeers);
    }

    [TestMethod]
    public async Task Watch_AndNarrowAtOnce_LeavesNobodyIn()
    {
        // Whichever comes first, the peer is judged by the new trust: by the watch or by the sweep.
        for (int round = 0; round < 20; round++)
        {
            _closed.Clear();
            Files.Replace("ca.pem", Authority.Pem);
            CertificateSource source = Open();
            X509Certificate2[] clients = [.. Enumerable.Range(0, 4).Select(i => Authority.IssueClient($"c{i}"))];
            Files.Replace("ca.pem", new TestAuthority("Next root").Pem);
            Task<CertificateReload> reload = Task.Run(() => source.ReloadAsync());
            IDisposable[] watches = await Task.WhenAll(clients.Select((client, i) => Task.Run(() => Watch(source, client, $"c{i}")))).WithTimeout();
            await reload.WithTimeout();

            Assert.HasCount(clients.Length, _closed);
            Assert.AreEqual(0, source.WatchedPeers);
            Array.ForEach(watches, static watch => watch.Dispose());
        }
    }

    [TestMethod]
    public async Task Watch_DisposedWithItsConnection_IsForgottenAndNotClosed()
    {
        CertificateSource source = Open();
        Watch(source, Authority.IssueClient("gone")).Dispose();
        Assert.AreEqual(0, source.WatchedPeers);
        Files.Replace("ca.pem", new TestAuthority("Next root").Pem);

        await ReloadIsAppliedAsync(source);

        Assert.IsEmpty(_closed);
    }

    [TestMethod]
    public async Task Close_ThatThrows_DoesNotSaveTheOthers()
    {
        CertificateSource source = Open();
        using IDisposable broken = source.Guard.Watch(Peer(Authority.IssueClient("broken"), static _ => throw new InvalidOperationException("no such connection")));
        using IDisposable other = Watch(source, Authority.IssueClient("other"));
        Files.Replace("ca.pem", new TestAuthority("Next root").Pem);

        await ReloadIsAppliedAsync(source);

        Assert.IsTrue(_closed.ContainsKey("other"));
        Assert.AreEqual(1, Log.Count("HandlerFailed"));
    }

    [TestMethod]
    public void List_Overdue_LeavesOpenConnectionsAlone()
    {
        Files.Replace("ca.crl", TestAuthority.ListPem(Authority.CreateList(1, Now, Now.AddMinutes(1))));
        CertificateSource source = Open(Options with { RevocationListFiles = [Files["ca.crl"]] });
        Time.Advance(TimeSpan.FromMinutes(2));
        X509Certificate2 client = Authority.IssueClient("client");
        Assert.AreEqual(CertificateRefusal.RevocationUnknown, Judge(source, client).Refusal);

        using IDisposable watch = Watch(source, client);

        Assert.IsEmpty(_closed);
    }

    private IDisposable Watch(CertificateSource source, X509Certificate2 client, string? name = null) =>
        source.Guard.Watch(Peer(client, verdict => Assert.IsTrue(_closed.TryAdd(name ?? client.GetNameInfo(X509NameType.SimpleName, false), verdict), "Closed twice.")));

    private static GuardedPeer Peer(X509Certificate2 client, Action<PeerCertificateVerdict> close) => new() { Chain = [client.RawDataMemory], IsServerCertificate = false, Close = close };
}
