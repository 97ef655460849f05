using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Net.Testing;
using KestrelCertificateMode = Microsoft.AspNetCore.Server.Kestrel.Https.ClientCertificateMode;

namespace Net.UnitTests.Kestrel;

/// <summary>What UseHttps says, in both its forms, holds for QUIC handshakes: certificates, their exchange, client certificates.</summary>
[TestClass]
public sealed class TlsTests
{
    [TestMethod]
    [DataRow(KestrelCertificateMode.RequireCertificate)]
    [DataRow(KestrelCertificateMode.AllowCertificate)]
    public async Task ClientCertificate_ThatIsShown_IsInHttpContext(KestrelCertificateMode mode)
    {
        await using MemorySite site = await StartAsync(listen => listen.UseHttps(Https(mode, AcceptOurs)));
        await using Http3Peer peer = await site.ConnectAsync(TestCertificates.Shared.Client);

        Assert.AreEqual("CN=client", (await peer.GetAsync("/who")).Text);
    }

    [TestMethod]
    public async Task ClientCertificate_AllowedAndNotShown_LetsTheClientIn()
    {
        await using MemorySite site = await StartAsync(static listen => listen.UseHttps(Https(KestrelCertificateMode.AllowCertificate, AcceptOurs)));
        await using Http3Peer peer = await site.ConnectAsync();

        Assert.AreEqual("nobody", (await peer.GetAsync("/who")).Text);
    }

    [TestMethod]
    public async Task ClientCertificate_RequiredAndNotShown_RefusesTheHandshake()
    {
        await using MemorySite site = await StartAsync(static listen => listen.UseHttps(Https(KestrelCertificateMode.RequireCertificate, AcceptOurs)));

        await AssertRefusedAsync(site, null);
    }

    [TestMethod]
    [DataRow(KestrelCertificateMode.RequireCertificate)]
    [DataRow(KestrelCertificateMode.AllowCertificate)]
    public async Task ClientCertificate_ThatTheCallbackRefuses_RefusesTheHandshake(KestrelCertificateMode mode)
    {
        await using MemorySite site = await StartAsync(listen => listen.UseHttps(Https(mode, AcceptOurs)));

        await AssertRefusedAsync(site, TestCertificates.Shared.OtherAuthorityClient);
    }

    [TestMethod]
    public async Task ClientCertificate_WithoutACallback_NeedsAChainThatTheMachineTrusts()
    {
        await using MemorySite site = await StartAsync(static listen => listen.UseHttps(Https(KestrelCertificateMode.RequireCertificate, null)));

        await AssertRefusedAsync(site, TestCertificates.Shared.Client);
    }

    [TestMethod]
    public async Task Revocation_ThatNeedsANetwork_RefusesTheClientAndSaysSo()
    {
        await using MemorySite site = await StartAsync(static listen =>
        {
            HttpsConnectionAdapterOptions https = Https(KestrelCertificateMode.RequireCertificate, AcceptOurs);
            https.CheckCertificateRevocation = true;
            listen.UseHttps(https);
        });

        await Assert.ThrowsAsync<TransportException>(() => site.ConnectAsync("h3", TestCertificates.Shared.Client));

        Assert.IsTrue(site.Log.Entries.Any(static entry => entry.Id.Name == "TlsCallbackFailed" && entry.Exception is NotSupportedException));
    }

    [TestMethod]
    public async Task CallbackForm_Certificates_AreExchangedBetweenTwoConnections()
    {
        TlsIdentity[] identities = [TestCertificates.Shared.CreateServer(), TestCertificates.Shared.CreateServer()];
        int current = 0;
        List<string> names = [];
        await using MemorySite site = await StartAsync(listen => listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = handshake =>
            {
                names.Add($"{handshake.ClientHelloInfo.ServerName} {handshake.Connection.RemoteEndPoint is System.Net.IPEndPoint { Port: > 0 }} {(string?)handshake.State}");
                return ValueTask.FromResult(Options(identities[current]));
            },
            OnConnectionState = "state",
        }));

        TransportConnection first = await site.ConnectAsync("h3");
        current = 1;
        TransportConnection second = await site.ConnectAsync("h3");

        Assert.AreEqual(identities[0].Certificate.Thumbprint, first.PeerCertificate!.Thumbprint);
        Assert.AreEqual(identities[1].Certificate.Thumbprint, second.PeerCertificate!.Thumbprint);
        Assert.AreEqual("localhost True state, localhost True state", string.Join(", ", names));
        await first.DisposeAsync();
        await second.DisposeAsync();
    }

    [TestMethod]
    public async Task CallbackForm_ThatFailsOrWaits_RefusesThatClientAlone()
    {
        int calls = 0;
        await using MemorySite site = await StartAsync(listen => listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = async _ =>
            {
                if (Interlocked.Increment(ref calls) == 1)
                {
                    throw new InvalidOperationException("The callback of the test fails.");
                }

                await Task.Yield();
                return Options(TestCertificates.Shared.Server);
            },
        }));

        await Assert.ThrowsAsync<TransportException>(() => site.ConnectAsync("h3"));
        await using Http3Peer peer = await site.ConnectAsync();

        Assert.AreEqual("nobody", (await peer.GetAsync("/who")).Text);
        Assert.AreEqual(1, site.Log.Entries.Count(static entry => entry.Id.Name == "TlsCallbackFailed"));
        Assert.IsLessThanOrEqualTo(1, site.Log.Entries.Count(static entry => entry.Id.Name == "TlsCallbackWaits"));
    }

    private static bool AcceptOurs(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors) => certificate.Issuer == TestCertificates.Shared.Intermediate.Subject;

    private static HttpsConnectionAdapterOptions Https(KestrelCertificateMode mode, Func<X509Certificate2, X509Chain?, SslPolicyErrors, bool>? validation)
    {
        HttpsConnectionAdapterOptions https = MemorySite.Https;
        https.ClientCertificateMode = mode;
        https.ClientCertificateValidation = validation;
        return https;
    }

    private static SslServerAuthenticationOptions Options(TlsIdentity identity) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(identity.Certificate, [.. identity.Intermediates], offline: true),
    };

    private static Task<MemorySite> StartAsync(Action<Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions> https) => MemorySite.StartAsync(
        static application => application.MapGet("/who", static context => context.Response.WriteAsync(context.Connection.ClientCertificate?.Subject ?? "nobody")), https: https);

    private static async Task AssertRefusedAsync(MemorySite site, TlsIdentity? identity)
    {
        TransportException refusal = await Assert.ThrowsAsync<TransportException>(() => site.ConnectAsync("h3", identity));
        Assert.AreEqual(TransportError.CertificateRejected, refusal.Error);
    }
}
