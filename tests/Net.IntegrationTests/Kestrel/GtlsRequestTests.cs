using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Setup;
using Net.Server;
using Net.Server.Kestrel;

namespace Net.IntegrationTests.Kestrel;

/// <summary>ngtcp2's own HTTP/3 client against Kestrel on our engine. It exits with 0 even when it failed, so that the files it downloaded are looked at.</summary>
[TestClass]
[TestCategory("Interop")]
public sealed class GtlsRequestTests : IDisposable
{
    private static InteropCertificates s_certificates = null!;
    private static byte[] s_body = null!;
    private readonly TemporaryDirectory _files = new();

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        GtlsPeer.ClientProgram();
        s_certificates = await InteropCertificates.MakeAsync();
        s_body = RandomNumberGenerator.GetBytes(10_000_019);
    }

    [ClassCleanup]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    public void Dispose() => _files.Dispose();

    [TestMethod]
    public async Task Get_AMinimalApi_GivesItsBytes()
    {
        await using KestrelSite site = await StartAsync(static _ => { });

        string output = await GtlsPeer.RunClientAsync(site.Port, "/file", _files.Path, "-q");

        AssertDownloaded("file", s_body, output);
    }

    [TestMethod]
    public async Task ClientCertificate_Required_IsAskedForAndJudged()
    {
        await using KestrelSite site = await StartAsync(static options =>
        {
            options.ClientCertificateMode = ClientCertificateMode.Required;
            options.ClientCertificatePolicy = s_certificates.Trust;
        });

        string output = await GtlsPeer.RunClientAsync(site.Port, "/file", _files.Path, "-q", $"--cert={s_certificates.PathOf("client")}", $"--key={s_certificates.KeyPathOf("client")}");
        AssertDownloaded("file", s_body, output);
        File.Delete(_files.Combine("file"));

        await GtlsPeer.RunClientAsync(site.Port, "/file", _files.Path, "-q");
        Assert.IsFalse(File.Exists(_files.Combine("file")) && new FileInfo(_files.Combine("file")).Length > 0, "a client without a certificate was served");
    }

    [TestMethod]
    public async Task EarlyData_ThatTheServerAllows_IsServedAfterTheHandshakeOnly()
    {
        var tls = new ServerTlsOptions { Identity = s_certificates.Identity("server"), AllowEarlyData = true };
        bool[] completed = new bool[2];
        int requests = 0;
        await using KestrelSite site = await KestrelSite.StartAsync(
            s_certificates,
            application => application.MapGet("/file", context =>
            {
                completed[requests++] = context.Features.Get<ITransportConnectionFeature>()!.Connection.HandshakeCompletion.IsCompletedSuccessfully;
                return context.Response.Body.WriteAsync(s_body).AsTask();
            }),
            options =>
            {
                options.Identity = null;
                options.Tls = (in ClientHello _) => tls;
            });
        string session = $"--session-file={_files.Combine("session")}";
        string parameters = $"--tp-file={_files.Combine("parameters")}";

        await GtlsPeer.RunClientAsync(site.Port, "/file", _files.Path, session, parameters, "--wait-for-ticket", "-q");
        File.Delete(_files.Combine("file"));
        string output = await GtlsPeer.RunClientAsync(site.Port, "/file", _files.Path, session, parameters);

        Assert.DoesNotContain("Early data was rejected", output);
        AssertDownloaded("file", s_body, output);
        Assert.IsTrue(completed[0] && completed[1], "a request was served that could still have been an attacker's repetition");
    }

    [TestMethod]
    public async Task Stop_AfterARequest_LeavesNoConnection()
    {
        KestrelSite site = await StartAsync(static _ => { });
        await using (site)
        {
            await GtlsPeer.RunClientAsync(site.Port, "/file", _files.Path, "-q");
            await site.StopAsync();
        }

        Assert.IsEmpty(site.Status.Connections);
    }

    private static Task<KestrelSite> StartAsync(Action<NetHostingOptions> configure) => KestrelSite.StartAsync(
        s_certificates, static application => application.MapGet("/file", static () => Results.Bytes(s_body)), configure);

    private void AssertDownloaded(string name, byte[] expected, string output)
    {
        string path = _files.Combine(name);
        Assert.IsTrue(File.Exists(path), output);
        byte[] actual = File.ReadAllBytes(path);
        CollectionAssert.AreEqual(SHA256.HashData(expected), SHA256.HashData(actual), $"{actual.Length} of {expected.Length} bytes came, or other ones.\n{output}");
    }
}
